"""Drawings as files: JSON there and back, tables as a stream, and everything that is refused."""

from __future__ import annotations

import csv
import json
import tracemalloc

import numpy as np
import pytest

from explorer.cli import main
from explorer.drawings import Drawing, drawing_from_json, drawing_to_json, match_table, read_drawing, read_table
from explorer.errors import DataError, ExplorerError


@pytest.fixture(scope="module")
def drawing(atlas) -> Drawing:
    weights = np.round(255 * atlas.paint_area("temple_mid", "left")) / 255
    return Drawing((("orbit_deep", "left"),), weights)


def test_a_drawing_comes_back_as_it_was(atlas, drawing, tmp_path):
    path = tmp_path / "drawing.json"
    path.write_text(drawing_to_json(atlas, drawing), encoding="utf-8")
    back = read_drawing(atlas, path)
    assert back.areas == drawing.areas
    np.testing.assert_array_equal(back.weights, drawing.weights)
    file = json.loads(path.read_text())
    assert (file["frame"], file["unit"], file["body"]) == ("LPS", "mm", atlas.name)
    np.testing.assert_allclose(file["xyz_mm"], atlas.skin_mesh.vertices[file["vertex"]], atol=0.006)


def changed(text: str, **values) -> str:
    return json.dumps(json.loads(text) | values)


def test_garbage_is_refused_with_its_reason(atlas, drawing):
    text = drawing_to_json(atlas, drawing)
    file = json.loads(text)
    points = np.array(file["xyz_mm"])
    first = file["vertex"][0]
    for given, told in (
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "format: not 'referred-pain-drawing'"),
        (changed(text, version=2), "format: not"),
        (changed(text, frame="RAS"), "frame: RAS in mm; only LPS in mm"),
        (changed(text, unit="cm"), "only LPS in mm"),
        (changed(text, body="older"), "drawn on 'older'"),
        (changed(text, topology="0" * 64), "another mesh"),
        (changed(text, vertex=[-1, *file["vertex"][1:]]), "-1 is not one of the"),
        (changed(text, vertex=[True, *file["vertex"][1:]]), "True is not one of the"),
        (changed(text, vertex=[10**9, *file["vertex"][1:]]), "is not one of the"),
        (changed(text, vertex=file["vertex"][1:]), "not lists of one length"),
        (changed(text, weight_255=[0.5, *file["weight_255"][1:]]), "only whole numbers from 1 to 255"),
        (changed(text, weight_255=[256, *file["weight_255"][1:]]), "only whole numbers from 1 to 255"),
        (text.replace(f"[{points[0][0]}", "[NaN", 1), f"vertex {first} has no place"),
        (changed(text, xyz_mm=(points * [-1, -1, 1]).tolist()), "it looks like RAS"),
        (changed(text, xyz_mm=(points / 10).tolist()), "it looks like centimetres"),
        (changed(text, xyz_mm=(points / 1000).tolist()), "it looks like metres"),
        (changed(text, xyz_mm=(points + 30).tolist()), "another body or another frame"),
        (changed(text, areas=[{"area": "temple", "side": "left"}]), "area 'temple' is not known"),
        (changed(text, areas=[{"area": "orbit_deep"}]), "side 'None' is not known"),
        (changed(text, areas=5), "areas: not a list"),
        (changed(text, areas=[], vertex=[], weight_255=[], xyz_mm=[]), "the drawing is empty"),
    ):
        with pytest.raises(DataError, match="^" if not told else None) as refused:
            drawing_from_json(atlas, given)
        assert told in str(refused.value)
        assert "\n" not in str(refused.value)


