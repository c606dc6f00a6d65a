"""Reading the tables: every kind of broken cell, row, file and key gets one line that says where and how to mend it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from explorer import folders, learning, records
from explorer.dataset import load_dataset
from explorer.errors import DataError
from explorer.schema import LONGEST_CELL, read_descriptor
from explorer.validate import check

RECORDS = {
    "regions": records.Region,
    "families": records.Family,
    "structures": records.Structure,
    "structure_names": records.OtherName,
    "muscle_anatomy": records.AnatomyFact,
    "trigger_points": records.TriggerPoint,
    "areas": records.Area,
    "grades": records.Grade,
    "patterns": records.Pattern,
    "pattern_areas": records.PatternArea,
    "references": records.Reference,
    "evidence": records.Evidence,
    "area_shapes": records.AreaShape,
    "area_shape_points": records.ShapePoint,
    "pattern_shapes": records.PatternShape,
    "pattern_shape_points": records.ShapePoint,
    "bones": records.Bone,
    "red_flags": records.RedFlag,
    "look_alikes": records.LookAlike,
    "claims": learning.Claim,
    "claim_sources": learning.ClaimSource,
    "convergence": learning.Convergence,
    "glossary": learning.Word,
    "learn_pages": learning.LearnPage,
    "statements": learning.Statement,
    "headache_features": learning.HeadacheFeature,
    "test_figures": learning.TestFigure,
    "features": records.Feature,
    "drawing_studies": records.DrawingStudy,
    "press_cautions": records.PressCaution,
    "texts": records.Text,
}


@pytest.mark.parametrize("table", RECORDS)
def test_records_have_the_columns_of_the_descriptor(table):
    columns = read_descriptor(folders.DATA).tables[table].columns
    fields = tuple(field.name for field in dataclasses.fields(RECORDS[table]))
    assert fields[: len(columns)] == columns


def test_every_table_of_the_descriptor_is_there_and_no_other():
    tables = read_descriptor(folders.DATA).tables.values()
    assert {table.path for table in tables} == {path.name for path in folders.DATA.glob("*.csv")}


def test_records_cannot_be_changed(data):
    pattern = next(iter(data.patterns.values()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        pattern.grade = "A"
    with pytest.raises(TypeError):
        data.patterns["new"] = pattern


def edit(folder: Path, table: str, line: int, column: str, value: str) -> None:
    """Set one cell of a table (line as in the file, 1 is the header)."""
    import csv

    path = folder / f"{table}.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[line - 1][rows[0].index(column)] = value
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


BROKEN_CELLS = [
    ("structures", "family", "sternocleidomastoidd", "did you mean 'sternocleidomastoid'"),
    ("structures", "kind", "musle", "did you mean 'muscle'"),
    ("structures", "id", "Upper Trap", "does not have the form"),
    ("structures", "variant", "yes", "allowed: true, false"),
    ("structures", "fma", "12a", "is not a integer"),
    ("structures", "name", "", "a value is required"),
    ("structures", "name", " Splenius", "space"),
    ("trigger_points", "along", "1.5", "above the greatest allowed value 1"),
    ("trigger_points", "along", "nan", "is not a number"),
    ("trigger_points", "depth", "-0.1", "below the least allowed value 0"),
    ("patterns", "reviewed_on", "22.11.2026", "is not a date"),
    ("patterns", "grade", "F", "is not known"),
    ("patterns", "plain", "a\u202eb", "control characters"),
    ("patterns", "plain", "x" * (LONGEST_CELL + 1), "at most"),
    ("pattern_areas", "area_id", "temple_mids", "did you mean 'temple_mid'"),
    ("references", "doi", "doi:10.1/x", "does not have the form"),
]


@pytest.mark.parametrize(("table", "column", "value", "told"), BROKEN_CELLS)
def test_a_broken_cell_is_named_with_file_line_and_column(tables, table, column, value, told):
    edit(tables, table, 3, column, value)
    with pytest.raises(DataError) as caught:
        load_dataset(tables)
    message = str(caught.value)
    assert f"{table}.csv:3:{column}" in message
    assert told in message
    assert "\n" not in message
    assert len(message) < 500


def test_the_checker_collects_all_faults(tables):
    edit(tables, "structures", 2, "kind", "x")
    edit(tables, "structures", 4, "family", "y")
    edit(tables, "patterns", 2, "grade", "Z")
    faults = check(tables)
    for place in ("structures.csv:2:kind", "structures.csv:4:family", "patterns.csv:2:grade"):
        assert any(fault.startswith(place) for fault in faults)


def test_a_repeated_key_is_named(tables):
    path = tables / "regions.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    assert any("repeats the key" in fault and "of line 2" in fault for fault in check(tables))


def test_a_missing_column_and_a_missing_cell_are_named(tables):
    path = tables / "regions.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(["id,name", *lines[1:]]) + "\n", encoding="utf-8")
    (tables / "families.csv").write_text("id,name,plain\nonly,two\n", encoding="utf-8")
    faults = check(tables)
    assert "regions.csv:1: the columns are not those of datapackage.json (missing: plain)" in faults
    assert any(fault.startswith("families.csv:2: 2 cells, 3 are expected") for fault in faults)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff\xfe\x00i", "not UTF-8"),
        (b'id,name,plain\na,"b,c\n', "not a CSV table"),
        (b"", "missing: id, name, plain"),
        (b"id,name,plain\na\x00,b,c\n", "regions.csv"),
    ],
)
def test_a_file_that_is_no_table_gets_one_line(tables, content, told):
    (tables / "regions.csv").write_bytes(content)
    with pytest.raises(DataError, match="regions") as caught:
        load_dataset(tables)
    assert told in str(caught.value)


def test_a_missing_file_and_a_missing_folder_are_named(tables, tmp_path):
    (tables / "grades.csv").unlink()
    with pytest.raises(DataError, match=r"grades\.csv: the file is missing"):
        load_dataset(tables)
    with pytest.raises(DataError, match="no datapackage"):
        load_dataset(tmp_path / "nowhere")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"resources": 5}', "not json"])
def test_a_broken_descriptor_gets_one_line(tables, content):
    (tables / "datapackage.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="not a data package descriptor"):
        load_dataset(tables)


def test_the_descriptor_keeps_to_the_table_schema():
    content = json.loads((folders.DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert content["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    names = {resource["name"] for resource in content["resources"]}
    for resource in content["resources"]:
        schema = resource["schema"]
        columns = [field["name"] for field in schema["fields"]]
        assert len(columns) == len(set(columns))
        assert set(schema["primaryKey"]) <= set(columns)
        assert all(field["description"] for field in schema["fields"])
        assert {field["type"] for field in schema["fields"]} <= {"string", "integer", "number", "boolean", "date"}
        for key in schema["foreignKeys"]:
            assert set(key["fields"]) <= set(columns)
            assert key["reference"]["resource"] in names
