"""Own atlases: read safely whatever is given, laid into our body on the right side, kept whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import stat
import struct
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from explorer import load_atlas
from explorer import shelf as shelves
from explorer.anatomy.meshio import load_mesh
from explorer.bring import formats, reading
from explorer.bring.carry import fibres_by_axis, place_inside
from explorer.bring.checks import exchanged, find_layout
from explorer.bring.formats import read_meshes
from explorer.bring.importing import import_atlas
from explorer.bring.mapping import draft, read_mapping, side_in
from explorer.bring.mend import cut, mend, thin, volume
from explorer.bring.parts import known_parts, release
from explorer.bring.reading import open_source
from explorer.catalogue import catalogue
from explorer.cli import main
from explorer.errors import ExplorerError
from explorer.scene import Selection, scene_of
from tests import bring_kit as kit


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """A data folder of its own for each test."""
    monkeypatch.setenv("REFERRED_PAIN_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def told(call, *words: str) -> str:
    """The one line that something raises; it must hold all words."""
    with pytest.raises(ExplorerError) as caught:
        call()
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 500
    for word in words:
        assert word in line
    return line


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


# --- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "write"),
    [
        ("obj", kit.obj),
        ("stl", kit.stl),
        ("stl", kit.stl_text),
        ("ply", kit.ply),
        ("ply", lambda shape: kit.ply(shape, ">")),
        ("ply", kit.ply_text),
        ("glb", lambda shape: kit.glb({"one": shape})),
    ],
)
def test_every_format_gives_the_same_mesh(ending, write):
    v, f = kit.cube()
    [(vertices, faces)] = read_meshes(f"cube.{ending}", write((v, f))).values()
    assert sorted(map(tuple, np.round(vertices, 4))) == sorted(map(tuple, v))
    assert len(faces) == 12
    assert volume(vertices, faces) == pytest.approx(1000.0, rel=1e-5)


def test_an_obj_may_have_normals_quads_and_indices_from_the_end():
    text = b"v 0 0 0\r\nv 1 0 0\r\nv 1 1 0\r\nv 0 1 0\r\nvn 0 0 1\r\nf 1/1/1 2//1 3/2 4\r\nf -4 -3 -2\r\n"
    [(vertices, faces)] = read_meshes("a.obj", text).values()
    assert len(vertices) == 4
    assert faces.tolist() == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]


def test_a_glb_of_many_meshes_gives_each_by_its_name_with_its_place():
    found = read_meshes("all.glb", kit.glb({"a": kit.cube(), "b": kit.cube()}, scale=0.5))
    assert list(found) == ["all.glb#b", "all.glb#a"] or list(found) == ["all.glb#a", "all.glb#b"]
    assert volume(*found["all.glb#a"]) == pytest.approx(125.0)


def bad_obj(vertex: str) -> bytes:
    return f"v {vertex}\nv 1 0 0\nv 0 1 0\nf 1 2 3\n".encode()


_CUBE = kit.cube()
HOSTILE_FILES = {
    "stl header promises 1e9 faces": ("a.stl", b"\0" * 80 + struct.pack("<I", 10**9) + b"\0" * 100, "promises 1000000000 faces"),
    "ply header promises 1e9 vertices": ("a.ply", kit.ply_header("binary_little_endian", 10**9, 1), "promises 1000000000"),
    "ply header promises 1e9 faces": (
        "a.ply", kit.ply_header("binary_little_endian", 1, 10**9) + b"\0" * 12, "promises 1000000000"
    ),
    "ply text ends early": ("a.ply", kit.ply_header("ascii", 30, 5) + b"0 0 0\n" * 20, "promises"),
    "ply with a negative count": ("a.ply", kit.ply_header("ascii", -3, 5), "promises -3"),
    "ply list longer than the file": (
        "a.ply", kit.ply_header("binary_little_endian", 1, 2) + b"\0" * 12 + b"\xff" * 12, "ends within a list"
    ),
    "ply header without an end": ("a.ply", b"ply\nformat ascii 1.0\n" * 5000, "header does not end"),
    "ply of an unknown kind": ("a.ply", kit.ply_header("strange", 1, 1), "is not known; allowed: ascii"),
    "glb accessor promises 1e9": (
        "a.glb",
        kit.glb_of(
            {
                "nodes": [{"mesh": 0}], "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
                "accessors": [{"bufferView": 0, "componentType": 5126, "count": 10**9, "type": "VEC3"}],
                "bufferViews": [{"buffer": 0, "byteLength": 12}],
            },
            b"\0" * 12,
        ),
        "promises 1000000000",
    ),
    "glb chunk longer than the file": ("a.glb", b"glTF" + struct.pack("<IIII", 2, 99, 10**9, 0x4E4F534A), "promises 1000000000 bytes"),
    "glb that reads another file": (
        "a.glb", kit.glb_of({"buffers": [{"uri": "file:///etc/passwd"}]}, b""), "another file, which is not followed"
    ),
    "glb whose nodes run in a circle": (
        "a.glb", kit.glb_of({"nodes": [{"children": [1]}, {"children": [0]}]}, b""), "nested in a circle"
    ),
    "glb with packed meshes": ("a.glb", kit.glb_of({"extensionsRequired": ["KHR_draco_mesh_compression"]}, b""), "KHR_draco"),
    "glb that is no JSON": ("a.glb", b"glTF" + struct.pack("<IIII", 2, 24, 4, 0x4E4F534A) + b"\xff\xfe\xff\xfe", "not readable JSON"),
    "nan": ("a.obj", bad_obj("nan 0 0"), "not numbers (NaN or infinite)"),
    "infinite": ("a.obj", bad_obj("0 inf 0"), "not numbers (NaN or infinite)"),
    "too far": ("a.obj", bad_obj("0 1e30 0"), "coordinates beyond"),
    "words for numbers": ("a.obj", bad_obj("one two three"), "not made of numbers"),
    "a vertex of two numbers": ("a.obj", bad_obj("1 2"), "not numbers"),
    "a vertex that is not there": ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "does not exist"),
    "empty": ("a.obj", b"", "is empty"),
    "no faces": ("a.obj", b"v 0 0 0\n", "is empty"),
    "only flat faces": ("a.obj", b"v 0 0 0\nv 1 0 0\nf 1 1 2\n", "is empty"),
    "utf-16": ("a.obj", "v 0 0 0\n".encode("utf-16"), "UTF-16"),
    "bytes": ("a.obj", bytes(range(256)) * 4, "no text"),
    "a picture named stl": ("a.stl", b"\x89PNG\r\n\x1a\n" + b"\0" * 60, "too short"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE_FILES)
def test_a_hostile_file_is_told_in_one_line(case):
    name, data, words = HOSTILE_FILES[case]
    tracemalloc.start()
    told(lambda: read_meshes(name, data), name, words)
    assert tracemalloc.get_traced_memory()[1] < 20e6  # nothing is made by what a header promises
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("ending", "write"),
    [("obj", kit.obj), ("stl", kit.stl), ("ply", kit.ply), ("ply", kit.ply_text), ("glb", lambda s: kit.glb({"a": s}))],
)
def test_torn_files_are_told_or_read_never_worse(ending, write):
    whole = write(kit.cube())
    chance = np.random.default_rng(1)
    for _ in range(150):
        data = bytearray(whole[: int(chance.integers(1, len(whole)))] if chance.random() < 0.5 else whole)
        for place in chance.integers(0, len(data), 3):
            data[place] = int(chance.integers(0, 256))
        with contextlib.suppress(ExplorerError):
            for vertices, faces in read_meshes(f"a.{ending}", bytes(data)).values():
                assert np.isfinite(vertices).all()
                assert faces.min() >= 0
                assert faces.max() < len(vertices)


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../../evil.obj", "leads out of the zip"),
        ("a/../../evil.obj", "leads out of the zip"),
        ("..\\evil.obj", "leads out of the zip"),
        ("/etc/evil.obj", "absolute path"),
        ("C:\\evil.obj", "absolute path"),
        ("\\\\server\\evil.obj", "absolute path"),
    ],
)
def test_paths_that_lead_elsewhere_are_refused(tmp_path, name, words):
    path = zipped(tmp_path / "a.zip", {name: kit.obj(kit.cube()), "ok.obj": kit.obj(kit.cube())})
    told(lambda: open_source(path), "a.zip", words)
    assert {p.name for p in tmp_path.rglob("*")} <= {"a.zip", "home"}


def test_links_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    info = zipfile.ZipInfo("link.obj")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    told(lambda: open_source(path), "link.obj", "is a link")
    folder = kit.put(tmp_path / "folder", {"a": kit.cube()})
    (folder / "b.obj").symlink_to("/etc/passwd")
    told(lambda: open_source(folder), "b.obj", "is a link")


def test_bombs_are_refused_by_what_they_say_and_by_what_they_do(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.obj": b"\n" * 30_000_000})
    told(lambda: open_source(path), "a.obj", "times its size")
    # a bomb that lies about its size
    data = bytearray(path.read_bytes())
    where = data.rfind(b"PK\x01\x02")
    data[where + 24 : where + 28] = struct.pack("<I", 1000)
    path.write_bytes(data)
    source = open_source(path)
    told(lambda: source.read(source.meshes[0]), "a.obj")


def test_sizes_and_counts_are_limited(tmp_path, monkeypatch):
    shapes = {f"m{k}": kit.cube() for k in range(6)}
    folder = kit.put(tmp_path / "many", shapes)
    path = zipped(tmp_path / "many.zip", {f"{name}.obj": kit.obj(shape) for name, shape in shapes.items()})
    monkeypatch.setattr(reading, "MOST_FILES", 5)
    monkeypatch.setattr(reading, "MOST_CONTENTS", 5 * 300)
    told(lambda: open_source(folder), "more than 5 files")
    told(lambda: open_source(path), "more than 5 files")
    monkeypatch.undo()
    monkeypatch.setattr(reading, "MOST_BYTES", 200)
    told(lambda: open_source(folder), "at most 0 MB")
    monkeypatch.setattr(reading, "MOST_BYTES", 2**20)
    monkeypatch.setattr(reading, "MOST_TOTAL", 1000)
    told(lambda: open_source(path), "at most")


def test_a_million_tiny_files_are_refused_before_their_names_are_read(tmp_path):
    entry = b"PK\x01\x02" + b"\0" * 24 + struct.pack("<HHHHHII", 5, 0, 0, 0, 0, 0, 0) + b"a.obj"
    contents = entry * 1_000_000
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, len(contents), 0, 0)
    path = tmp_path / "million.zip"
    path.write_bytes(contents + end)
    del contents
    tracemalloc.start()
    told(lambda: open_source(path), "more than 20000 files")
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x05\x06", os.urandom(3000), b"PK\x05\x06" + b"\xff" * 18])
def test_what_is_no_zip_is_told(tmp_path, content):
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    told(lambda: open_source(path), "a.zip")


def test_a_zip_that_is_locked_or_torn_is_told(tmp_path):
    path = zipped(tmp_path / "a.zip", {"a.obj": kit.obj(kit.cube())})
    data = bytearray(path.read_bytes())
    locked = bytearray(data)
    locked[6] |= 1
    locked[locked.rfind(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(locked)
    told(lambda: open_source(path), "encrypted")
    data[60:90] = b"\xaa" * 30
    path.write_bytes(data)
    source = open_source(path)
    told(lambda: source.read(source.meshes[0]), "cannot be unpacked")


def test_nothing_there_and_nothing_in_it(tmp_path):
    told(lambda: open_source(tmp_path / "none"), "none", "give a folder or a zip")
    (tmp_path / "empty").mkdir()
    told(lambda: open_source(tmp_path / "empty"), "holds no mesh")
    os.mkfifo(tmp_path / "pipe")
    told(lambda: open_source(tmp_path / "pipe"), "neither a folder nor a file")


def test_a_folder_and_a_zip_of_the_same_files_have_the_same_hash(tmp_path):
    shapes = {"a": kit.cube(), "b": kit.cube()}
    folder = kit.put(tmp_path / "f", shapes)
    path = zipped(tmp_path / "f.zip", {f"deep/{name}.obj": kit.obj(shape) for name, shape in shapes.items()})
    assert open_source(folder).digest() == open_source(path).digest()
    (folder / "a.obj").write_bytes(kit.obj((kit.cube()[0] * 2, kit.cube()[1])))
    assert open_source(folder).digest() != open_source(path).digest()


# --- mending ----------------------------------------------------------------------------------------------------------


def test_mending_joins_turns_and_drops_and_says_so():
    v, f = kit.cube()
    apart = (v[f].reshape(-1, 3), np.arange(3 * len(f)).reshape(-1, 3))  # each face with corners of its own
    broken = apart[1].copy()
    broken[::3] = broken[::3, ::-1]  # every third face turned
    dust = v[:3] * 0.001 + 500.0
    vertices = np.vstack([apart[0], dust])
    faces = np.vstack([broken, broken[:1], [[36, 37, 38]]])
    done = mend(vertices, faces)
    assert len(done.vertices) == 8
    assert len(done.faces) == 12
    assert volume(done.vertices, done.faces) == pytest.approx(1000.0)
    words = "; ".join(done.notes)
    assert "double vertices joined" in words
    assert "1 loose fragments left out" in words
    assert "turned to face outward" in words


def test_a_cut_is_closed_again():
    v, f = kit.cube()
    half = cut(v, f, v[:, 0] - 4.0)
    assert half[0][:, 0].min() == pytest.approx(4.0, abs=1e-5)
    assert volume(*half) == pytest.approx(600.0, rel=1e-4)
    assert len(cut(v, f, v[:, 0] - 20.0)[1]) == 0


def test_thinning_keeps_the_budget_and_the_shape(atlas):
    mesh = atlas.average_shape("scapula")
    vertices, faces = thin(mesh.vertices, mesh.faces, 2000)
    assert len(faces) <= 2000
    assert volume(vertices, faces) == pytest.approx(volume(mesh.vertices, mesh.faces), rel=0.05)


# --- checks -----------------------------------------------------------------------------------------------------------


def middles(atlas, change=lambda p: p):
    ours = {
        (shape, side): atlas.average_shape(shape, "right" if side == "right" else "left").vertices.mean(axis=0)
        for shape in kit.SMALL
        for side in (("midline",) if shape in kit.MIDLINE else ("left", "right"))
    }
    return {key: change(place) for key, place in ours.items()}, ours


@pytest.mark.parametrize(("unit", "scale"), [("mm", 1.0), ("cm", 0.1), ("m", 0.001), ("inch", 1 / 25.4)])
@pytest.mark.parametrize(
    ("axes", "turn"),
    [
        ("x to the left, y to the back, z to the up", np.eye(3)),
        ("x to the right, y to the front, z to the up", np.diag([-1.0, -1.0, 1.0])),
        ("x to the left, y to the up, z to the front", np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])),
    ],
)
def test_units_and_axes_are_found(atlas, unit, scale, axes, turn):
    theirs, ours = middles(atlas, lambda p: scale * (1.1 * (p @ turn) + [20.0, -500.0, 90.0]))
    layout = find_layout(theirs, ours)
    assert layout.unit == unit
    assert layout.axes == axes
    assert not layout.mirrored
    for key, place in theirs.items():
        assert np.linalg.norm(layout.apply(place[None])[0] - ours[key]) < 60


def test_a_mirror_image_is_found_and_said(atlas):
    theirs, ours = middles(atlas, lambda p: p * [1.0, -1.0, 1.0])
    layout = find_layout(theirs, ours)
    assert layout.mirrored
    assert any("mirror image" in note for note in layout.notes)


def test_a_size_that_is_no_unit_is_told(atlas):
    theirs, ours = middles(atlas, lambda p: 4.0 * p)
    told(lambda: find_layout(theirs, ours), "allowed are mm, cm, m and inch")
    told(lambda: find_layout({}, ours), "only 0 shapes")


def test_exchanged_parts_are_found_by_how_they_lie(atlas):
    ours = {
        (s, "left"): atlas.average_shape(s).vertices.mean(axis=0) for s in ("masseter_superficial", "masseter_deep")
    }
    families = {"masseter_superficial": "masseter", "masseter_deep": "masseter"}
    assert exchanged(ours, ours, families) == []
    a, b = ours.values()
    swapped = dict(zip(ours, (b, a), strict=True))
    assert len(exchanged(swapped, ours, families)) == 1


def test_sides_in_names():
    assert [side_in(name) for name in ("LeftMasseter", "masseter-R", "m.l.", "clavicle", "left_right")] == [
        "left", "right", "left", "", "",
    ]  # fmt: skip


# --- mapping ----------------------------------------------------------------------------------------------------------


def test_every_known_part_is_a_shape_of_ours(atlas):
    parts = known_parts(atlas.meshes)
    shapes = {*atlas.shape_ids("muscles"), *atlas.shape_ids("bones")}
    pairing = {r.id: r.pairing for r in (*atlas.dataset.structures.values(), *atlas.dataset.bones.values())}
    for own in parts.values():
        for part in own:
            assert part.shape in shapes
            assert (part.side == "midline") == (pairing[part.shape] == "midline")
    # the names of the masseter's parts are exchanged in the source
    assert parts["FMA49002"][0].shape == "masseter_deep"
    assert parts["FMA49005"][0].shape == "masseter_superficial"


def test_a_draft_finds_names_and_ids_and_leaves_the_rest_to_a_person(atlas, tmp_path):
    files = (
        "Left_Splenius_capitis",
        "musculus trapezius pars descendens R",
        "FMA13323",
        "FMA49002",
        "my_tumour",
        "FMA32519_x_left",
    )
    source = open_source(kit.put(tmp_path / "f", {name: kit.cube() for name in files}))
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(draft(source, atlas)))}
    found = {name.removesuffix(".obj"): (row["structure"], row["side"]) for name, row in rows.items()}
    assert found == {
        "Left_Splenius_capitis": ("splenius_capitis", "left"),
        "musculus trapezius pars descendens R": ("trapezius_upper", "right"),
        "FMA13323": ("clavicle", "left"),
        "FMA49002": ("masseter_deep", "left"),
        "FMA32519_x_left": ("levator_scapulae", "left"),
        "my_tumour": ("", ""),
    }
    assert "not found" in rows["my_tumour.obj"]["because"]
    table = tmp_path / "map.csv"
    table.write_text(draft(source, atlas), encoding="utf-8")
    assert len(read_mapping(table, atlas, source)) == 5  # a draft can be read as it is


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,structure\na,b\n", "no column 'side'"),
        ("file,structure,side\na.obj,trapezius_uper,left\n", "did you mean 'trapezius_upper'"),
        ("file,structure,side\na.obj,trapezius_upper,links\n", "side 'links' is not known"),
        ("file,structure,side\nb.obj,trapezius_upper,left\n", "file 'b.obj' is not known"),
        ("file,structure,side\na.obj,tmj,left\n", "has no muscle or bone shape"),
        ("file,structure,side\na.obj,,\n", "names no structure"),
    ],
)
def test_a_mapping_table_that_cannot_be_used_is_told_with_its_line(atlas, tmp_path, text, words):
    source = open_source(kit.put(tmp_path / "f", {"a": kit.cube()}))
    table = tmp_path / "map.csv"
    table.write_text(text, encoding="utf-8")
    told(lambda: read_mapping(table, atlas, source), "map.csv", words)
    table.write_bytes(b"file,structure,side\n\xff\xfe,x,y\n")
    told(lambda: read_mapping(table, atlas, source), "not UTF-8")


def test_releases_are_told_apart():
    assert release(["FMA52748"], b"# BodyParts3D 3.0, decimated", "a.zip") == "3.0"
    assert release(["FMA1"], b"", "BodyParts3D_4.0_obj_99.zip") == "4.0"
    assert release([f"FMA{k}" for k in range(100)], b"", "x") == "4.0"  # no jaw


# --- whole imports ----------------------------------------------------------------------------------------------------


def sides_of(kept) -> dict[tuple[str, str], float]:
    out = {}
    for side, folder in (("left", kept.folder), ("right", kept.folder / "right")):
        for path in [*folder.glob("bones/*.npz"), *folder.glob("muscles/*.npz")]:
            out[path.stem, side] = float(load_mesh(path).vertices[:, 0].mean())
    return out


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A small atlas in cm, with y up, its sides not named but for two files, which are named wrongly."""
    folder = tmp_path_factory.mktemp("imported")
    ours = load_atlas()
    shapes = kit.small_atlas(ours, lambda v: 0.1 * v[:, [0, 2, 1]] * [1, 1, -1])
    shapes["left_scapula"], shapes["right_scapula"] = shapes["right_scapula"], shapes["left_scapula"]
    kit.put(folder / "lab", shapes)
    table = kit.mapping(folder / "map.csv", shapes)
    kept, new = import_atlas(
        folder / "lab",
        ours,
        mapping=table,
        name="lab",
        credit="Our lab, 2024",
        licence="CC-BY-NC-4.0",
        shelf=folder / "shelf",
    )
    assert new
    return kept, folder, shapes