def table(path, rows, header="drawing,area,side,vertex,weight"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_a_table_gives_what_single_drawings_give(atlas, tmp_path):
    weights = atlas.paint_area("occiput", "right")
    painted = [f"two,,,{v},{float(weights[v])!r}" for v in np.flatnonzero(weights)]
    source = table(tmp_path / "in.csv", ["one,temple_mid,left,,", "one,orbit_deep,left,,", *painted])
    target = tmp_path / "out.csv"
    assert match_table(atlas, source, target, limit=0)[0] == 2
    with open(target, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [
        ("one", atlas.match([("temple_mid", "left"), ("orbit_deep", "left")])),
        ("two", atlas.match(weights=weights)),
    ]
    want = [(name, str(m.rank), m.pattern, m.side, f"{m.score:.6f}") for name, found in expected for m in found]
    assert [(r["drawing"], r["rank"], r["pattern"], r["side"], r["score"]) for r in rows] == want
    assert rows[0]["members"].split()[0] == rows[0]["pattern"]


def test_a_faulty_table_is_told_by_line_and_writes_nothing(atlas, tmp_path):
    for rows, told in (
        (["one,temple_mids,left,,"], ":2: area 'temple_mids' is not known; did you mean 'temple_mid'?"),
        (["one,temple_mid,up,,"], ":2: side 'up' is not known"),
        (["one,,,,"], ":2: fill either area and side, or vertex"),
        (["one,temple_mid,left,5,"], ":2: fill either area and side, or vertex"),
        (["one,,,999999,1"], ":2:vertex '999999' is not one of"),
        (["one,,,1.5,1"], ":2:vertex '1.5' is not one of"),
        (["one,,,5,nan"], ":2:weight 'nan' is not a number from 0 to 1"),
        (["one,,,5,2"], ":2:weight '2' is not a number from 0 to 1"),
        (["one,,,5,1", "one,,,6,x"], ":3:weight 'x' is not a number"),
        (["one,,,5,0"], "drawing 'one': the drawing is empty"),
        ([",temple_mid,left,,"], ":2:drawing is empty"),
        (["one,temple_mid,left"], ":2: 3 cells, the header has 5"),
        (["a,temple_mid,left,,", "b,temple_mid,left,,", "a,occiput,left,,"], ":4: drawing 'a' stands in two places"),
        ([], "holds no drawing"),
    ):
        source, target = table(tmp_path / "in.csv", rows), tmp_path / "out.csv"
        with pytest.raises(DataError) as refused:
            match_table(atlas, source, target)
        assert told in str(refused.value)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_a_wrong_header_is_told(atlas, tmp_path):
    for header, told in (
        ("drawing,aera,side", ":1: column 'aera' is not known; did you mean 'area'?"),
        ("drawing,area", "the columns must be drawing, and area and side, or vertex"),
        ("area,side", "the columns must be drawing"),
    ):
        with pytest.raises(DataError, match=told):
            list(read_table(atlas, table(tmp_path / "in.csv", [], header)))


def test_the_result_never_overwrites_the_drawings(atlas, tmp_path):
    source = table(tmp_path / "in.csv", ["one,temple_mid,left,,"])
    with pytest.raises(DataError, match="would overwrite"):
        match_table(atlas, source, source)
    with pytest.raises(DataError, match=r"ends in \.csv"):
        match_table(atlas, source, tmp_path / "out.parquet")


def test_parquet_without_pyarrow_is_told(atlas, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ExplorerError, match="only where pyarrow is installed"):
        list(read_table(atlas, tmp_path / "in.parquet"))


def test_memory_stays_flat_as_the_file_grows(atlas, tmp_path):
    """Ten times the drawings take less than one more of them would, were they kept (one is 310 kB)."""
    peaks = []
    for count in (60, 600):
        rows = [f"d{k},{area},left,," for k in range(count) for area in ("temple_mid", "occiput")]
        source = table(tmp_path / "in.csv", rows)
        match_table(atlas, table(tmp_path / "warm.csv", rows[:2]), tmp_path / "warm_out.csv")
        tracemalloc.start()
        match_table(atlas, source, tmp_path / "out.csv", limit=3)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 300_000


def test_the_command_matches_a_table_and_a_drawing(capsys, atlas, drawing, tmp_path):
    source = table(tmp_path / "in.csv", ["one,temple_mid,left"], "drawing,area,side")
    assert main(["match", "--drawings", str(source), "--out", str(tmp_path / "out.csv"), "--limit", "2"]) == 0
    assert "1 drawings, 2 rows" in capsys.readouterr().out
    path = tmp_path / "drawing.json"
    path.write_text(drawing_to_json(atlas, drawing), encoding="utf-8")
    assert main(["match", "--drawing", str(path), "--feature", "chewing", "--side", "left", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["matches"]
    expected = atlas.match(drawing.areas, weights=drawing.weights, features=["chewing"], side="left")
    assert [row["pattern"] for row in found] == [m.pattern for m in expected]
    for arguments, told in (
        (["match"], "nothing is drawn"),
        (["match", "--drawings", str(source)], "--drawings and --out go together"),
        (["match", "--drawings", str(source), "--out", "x.csv", "--area", "occiput"], "leave out --area"),
        (["match", "--area", "occiput", "--feature", "chewin"], "did you mean 'chewing'?"),
        (["match", "--drawing", str(source)], "not JSON"),
        (["match", "--drawing", str(tmp_path / "none.json")], "No such file"),
    ):
        assert main(arguments) == 2
        assert told in capsys.readouterr().err
