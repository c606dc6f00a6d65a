"""A user's own records beside ours: read, checked, painted, placed, marked as theirs; ours stay as they are."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from explorer import folders, load_atlas, painting_check
from explorer.additions import ADDABLE
from explorer.anatomy.canvas import place_in_muscle
from explorer.anatomy.meshio import load_mesh
from explorer.assets import Assets
from explorer.catalogue import catalogue
from explorer.cli import main
from explorer.errors import DataError
from explorer.pages import Pages
from explorer.schema import read_descriptor
from explorer.validate import check

EXAMPLE = Path(__file__).parent / "clinic"


@pytest.fixture(scope="module")
def both():
    return load_atlas(data=EXAMPLE)


@pytest.fixture
def clinic(tmp_path) -> Path:
    """A copy of the example that a test may break."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "clinic"))


def rewrite(folder: Path, table: str, change) -> None:
    """Change the rows (dicts) of a table."""
    path = folder / f"{table}.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    header = list(rows[0])
    rows = change(rows)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def cell(folder: Path, table: str, column: str, value: str) -> None:
    def change(rows):
        rows[0][column] = value
        return rows

    rewrite(folder, table, change)


def test_the_example_is_clean_and_stands_beside_ours(both, atlas, data):
    assert check(EXAMPLE) == []
    assert [p.id for p in both.dataset.patterns.values() if p.origin] == ["clinic:lev_middle"]
    assert all(p.origin is None for p in data.patterns.values())
    theirs = both["levator_scapulae"].patterns
    assert theirs[:-1] == atlas["levator_scapulae"].patterns
    assert theirs[-1].origin == "clinic"


def test_ours_is_painted_as_before_and_theirs_as_its_words_say(both, atlas):
    for pattern in ("lev_up", "trap_1"):
        for mine, before in zip(both.paint(pattern), atlas.paint(pattern), strict=True):
            assert np.array_equal(mine, before)
    core, spillover = both.paint("clinic:lev_middle", "left")
    assert core.max() == spillover.max() == 1.0
    assert painting_check.faults(both, "clinic:lev_middle") == []
    # the example borrows the strokes of lev_up, so its core is the same to the last kept step
    assert np.abs(core - atlas.paint("lev_up")[0]).max() <= 1 / 255 + 1e-9
    mirrored = both.paint("clinic:lev_middle", "right")[0]
    assert np.array_equal(mirrored, core[both.skin_mesh.values["mirror"].astype(int)])


def test_what_is_painted_is_kept_in_memory(both):
    assert both.pattern_weights is both.pattern_weights


def test_an_added_trigger_point_lies_in_its_muscle(both):
    place = np.array(both.trigger_point_places["clinic:lev_middle"])
    muscle = both.mesh("levator_scapulae", "left")
    _, distance, _ = muscle.nearest.on_surface([place])
    assert muscle.contains([place])[0] or distance[0] < 1.0


def test_places_in_built_muscles_are_those_of_the_build_to_about_a_centimetre(atlas):
    apart = []
    for point in atlas.dataset.trigger_points.values():
        shape = point.part_id or point.structure_id
        if point.id in atlas.trigger_point_places and shape in atlas.shape_ids("muscles"):
            muscle = load_mesh(atlas.meshes / "muscles" / f"{shape}.npz")
            place = place_in_muscle(muscle, point.along, point.across)
            apart.append(np.linalg.norm(place - atlas.trigger_point_places[point.id]))
    assert len(apart) > 80
    assert np.median(apart) < 5
    assert np.quantile(apart, 0.9) < 12


def test_they_take_part_in_a_match_and_are_marked_everywhere(both):
    found = {match.pattern for match in both.match([("neck_angle", "left")])}
    assert {"clinic:lev_middle", "lev_up"} <= found
    records = catalogue(both)["structures"]["levator_scapulae"]["patterns"]
    assert {record["id"]: record["origin"] for record in records}["clinic:lev_middle"] == "clinic"
    assert all(record["origin"] is None for record in records if ":" not in record["id"])
    page = Pages(both, "site.css").render("patterns")
    assert page.count("Added by clinic") == 1
    assert f"All {len(both.dataset.patterns) - 1} documented patterns" in page
    assert "1 more added by clinic." in page
    assert 'id="clinic:lev_middle"' in page
    assert "clinic:lev_middle/core" in both.pattern_weights
    assert len(Assets(both).paint.content) > 0