def test_a_small_atlas_is_laid_on_the_right_side_inside_the_skin(imported, atlas, enclosure):
    kept, _, _ = imported
    assert set(kept.shapes) == set(kit.SMALL)
    places = sides_of(kept)
    for shape in kit.SMALL:
        if shape not in kit.MIDLINE:
            assert places[shape, "left"] > 0 > places[shape, "right"]
    notes = " ".join(kept.record["notes"])
    assert "unit: cm" in notes
    assert "y to the up" in notes
    assert "is called left, but lies on the right" in notes
    for shape, entry in kept.shapes.items():
        for side, own in entry["sides"].items():
            assert own["mean_mm"] < 3.0, (shape, side)
            path = kept.path("bones", shape, side) or kept.path("muscles", shape, side)
            vertices = load_mesh(path).vertices
            assert (enclosure.depth(vertices) >= 0).mean() >= 0.95


def test_laid_muscles_carry_fibres_and_are_wound_outward(imported):
    kept, _, _ = imported
    for path in kept.folder.rglob("muscles/*.npz"):
        mesh = load_mesh(path)
        assert volume(mesh.vertices, mesh.faces) > 0
        assert mesh.values["along"].dtype == np.uint8
        assert np.ptp(mesh.values["along"].astype(int)) > 150
        assert mesh.values["across"].dtype == np.uint16


