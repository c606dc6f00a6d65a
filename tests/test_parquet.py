"""Tables of drawings in Parquet give what the same tables give as CSV, and are refused as clearly."""

from __future__ import annotations

import csv
import tracemalloc

import numpy as np
import pytest

from explorer.cli import main
from explorer.drawings import match_table, read_table
from explorer.errors import DataError

pyarrow = pytest.importorskip(
    "pyarrow", reason="pyarrow is not installed: pip install 'referred-pain-explorer[parquet]'"
)
parquet = pytest.importorskip("pyarrow.parquet")


def write(path, **columns):
    parquet.write_table(pyarrow.table(columns), path)
    return path


@pytest.fixture
def columns(atlas) -> dict[str, list]:
    """Two drawings: areas with a deep one, and a painted back of the head."""
    weights = atlas.paint_area("occiput", "right")
    painted = np.flatnonzero(weights)
    none = [None] * len(painted)
    return {
        "drawing": ["one", "one", *["two"] * len(painted)],
        "area": ["temple_mid", "orbit_deep", *none],
        "side": ["left", "left", *none],
        "vertex": [None, None, *painted.tolist()],
        "weight": [None, None, *weights[painted].tolist()],
    }


def test_the_command_gives_for_parquet_what_it_gives_for_csv(capsys, columns, tmp_path):
    source = write(tmp_path / "in.parquet", **columns)
    with open(tmp_path / "in.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(["" if cell is None else cell for cell in row] for row in zip(*columns.values(), strict=True))
    out = {}
    for kind, path in (("parquet", source), ("csv", tmp_path / "in.csv")):
        target = tmp_path / f"{kind}_out.csv"
        assert main(["match", "--drawings", str(path), "--out", str(target)]) == 0
        said = capsys.readouterr().out
        assert ": 2 drawings, " in said
        assert said.count("match: done") == 1
        out[kind] = target.read_text(encoding="utf-8")
    assert out["parquet"] == out["csv"]


def test_numbers_may_be_floats_as_tables_with_empty_cells_have_them(atlas, columns, tmp_path):
    floats = columns | {"vertex": [np.nan if v is None else float(v) for v in columns["vertex"]]}
    read = [dict(read_table(atlas, write(tmp_path / "in.parquet", **own))) for own in (columns, floats)]
    assert list(read[0]) == list(read[1]) == ["one", "two"]
    np.testing.assert_array_equal(read[0]["two"].weights, read[1]["two"].weights)
    assert read[0]["one"] == read[1]["one"]


def test_garbage_is_refused_with_its_reason_and_writes_nothing(capsys, tmp_path):
    (tmp_path / "text.parquet").write_text("drawing,area,side\none,temple_mid,left\n", encoding="utf-8")
    (tmp_path / "empty.parquet").write_bytes(b"")
    good = write(tmp_path / "whole.parquet", drawing=["one"], area=["temple_mid"], side=["left"]).read_bytes()
    (tmp_path / "cut.parquet").write_bytes(good[:60] + good[70:])
    write(tmp_path / "column.parquet", drawing=["one"], aera=["temple_mid"])
    write(tmp_path / "area.parquet", drawing=["one"], area=["temple_mids"], side=["left"])
    write(tmp_path / "weight.parquet", drawing=["one"], vertex=[5], weight=[float("nan")])
    write(tmp_path / "vertex.parquet", drawing=["one"], vertex=[5.5], weight=[1.0])
    write(tmp_path / "nothing.parquet", drawing=["one"], vertex=pyarrow.array([None], pyarrow.int64()))
    write(tmp_path / "no_rows.parquet", drawing=[], vertex=[])
    before = sorted(path.name for path in tmp_path.iterdir())
    for name, told in (
        ("text", "not Parquet that can be read"),
        ("empty", "not Parquet that can be read"),
        ("cut", "cut.parquet"),
        ("column", ":1: column 'aera' is not known; did you mean 'area'?"),
        ("area", ":2: area 'temple_mids' is not known"),
        ("weight", ":2:weight 'nan' is not a number from 0 to 1"),
        ("vertex", ":2:vertex '5.5' is not one of"),
        ("nothing", ":2: fill either area and side, or vertex"),
        ("no_rows", "holds no drawing"),
    ):
        status = main(["match", "--drawings", str(tmp_path / f"{name}.parquet"), "--out", str(tmp_path / "out.csv")])
        error = capsys.readouterr().err
        assert status == 2, name
        assert told in error
        assert "Traceback" not in error
        assert len(error.strip().splitlines()) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_memory_stays_flat_as_the_file_grows(atlas, tmp_path):
    """Ten times the drawings take less than one more of them would, were they kept (one is 310 kB)."""
    peaks = []
    for count in (600, 6000):
        names = [f"d{k // 2}" for k in range(2 * count)]
        source = write(
            tmp_path / "in.parquet", drawing=names, area=["temple_mid", "occiput"] * count, side=["left"] * 2 * count
        )
        next(read_table(atlas, source))
        tracemalloc.start()
        assert sum(1 for _ in read_table(atlas, source)) == count
        peaks.append((tracemalloc.get_traced_memory()[1], pyarrow.total_allocated_bytes()))
        tracemalloc.stop()
    # Python's part: a batch of rows, which the smaller table does not fill, and a number for each drawing's name
    assert peaks[1][0] < peaks[0][0] + 8192 * 700
    assert peaks[1][1] < 2_000_000  # what Arrow holds


def test_a_fault_deep_in_a_table_names_its_row(atlas, tmp_path):
    count = 20_000
    vertices = [k % 1000 for k in range(count)]
    vertices[-1] = 10**7
    source = write(tmp_path / "in.parquet", drawing=[f"d{k // 1000}" for k in range(count)], vertex=vertices)
    with pytest.raises(DataError, match=f":{count + 1}:vertex '10000000' is not one of"):
        match_table(atlas, source, tmp_path / "out.csv", limit=1)