def test_a_structure_an_area_and_two_folders(clinic, tmp_path):
    """A structure without a shape and an area of their own, in a second folder with another namespace."""
    other = tmp_path / "praxis"
    other.mkdir()
    columns = {name: table.columns for name, table in read_descriptor(folders.DATA).tables.items()}

    def table(name: str, *rows: dict[str, str]) -> None:
        with open(other / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    with open(EXAMPLE / "patterns.csv", encoding="utf-8", newline="") as file:
        pattern = next(csv.DictReader(file))
    table("families", {"id": "praxis:band", "name": "Collar band", "plain": "Skin under a collar"})
    table(
        "structures",
        {"id": "praxis:band", "kind": "territory", "name": "Collar band", "plain": "Skin under a collar"}
        | {"family": "praxis:band", "region": "neck_back", "layer": "none", "pairing": "paired", "variant": "false"},
    )
    table(
        "areas",
        {"id": "praxis:edge", "name": "Collar edge", "plain": "Edge of the collar", "region": "neck", "place": "skin"}
        | {"landmark": "a hand below the ear", "below_crop": "false"},
    )
    table("area_shapes", {"id": "praxis:edge_1", "area_id": "praxis:edge", "kind": "stroke"})
    spot = {"point": "1", "landmark": "neck_shoulder_junction", "half_width_mm": "15"}
    table("area_shape_points", {"shape_id": "praxis:edge_1"} | spot)
    table(
        "patterns",
        pattern | {"id": "praxis:band_1", "structure_id": "praxis:band", "trigger_point_id": "", "grade": "D"},
    )
    table("pattern_areas", {"pattern_id": "praxis:band_1", "area_id": "praxis:edge", "role": "core", "side": "same"})
    shape = {
        "id": "praxis:band_1_core",
        "pattern_id": "praxis:band_1",
        "role": "core",
        "side": "same",
        "kind": "stroke",
    }
    table("pattern_shapes", shape)
    table("pattern_shape_points", {"shape_id": "praxis:band_1_core"} | spot)
    table(
        "evidence",
        {"id": "praxis:band_1_a", "pattern_id": "praxis:band_1", "reference_id": "sts1999", "locator": "not seen"}
        | {"method": "textbook", "finding": "Invented for a test", "stance": "supports"},
    )
    assert check(other) == []
    atlas = load_atlas(data=[clinic, other])
    assert {p.origin for p in atlas.dataset.patterns.values()} == {None, "clinic", "praxis"}
    assert atlas.paint_area("praxis:edge").max() > 0.9
    assert painting_check.faults(atlas, "praxis:band_1") == []
    assert atlas.match(["praxis:edge"])[0].pattern == "praxis:band_1"


BROKEN = [
    ("patterns", "id", "lev_middle", "has no namespace"),
    ("patterns", "id", "area:lev_middle", "kept for the program"),
    ("patterns", "id", "other:lev_middle", "use one in a folder"),
    ("patterns", "structure_id", "levator_scapula", "did you mean 'levator_scapulae'?"),
    ("patterns", "grade", "Z", "is not known"),
    ("pattern_areas", "pattern_id", "lev_up", "has no namespace"),
    ("evidence", "pattern_id", "trap_1", "has no namespace"),
    ("pattern_areas", "area_id", "neck_angel", "did you mean 'neck_angle'?"),
]


@pytest.mark.parametrize(("table", "column", "value", "told"), BROKEN)
def test_a_broken_cell_is_named_with_folder_file_line_and_column(clinic, table, column, value, told):
    cell(clinic, table, column, value)
    faults = check(clinic)
    assert any(fault.startswith(f"clinic/{table}.csv:2:{column} ") and told in fault for fault in faults), faults
    with pytest.raises(DataError) as caught:
        load_atlas(data=clinic)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("clinic/")


def test_the_rules_of_curation_are_asked_of_theirs_and_not_of_ours(clinic):
    cell(clinic, "patterns", "plain", "The disc is damaged.")
    cell(clinic, "patterns", "grade", "A")
    faults = check(clinic)
    assert any("clinic:lev_middle has grade A" in fault for fault in faults)
    assert any("without threat or promise" in fault for fault in faults)
    assert all(fault.startswith("clinic/") for fault in faults)
    assert len(faults) == 2


def test_a_table_that_cannot_be_added_to_is_named_with_those_that_can(clinic):
    (clinic / "texts.csv").write_text("id,language,text\n", encoding="utf-8")
    [fault] = check(clinic)
    assert fault.startswith("clinic/texts.csv: is not a table that can be added to; allowed: families")
    assert all(name in fault for name in ADDABLE)


def test_paint_that_misses_its_words_is_told_on_the_command_line(clinic, capsys):
    cell(clinic, "pattern_areas", "area_id", "chin")
    assert check(clinic) == []
    assert main(["check", str(clinic)]) == 1
    assert "the core area chin (left) is covered to 0%" in capsys.readouterr().out


def test_a_wrong_landmark_gets_one_line_and_status_two(clinic, capsys):
    cell(clinic, "pattern_shape_points", "landmark", "neck_sid_c4")
    assert main(["check", str(clinic)]) == 2
    told = capsys.readouterr().err
    assert "did you mean 'neck_side_c4'?" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("command", [["serve", "--no-browser"], ["list"], ["show", "temporalis"]])
def test_a_bad_folder_gets_one_line_and_status_two(command, tmp_path, capsys):
    for folder, told in ((tmp_path, "no datapackage.json and no table"), (tmp_path / "no", "there is no such folder")):
        assert main([*command, "--data", str(folder)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert told in err
        assert err.count("\n") == 1


def test_show_with_additions(capsys):
    assert main(["show", "levator_scapulae", "--data", str(EXAMPLE)]) == 0
    assert "clinic:lev_middle  grade E" in capsys.readouterr().out


def test_a_whole_data_folder_takes_the_place_of_ours_and_comes_first(tables, clinic):
    assert load_atlas(data=tables).dataset == load_atlas().dataset
    assert "clinic:lev_middle" in load_atlas(data=[tables, clinic]).dataset.patterns
    with pytest.raises(DataError, match="must be the first one given"):
        load_atlas(data=[clinic, tables])