def test_the_atlas_shows_theirs_where_it_has_them_and_ours_elsewhere(imported, atlas):
    kept, _, _ = imported
    own = type(atlas)(atlas.dataset, atlas.meshes, own=kept)
    assert own.name == "lab"
    assert own.shape_origin("trapezius_upper") == "theirs"
    assert own.shape_origin("temporalis") == "ours"
    assert own.shape_origin("c2_c3") == "ours"
    assert atlas.shape_origin("trapezius_upper") == ""
    assert not np.array_equal(own.mesh("trapezius_upper").vertices.shape, atlas.mesh("trapezius_upper").vertices.shape)
    assert np.array_equal(own.mesh("temporalis").vertices, atlas.mesh("temporalis").vertices)
    left, right = own.mesh("scapula", "left"), own.mesh("scapula", "right")
    assert left.vertices[:, 0].mean() > 0 > right.vertices[:, 0].mean()
    # trigger points lie in the muscle that is shown, on both sides
    from explorer.build.compare import winding_numbers

    for name, point in atlas.dataset.trigger_points.items():
        if point.structure_id in ("trapezius_upper", "levator_scapulae", "splenius_capitis"):
            for side, places in (("left", own.trigger_point_places), ("right", own.right_places)):
                mesh = own.mesh(point.structure_id, side)
                place = np.array([places[name]])
                assert winding_numbers(place, np.asarray(mesh.vertices), np.asarray(mesh.faces))[0] > 0.5, (name, side)
    # patterns are painted as ever
    assert np.array_equal(own.paint("trap_1")[0], atlas.paint("trap_1")[0])
    # and on another body
    assert own.variant("female").mesh("scapula").vertices.shape == left.vertices.shape


