"""Shapes, patterns and figures for use elsewhere: right numbers, painting and licences inside, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import trimesh
from PIL import Image

from explorer import load_atlas
from explorer.catalogue import style
from explorer.cli import main
from explorer.errors import DataError, ExplorerError
from explorer.export import figure as figures
from explorer.export.figure import caption_of, draw_figure, write_figure
from explorer.export.patterns import COLUMNS, _harmless, patterns_text, rows_of
from explorer.export.render import CANDIDATES, telling_views
from explorer.export.shapes import parts_of, write_shapes
from explorer.scene import Selection

CREDIT = "(c) The Database Center for Life Science licensed under CC Attribution-Share Alike 2.1 Japan"


@pytest.fixture(scope="module")
def glb(atlas, tmp_path_factory) -> tuple[dict, bytes]:
    path = tmp_path_factory.mktemp("glb") / "x.glb"
    write_shapes(atlas, ["trapezius_upper", "c2_c3"], path, side="right")
    raw = path.read_bytes()
    magic, version, length = struct.unpack("<4sII", raw[:12])
    assert (magic, version, length) == (b"glTF", 2, len(raw))
    size, kind = struct.unpack("<I4s", raw[12:20])
    assert kind == b"JSON"
    return json.loads(raw[20 : 20 + size]), raw[28 + size :]


def array(head: dict, body: bytes, number: int) -> np.ndarray:
    accessor = head["accessors"][number]
    view = head["bufferViews"][accessor["bufferView"]]
    kinds = {5126: "<f4", 5123: "<u2", 5125: "<u4"}
    width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    flat = np.frombuffer(body, kinds[accessor["componentType"]], accessor["count"] * width, view["byteOffset"])
    return flat.reshape(-1, width).astype(float)


def test_the_glb_holds_the_same_shapes_in_its_own_frame(atlas, glb):
    head, body = glb
    names = {node["name"]: node for node in head["nodes"]}
    assert {"skin", "trapezius_upper/right", "c2_c3/right", "orbit_deep/right", "trap_1/right"} <= set(names)
    for name, wanted in (
        ("skin", atlas.skin.vertices),
        ("trapezius_upper/right", atlas.mesh("trapezius_upper", "right").vertices),
    ):
        attributes = head["meshes"][names[name]["mesh"]]["primitives"][0]["attributes"]
        x, y, z = 1000 * array(head, body, attributes["POSITION"]).T
        assert np.allclose(np.column_stack([x, -z, y]), wanted, atol=1e-3)  # as the file says
    point = array(head, body, head["meshes"][names["trap_1/right"]["mesh"]]["primitives"][0]["attributes"]["POSITION"])
    x, y, z = atlas.trigger_point_places["trap_1"]
    assert np.allclose(1000 * point.mean(axis=0), [-x, z, -y], atol=0.05)


def test_the_glb_is_painted(atlas, glb):
    """Colours are linear, as glTF wants them; the weights stand beside them as they are."""
    head, body = glb
    skin = head["meshes"][0]["primitives"][0]["attributes"]
    core, spillover = np.maximum.reduce(
        [atlas.paint(p.id, "right") for name in ("trapezius_upper", "c2_c3") for p in atlas[name].patterns]
    )
    assert np.allclose(array(head, body, skin["_CORE"])[:, 0], core, atol=1e-6)
    assert np.allclose(array(head, body, skin["_SPILLOVER"])[:, 0], np.minimum(spillover, 1 - core), atol=1e-6)
    linear = array(head, body, skin["COLOR_0"])[:, :3] / 65535
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    for wanted, where in ((style()["core"], core > 0.9), (style()["skin"], core + spillover < 0.05)):
        rgb = [int(wanted[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        assert np.allclose(srgb[where], rgb, atol=0.006)
    assert head["materials"][0]["pbrMetallicRoughness"]["metallicFactor"] == 0  # else most viewers show it black


def test_the_glb_names_licences_and_credits(glb):
    head, _ = glb
    text = head["asset"]["copyright"]
    assert CREDIT in text
    assert "MakeHuman" in text
    assert "MyoSim" in text
    assert "Share alike" in text
    assert {node["extras"]["licence"] for node in head["nodes"]} == {
        "CC0-1.0 AND CC-BY-4.0",
        "CC-BY-SA-2.1-JP",
        "Apache-2.0 AND CC-BY-SA-2.1-JP",
    }


@pytest.mark.parametrize("side", ["left", "both"])
def test_ply_and_stl_hold_the_same_triangles(atlas, tmp_path, side):
    parts = parts_of(atlas, ["levator_scapulae"], side)
    write_shapes(atlas, ["levator_scapulae"], tmp_path / "x.ply", side=side, kind="ply")
    write_shapes(atlas, ["levator_scapulae"], tmp_path / "x.stl", side=side, kind="stl")
    corners = np.concatenate([part.vertices[part.faces] for part in parts])
    ply = trimesh.load(tmp_path / "x.ply", process=False)
    assert np.allclose(ply.vertices[ply.faces], corners, atol=1e-3)
    assert np.array_equal(ply.visual.vertex_colors[:, :3], np.vstack([part.colours for part in parts]))
    raw = (tmp_path / "x.stl").read_bytes()
    assert len(raw) == 84 + 50 * len(corners)
    rows = np.frombuffer(raw, [("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")], offset=84)
    assert np.allclose(rows["c"], corners, atol=1e-3)
    assert not raw.startswith(b"solid")  # a text STL would begin so


def test_ply_and_stl_carry_their_licence(atlas, tmp_path, capsys):
    assert main(["export", "shapes", "temporalis", "--no-skin", "--out", str(tmp_path / "x.stl")]) == 0
    assert "STL keeps no colours" in capsys.readouterr().err
    assert b"CC BY-SA 2.1 JP" in (tmp_path / "x.stl").read_bytes()[:80]
    beside = (tmp_path / "x.stl.LICENSE.txt").read_text(encoding="utf-8")
    assert main(["export", "shapes", "temporalis", "--no-skin", "--out", str(tmp_path / "x.ply")]) == 0
    head = (tmp_path / "x.ply").read_bytes().split(b"end_header")[0].decode("ascii")
    for text in (beside, head):
        assert CREDIT in text
        assert "https://creativecommons.org/licenses/by-sa/2.1/jp/" in text
        assert "MakeHuman" not in text  # the skin is not in it


def test_the_shapes_of_another_body(tmp_path):
    older = load_atlas(variant="older")
    [path] = write_shapes(older, ["temporalis"], tmp_path / "x.ply", kind="ply")
    mesh = trimesh.load(path, process=False)
    assert np.allclose(mesh.vertices[: len(older.skin.vertices)], older.skin.vertices, atol=1e-3)


def test_patterns_as_a_table(atlas):
    rows = list(csv.DictReader(io.StringIO(patterns_text(atlas))))
    assert tuple(rows[0]) == COLUMNS
    assert {row["pattern_id"] for row in rows} == {name for name, p in atlas.dataset.patterns.items() if p.areas}
    assert len(rows) == sum(len(pattern.areas) for pattern in atlas.dataset.patterns.values())
    own = {(row["role"], row["area_id"], row["side"]) for row in rows if row["pattern_id"] == "trap_1"}
    assert own == {(e.role, e.area_id, e.side) for e in atlas.dataset.pattern("trap_1").areas}
    assert {row["licence"] for row in rows} == {"CC-BY-4.0"}
    assert all(row["references"] for row in rows)


def test_patterns_as_json(atlas, tmp_path, capsys):
    path = tmp_path / "x.json"
    assert main(["export", "patterns", "temporalis", "c2_c3", "--out", str(path)]) == 0
    found = json.loads(path.read_text(encoding="utf-8"))
    assert [entry["id"] for entry in found["structures"]] == ["temporalis", "c2_c3"]
    assert found["dataset_version"] == atlas.dataset.version
    used = {a["area"] for s in found["structures"] for p in s["patterns"] for a in (*p["core"], *p["spillover"])}
    assert used == set(found["areas"])


def test_no_cell_is_a_formula(atlas):
    assert _harmless("=HYPERLINK(1)") == "'=HYPERLINK(1)"
    assert _harmless("a=b") == "a=b"
    assert all(_harmless(value) == value for row in rows_of(atlas) for value in row.values())  # ours need no mending


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("shapes", "temporals", "--out", "x.glb"), "did you mean 'temporalis'"),
        (("shapes", "temporalis", "--out", "x.obj"), "its ending is none of .glb, .ply, .stl"),
        (("shapes", "temporalis", "--out", "no/such/x.glb"), "does not exist"),
        (("shapes", "c4_dermatome", "--no-skin", "--out", "x.glb"), "is not known"),
        (("patterns", "temporals"), "did you mean 'temporalis'"),
        (("patterns", "--out", "x.xlsx"), "its ending is none of .csv, .json"),
    ],
)
def test_a_mistake_gets_one_line_and_leaves_nothing(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *arguments]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


# --- figures -----------------------------------------------------------------------------------------------------


def test_the_views_tell_most(atlas):
    for name in ("trapezius_upper", "temporalis", "infraspinatus", "masseter_superficial"):
        views = telling_views(atlas, Selection((name,), side="left"))
        assert 2 <= len(views) <= 3
        assert len(set(views)) == len(views)
        assert set(views) <= set(CANDIDATES)
        assert "right" not in views
        mirrored = telling_views(atlas, Selection((name,), side="right"))
        assert "left" not in mirrored


def test_a_png_has_its_size_and_its_words(atlas, tmp_path):
    path = tmp_path / "x.png"
    words = write_figure(atlas, ["temporalis"], path, dpi=150, width_mm=120, views=["left"])
    with Image.open(path) as picture:
        assert abs(picture.width - 120 / 25.4 * 150) <= 1
        assert np.allclose(picture.info["dpi"], 150, atol=0.1)
        assert picture.info["Description"] == words
        assert "CC BY-SA 2.1 JP" in picture.info["Copyright"]
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    blue = (pixels[..., 2] > pixels[..., 0] + 60) & (pixels[..., 2] > 120)
    assert blue.mean() > 0.005
    assert (pixels[:4] == 255).all()


def test_an_svg_has_words_as_words(atlas, tmp_path):
    path = tmp_path / "x.svg"
    write_figure(atlas, ["temporalis"], path, kind="svg", dpi=72, views=["left", "front"])
    root = ET.parse(path).getroot()
    space = "{http://www.w3.org/2000/svg}"
    said = " ".join("".join(node.itertext()) for node in root.iter(f"{space}text"))
    for wanted in ("Core: where the pain is mostly described", "100 mm", "Educational; not for diagnosis.", "Front"):
        assert wanted in said
    assert not list(root.iter(f"{space}script"))
    assert len(list(root.iter(f"{space}image"))) == 2


def test_the_bar_is_as_long_as_it_says(atlas, monkeypatch):
    """The length drawn is that of so many millimetres of the body at the scale of the views."""
    drawn = []
    monkeypatch.setattr(figures, "_scale", lambda page, x, y, length, text: drawn.append((length, text)))
    seen = []
    render = figures.render
    monkeypatch.setattr(figures, "render", lambda *given: seen.append(given[3]) or render(*given))
    figure = draw_figure(atlas, ["temporalis"], dpi=72, views=["left", "front"], width_mm=170)
    (length, text), (_, below) = drawn
    left, right, _, _ = figure.axes[0].images[0].get_extent()
    mm = render(atlas, Selection(("temporalis",)), ["left", "front"], seen[0])[0].mm_per_pixel
    assert text == f"{round(length / (right - left) * seen[0][0] * mm)} mm"
    assert below == "100 mm"


def test_the_caption_cites_and_owns_up(atlas):
    words = caption_of(atlas, ["temporalis"], "right")
    pattern = atlas["temporalis"].patterns[0]
    assert f"{pattern.id}: {pattern.grade}" in words
    assert next(e.reference.citation for e in pattern.evidence if e.stance == "supports") in words
    assert f"dataset {atlas.dataset.version}" in words
    assert "(right)" in words
    assert "not for diagnosis" in words


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"side": "up"}, "side 'up' is not known"),
        ({"pattern": "temp_9"}, "pattern 'temp_9' is not known"),
        ({"views": ["below"]}, "view 'below' is not known"),
        ({"dpi": 5}, "give 72 to 1200"),
        ({"width_mm": 5}, "give 60 to 400"),
    ],
)
def test_a_wrong_wish_is_said(atlas, tmp_path, wishes, told):
    with pytest.raises((DataError, ExplorerError), match=told):
        write_figure(atlas, ["temporalis"], tmp_path / "x.png", **wishes)
    assert not list(tmp_path.iterdir())