def test_catalogue_and_scene_say_what_is_ours(imported, atlas):
    kept, _, _ = imported
    told_ = catalogue(type(atlas)(atlas.dataset, atlas.meshes, own=kept))
    assert told_["own"]["name"] == "lab"
    assert told_["own"]["credits"] == [{"text": "Our lab, 2024", "licence": "CC-BY-NC-4.0"}]
    assert told_["own"]["conditions"] == [atlas.dataset.texts["en"]["shapes.noncommercial"]]
    scene = scene_of(told_, Selection())
    style = told_["style"]
    assert scene["structures"]["temporalis/left"]["colour"] == style["muscle_ours"] != style["muscle"]
    assert scene["structures"]["trapezius_upper/left"]["colour"] == style["muscle"]
    assert catalogue(atlas)["own"] is None


def test_the_report_names_every_shape_with_a_picture(imported):
    kept, _, _ = imported
    page = (kept.folder / "report.html").read_text(encoding="utf-8")
    for shape, entry in kept.shapes.items():
        for side in entry["sides"]:
            name = f"{shape}_{side}.png"
            assert name in page
            assert (kept.folder / "pictures" / name).read_bytes().startswith(b"\x89PNG")
    assert "Our lab, 2024" in page


def test_the_same_again_is_not_done_again_and_can_be_renamed(imported, atlas):
    kept, folder, _ = imported
    again, new = import_atlas(folder / "lab", atlas, mapping=folder / "map.csv", name="lab", shelf=folder / "shelf")
    assert not new
    assert again.digest == kept.digest
    assert [p.name for p in (folder / "shelf").iterdir()] == [kept.digest[:16]]  # no work is left


def test_an_import_that_was_killed_leaves_nothing_and_goes_on(tmp_path, atlas):
    shapes = kit.small_atlas(atlas)
    kit.put(tmp_path / "lab", shapes)
    table = kit.mapping(tmp_path / "map.csv", shapes)
    shelf = tmp_path / "shelf"
    script = (
        "import os, sys; from pathlib import Path; from explorer import load_atlas; from explorer.bring.importing import import_atlas\n"
        "def progress(step, done, total):\n    if step == 'finishing' and done == 2: os.kill(os.getpid(), 9)\n"
        f"import_atlas(Path({str(tmp_path / 'lab')!r}), load_atlas(), mapping=Path({str(table)!r}), name='lab', shelf=Path({str(shelf)!r}), progress=progress)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).resolve().parents[1], check=False)
    assert done.returncode == -9
    assert shelves.kept(shelf) == []
    steps = []
    kept, new = import_atlas(
        tmp_path / "lab", atlas, mapping=table, name="lab", shelf=shelf, progress=lambda step, a, b: steps.append(step)
    )
    assert new
    assert "laying" not in steps  # the longest step was kept
    assert [p.name for p in shelf.iterdir()] == [kept.digest[:16]]


def test_an_import_that_fails_leaves_the_shelf_as_it_was(tmp_path, atlas):
    kit.put(tmp_path / "lab", {"a": kit.cube()})
    table = tmp_path / "map.csv"
    table.write_text("file,structure,side\na.obj,trapezius_upper,left\n", encoding="utf-8")
    told(lambda: import_atlas(tmp_path / "lab", atlas, mapping=table, name="x", shelf=tmp_path / "s"), "at least 4")
    assert shelves.kept(tmp_path / "s") == []
    told(lambda: import_atlas(tmp_path / "lab", atlas, shelf=tmp_path / "s"), "layout is not known", "draft-map")
    told(
        lambda: import_atlas(tmp_path / "lab", atlas, mapping=table, name="../x", shelf=tmp_path / "s"),
        "cannot be used",
    )


# --- shelf and licences -----------------------------------------------------------------------------------------------


def shelved(folder: Path, name: str, credits) -> None:
    place = folder / f"{name}0000"
    place.mkdir(parents=True)
    record = {
        "version": shelves.VERSION,
        "name": name,
        "digest": name * 10,
        "credits": credits,
        "shapes": {},
        "layout": "own",
        "imported_on": "2026-01-01",
    }
    (place / "atlas.json").write_text(json.dumps(record), encoding="utf-8")


def test_the_shelf_lists_what_is_whole_and_removes_at_once(home, capsys):
    shelf = shelves.shelf_folder()
    assert shelf == home / "atlases"
    shelved(shelf, "lab", [("Lab", "own")])
    (shelf / "torn").mkdir()
    (shelf / ".work-1").mkdir()
    assert [one.name for one in shelves.kept()] == ["lab"]
    assert main(["atlas", "list"]) == 0
    assert "lab" in capsys.readouterr().out
    assert main(["atlas", "remove", "lob"]) == 2
    assert "did you mean 'lab'" in capsys.readouterr().err
    assert main(["atlas", "remove", "lab"]) == 0
    assert shelves.kept() == []
    assert main(["serve", "--atlas", "lab"]) == 2
    assert "none was imported yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("licences", "picture", "shapes"),
    [
        (["CC-BY-SA-2.1-JP", "CC-BY-4.0"], (), ("share_alike",)),
        (["CC0-1.0"], (), ()),
        (["unknown"], ("unknown",), ("unknown",)),
        (["no such licence"], ("unknown",), ("unknown",)),
        (["CC-BY-ND-4.0"], ("no_derivatives",), ("no_derivatives",)),
        (["CC-BY-NC-4.0"], ("noncommercial",), ("noncommercial",)),
    ],
)
def test_an_export_that_would_breach_a_licence_says_so(licences, picture, shapes):
    shelved(shelves.shelf_folder(), "lab", [("Somebody", licence) for licence in licences])
    own = load_atlas(atlas="lab")
    assert [credit.licence for credit in own.credits()] == licences
    assert own.breaches("picture") == picture
    assert own.breaches("shapes") == shapes


def test_ours_has_no_credits_of_others(atlas):
    assert atlas.credits() == ()
    assert load_atlas(atlas="ours").name == "default"


# --- small parts ------------------------------------------------------------------------------------------------------


def test_a_place_outside_goes_into_the_muscle(atlas):
    v, f = kit.cube()
    inside = np.array([5.0, 5.0, 5.0])
    assert np.array_equal(place_inside(inside, v, f), inside)
    place = place_inside(np.array([5.0, 5.0, 14.0]), v, f)
    assert 6.0 < place[2] < 10.0


def test_fibres_run_along_the_longest_axis_where_nothing_better_is_known():
    v = kit.cube()[0] * [1.0, 1.0, 5.0]
    found = fibres_by_axis(v)
    assert set(found["along"][v[:, 2] == 0]) in ({0}, {255})
    assert set(found["along"]) == {0, 255}


def test_readers_know_the_endings_that_are_listed():
    assert {f".{name}" for name in formats.READERS} | {".glb"} == set(reading.MESHES)
