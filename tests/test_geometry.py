"""The built shapes: frozen skin, closed muscles under it, trigger points in their muscles, left mirrors right."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
import trimesh

from explorer import folders, load_atlas
from explorer.anatomy.enclosure import close_holes
from explorer.anatomy.meshio import STEP_MM, Mesh, load_mesh, quantise, save_mesh
from explorer.anatomy.outline import read_outlines
from explorer.anatomy.sheet import Sheet, Strips, fill, from_strips, thicken, volume_mm3
from explorer.anatomy.solid import Solid, apart
from explorer.anatomy.subdivide import catmull_clark, connectivity
from explorer.anatomy.surface import Surface
from explorer.build.joints import PAIRS, TOGETHER
from explorer.build.muscles import MIDLINE_SHAPES, read_recipes
from explorer.build.nerves import read_nerve_points
from explorer.build.separate import _averaging, separate
from explorer.build.skin import TOPOLOGY_SHA256, VERTEX_COUNT, topology_sha256
from explorer.build.sources import read_sources, sha256
from explorer.errors import DataError

ATLAS = load_atlas()
MUSCLES = ATLAS.shape_ids("muscles")
CLOSED = [*MUSCLES, *ATLAS.shape_ids("joints"), *ATLAS.shape_ids("deep"), *ATLAS.shape_ids("nerves")]
RECIPES = {recipe.shape_id: recipe for recipe in read_recipes(folders.MESHES / "figures")}
#: shapes may rest in each other and in bones by this much, mm
RESTING_MM = 1.0


def shape(folder: str, name: str) -> Mesh:
    """The left or midline shape as it is kept."""
    return load_mesh(ATLAS.meshes / folder / f"{name}.npz")


def pieces(name: str) -> int:
    """How many pieces a closed shape has: as its figures say."""
    outlines = read_outlines(ATLAS.meshes / "figures" / "deep_outlines.csv")
    if name in outlines:
        return len({station.piece for station in outlines[name]})
    points = read_nerve_points(ATLAS.meshes / "figures" / "nerve_points.csv")
    branches = {point.branch for point in points if point.nerve_id == name}
    return len(branches) or len(TOGETHER.get(name, ())) or (RECIPES[name].pieces if name in RECIPES else 1)


def test_the_skin_is_the_frozen_one(atlas):
    assert len(atlas.skin.vertices) == VERTEX_COUNT
    assert topology_sha256(atlas.skin_mesh.faces) == TOPOLOGY_SHA256
    for weights in (atlas.pattern_weights, atlas.area_weights):
        assert (weights.vertex_count, weights.topology) == (VERTEX_COUNT, TOPOLOGY_SHA256)


def test_the_skin_stands_in_the_frame(canvas):
    landmarks = canvas.landmarks
    np.testing.assert_allclose(landmarks["tragus"][1:], 0, atol=1.0)
    assert landmarks["tragus"][0] > 60  # the left one
    assert abs(landmarks["tragion"][2] - landmarks["orbitale"][2]) < 2  # the Frankfurt plane is horizontal
    assert landmarks["pronasale"][1] < -100 < 80 < landmarks["inion"][1]
    assert landmarks["vertex"][2] == pytest.approx(canvas.surface.vertices[:, 2].max(), abs=1)


def test_the_skin_is_one_piece_with_four_openings(atlas):
    skin = atlas.skin
    assert skin.body_count == 1
    assert skin.is_winding_consistent
    closed, faces = close_holes(np.asarray(skin.vertices), np.asarray(skin.faces))
    assert len(closed) - len(skin.vertices) == 4  # two lids, the lips, the lower edge
    whole = trimesh.Trimesh(closed, faces, process=False)
    assert whole.is_watertight
    assert whole.volume > 0


def test_the_skin_is_symmetric(atlas, mirror):
    vertices = atlas.skin_mesh.vertices
    np.testing.assert_allclose(vertices[mirror], vertices * [-1, 1, 1], atol=STEP_MM)
    np.testing.assert_array_equal(mirror[mirror], np.arange(len(mirror)))


def test_the_lower_edge_is_level(atlas):
    skin = atlas.skin
    border = skin.vertices[np.unique(skin.edges[trimesh.grouping.group_rows(skin.edges_sorted, require_count=1)])]
    edge = border[border[:, 2] < -400]
    assert len(edge) > 50
    assert np.ptp(edge[:, 2]) < 0.1


@pytest.mark.parametrize("name", CLOSED)
def test_shapes_are_closed_and_wound_outward(name, atlas):
    folder = next(f for f in ("muscles", "joints", "deep", "nerves") if name in atlas.shape_ids(f))
    kept = shape(folder, name)
    mesh = trimesh.Trimesh(kept.vertices, kept.faces, process=False)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert mesh.body_count == pieces(name)


@pytest.mark.parametrize("name", MUSCLES)
def test_muscles_lie_under_the_skin_on_their_own_side(name, atlas, enclosure):
    vertices = shape("muscles", name).vertices
    above_crop = vertices[vertices[:, 2] > -492]
    assert enclosure.depth(above_crop).min() >= 0.5
    if name not in MIDLINE_SHAPES:
        assert vertices[:, 0].min() >= 0


@pytest.mark.parametrize("name", MUSCLES)
def test_neighbours_do_not_run_through_each_other(name):
    own = shape("muscles", name)
    solid = Solid(own.vertices, own.faces)
    for other in MUSCLES:
        neighbour = shape("muscles", other)
        if other != name and not apart(solid, Solid(neighbour.vertices, neighbour.faces)):
            depth = solid.way_out(neighbour.vertices)[0].max()
            assert depth <= RESTING_MM, f"{other} lies {depth:.1f} mm deep in {name}"


@pytest.mark.parametrize("bone", ATLAS.shape_ids("bones"))
def test_no_muscle_crosses_a_bone(bone):
    own = shape("bones", bone)
    solid = Solid(own.vertices, own.faces)
    for name in MUSCLES:
        depth = solid.way_out(shape("muscles", name).vertices)[0].max()
        assert depth <= RESTING_MM, f"{name} lies {depth:.1f} mm deep in {bone}"


@pytest.mark.parametrize("name", MUSCLES)
def test_the_right_side_mirrors_the_left(name, atlas):
    if name in MIDLINE_SHAPES:
        whole = atlas.mesh(name, "midline")
        np.testing.assert_allclose(whole.bounds[0][0], -whole.bounds[1][0], atol=1.5)
        return
    left, right = atlas.mesh(name, "left"), atlas.mesh(name, "right")
    np.testing.assert_allclose(right.vertices, left.vertices * [-1, 1, 1], atol=1e-9)
    assert right.volume == pytest.approx(left.volume)


@pytest.mark.parametrize("name", [name for name, recipe in RECIPES.items() if recipe.volume_cm3])
def test_muscles_keep_their_measured_volume(name):
    parts = [recipe for recipe in RECIPES.values() if recipe.path_id == RECIPES[name].path_id]
    if any(part.bottom_mm is not None for part in parts):
        pytest.skip("goes on below the model")
    meshes = [shape("muscles", part.shape_id) for part in parts]
    volume = sum(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).volume for mesh in meshes)
    assert volume == pytest.approx(1000 * RECIPES[name].volume_cm3, rel=0.25)


def test_the_comparison_in_the_docs_keeps_its_bounds():
    """The table is written by a command that needs the reference; what it says must hold for the shipped muscles."""
    page = (Path(__file__).parents[1] / "docs" / "anatomy.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.startswith("| ") and "---" not in line][1:]
    means, centres, dices = (np.array([float(row[k]) for row in rows]) for k in (1, 4, 5))
    assert len(rows) >= 75
    assert np.median(means) <= 0.9
    assert np.median(dices) >= 0.8
    for row, mean, centre in zip(rows, means, centres, strict=True):
        assert (mean <= 3 and centre <= 3) or row[6].strip(), f"{row[0]}: needs a written reason"


@pytest.mark.parametrize("point", [p for s in ATLAS for p in s.trigger_points], ids=lambda point: point.id)
def test_trigger_points_lie_inside_their_muscle(point, atlas):
    place = np.array([atlas.trigger_point_places[point.id]])
    structure = atlas[point.structure_id]
    muscles = (point.part_id,) if point.part_id else structure.members or (structure.id,)
    hulls = [atlas.mesh(muscle) for muscle in muscles]
    if structure.kind == "muscle_group" and not point.part_id:  # the group's point lies between its muscles
        low, high = np.min([m.bounds[0] for m in hulls], axis=0), np.max([m.bounds[1] for m in hulls], axis=0)
        assert ((low < place) & (place < high)).all()
    else:
        assert Solid(np.asarray(hulls[0].vertices), np.asarray(hulls[0].faces)).inside(place).all()


def test_fibres_run_from_origin_to_insertion(atlas):
    mesh = load_mesh(atlas.meshes / "muscles" / "sternocleidomastoid_sternal.npz")
    along = mesh.values["along"]
    start, end = (mesh.vertices[near].mean(axis=0) for near in (along < 10, along > 245))
    assert end[2] - start[2] > 120  # from the sternum up to the mastoid


def test_joints_lie_between_their_vertebrae(atlas):
    for joint in atlas.shape_ids("joints"):
        if joint in TOGETHER:
            continue
        centre = atlas.mesh(joint).centroid
        above, below = (atlas.mesh(name, "midline").bounds for name in PAIRS[joint])
        assert below[0][2] < centre[2] < above[1][2], joint
        assert 9 < centre[0] < 28, joint


def test_every_built_file_is_recorded_with_its_hash():
    rows = read_sources(folders.MESHES)
    kept = {row.file: row for row in rows if row.kind != "input"}
    found = {
        path.relative_to(folders.MESHES).as_posix()
        for path in folders.MESHES.rglob("*")
        if path.is_file() and path.name not in ("SOURCES.csv", "LICENSES.md")
    }
    assert found == set(kept)
    for name, row in kept.items():
        assert sha256(folders.MESHES / name) == row.sha256, (
            f"{name} is not what SOURCES.csv records: run referred-pain build"
        )
        assert row.licence
        assert row.credit


def test_every_muscle_and_bone_has_its_shape_and_no_shape_is_without_a_record(atlas, data):
    assert {s.id for s in atlas if s.kind in ("muscle", "muscle_part") and not s.members} == set(MUSCLES)
    assert set(atlas.shape_ids("joints")) <= {s.id for s in atlas if s.kind == "joint"}
    assert set(data.bones) == set(atlas.shape_ids("bones"))
    assert {a.id for a in data.areas.values() if a.place in ("deep", "mouth")} == set(atlas.shape_ids("deep"))


def test_at_least_75_muscles_a_side(atlas):
    assert len(MUSCLES) >= 75


def test_a_wrong_side_or_shape_is_told(atlas):
    with pytest.raises(DataError, match="side 'up' is not one of its sides: left, right"):
        atlas.mesh("temporalis", "up")
    with pytest.raises(DataError, match="one of its sides: midline"):
        atlas.mesh("skull", "left")
    with pytest.raises(DataError, match="did you mean 'temporalis'"):
        atlas.mesh("temporals")


def test_a_group_is_the_shape_of_its_members(atlas):
    group = atlas.mesh("suboccipital_group", "right")
    assert group.body_count == 4


# --- the tools ----------------------------------------------------------------------------------------------


def straight_strips(gap: float) -> Strips:
    """Two straight strips 60 mm long and 10 mm wide, side by side with a gap."""
    along = np.linspace(0, 60, 9)
    centre = np.zeros((2, 9, 3))
    centre[:, :, 2] = along
    centre[1, :, 0] = 10 + gap
    axis = np.zeros((2, 9, 3))
    axis[..., 0] = 1
    return Strips(centre, np.full((2, 9), 5.0), np.full((2, 9), 2.0), axis)


@pytest.mark.parametrize("gap", [-1.0, 0.0, 2.0, 15.0])
def test_a_sheet_is_closed_whatever_the_strips_do(gap):
    wanted = 2 * np.pi * 5 * 2 * 60
    body = thicken(fill(from_strips(straight_strips(gap)), wanted))
    mesh = trimesh.Trimesh(body.vertices, body.faces, process=False)
    assert mesh.is_watertight
    assert mesh.body_count == 1
    assert volume_mm3(body) == pytest.approx(wanted, rel=0.05)
    assert body.along.min() == 0
    assert body.along.max() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(body.partner[body.partner], np.arange(len(body.vertices)))


def test_slips_come_apart_where_the_muscle_is_absent():
    sheet = from_strips(straight_strips(15.0), spacing_mm=3.0)
    middle = np.abs(sheet.across - 0.5) < 0.12
    half = sheet.half.copy()
    half[:, middle] = -1.0
    body = thicken(Sheet(sheet.points, sheet.normal, half, sheet.along, sheet.across), pieces=2)
    mesh = trimesh.Trimesh(body.vertices, body.faces, process=False)
    assert mesh.is_watertight
    assert mesh.body_count == 2


def test_a_place_in_a_sheet_lies_between_its_faces():
    sheet = from_strips(straight_strips(0.0))
    deep, shallow = (sheet.locate(0.5, 0.5, depth) for depth in (0.0, 1.0))
    np.testing.assert_allclose(0.5 * (deep + shallow), sheet.locate(0.5, 0.5, 0.5), atol=1e-6)
    assert 1.0 < np.linalg.norm(shallow - deep) < 4.0


def test_a_solid_knows_the_way_out():
    ball = trimesh.creation.icosphere(subdivisions=4, radius=10.0)
    solid = Solid(np.asarray(ball.vertices), np.asarray(ball.faces))
    depth, way, face = solid.way_out(np.array([[0.0, 0, 7.0], [0, 0, 12.0]]))
    assert depth == pytest.approx([3.0, 0.0], abs=0.05)
    np.testing.assert_allclose(way[0], [0, 0, 3.0], atol=0.2)
    assert face[1] == -1
    assert np.zeros(3) in solid


def test_bodies_that_overlap_are_moved_apart(enclosure):
    first = thicken(from_strips(straight_strips(0.0)))
    second = dataclasses.replace(first, vertices=first.vertices + np.array([3.0, 0.5, 0.0]))
    place = np.array([30.0, 40.0, -330.0])  # deep in the chest
    bodies = {"a": dataclasses.replace(first, vertices=first.vertices + place)}
    bodies["b"] = dataclasses.replace(second, vertices=second.vertices + place)
    moved, _ = separate(bodies, {"a": "measured", "b": "drawn"}, {}, enclosure, lambda *_: None)
    solid = Solid(moved["a"].vertices, moved["a"].faces)
    assert Solid(bodies["a"].vertices, first.faces).way_out(bodies["b"].vertices)[0].max() > 0.9
    assert solid.way_out(moved["b"].vertices)[0].max() <= 0.5
    shift = {name: np.abs(moved[name].vertices - bodies[name].vertices).max() for name in bodies}
    assert shift["b"] > shift["a"]  # what is drawn gives way


def test_averaging_keeps_constants():
    ball = trimesh.creation.icosphere(subdivisions=1)
    np.testing.assert_allclose(_averaging(len(ball.vertices), np.asarray(ball.faces)) @ np.ones(len(ball.vertices)), 1)


def test_strips_of_the_wrong_shape_are_told():
    good = straight_strips(0)
    with pytest.raises(ValueError, match=r"width_axis has shape \(2, 8, 3\), expected \(2, 9, 3\)"):
        Strips(good.centre, good.half_width, good.half_thickness, good.width_axis[:, :8])


def test_catmull_clark_keeps_constants_and_open_edges_level():
    quads = [[0, 1, 4, 3], [1, 2, 5, 4]]
    vertices = np.array([[x, y, 0.0] for y in (0, 1) for x in (0, 1, 2)])
    mesh = connectivity(quads)
    matrix, polygons = catmull_clark(quads, 6, mesh, np.ones(len(mesh.edges), bool))
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    assert len(polygons) == 8
    np.testing.assert_allclose((matrix @ vertices)[:, 2], 0)


def test_catmull_clark_closes_the_seam_to_edges_that_are_not_split():
    cube = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    vertices = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    mesh = connectivity(cube)
    split = vertices[mesh.edges].mean(axis=1)[:, 2] > 0.5
    matrix, polygons = catmull_clark(cube, 8, mesh, split)
    triangles = [[p[0], p[k], p[k + 1]] for p in polygons for k in range(1, len(p) - 1)]
    assert trimesh.Trimesh(matrix @ vertices, triangles, process=False).is_watertight


def test_an_edge_with_three_faces_is_told():
    with pytest.raises(ValueError, match="edge 0-1 has 3 faces"):
        connectivity([[0, 1, 2], [0, 1, 3], [1, 0, 4]])


def test_meshes_come_back_as_they_were_kept(tmp_path):
    ball = trimesh.creation.icosphere(subdivisions=2, radius=30.0)
    mesh = Mesh(
        np.asarray(ball.vertices) + np.array([5, -80, 100]),
        np.asarray(ball.faces),
        {"along": np.arange(len(ball.vertices))},
    )
    save_mesh(tmp_path / "ball.npz", mesh)
    back = load_mesh(tmp_path / "ball.npz")
    np.testing.assert_allclose(back.vertices, mesh.vertices, atol=STEP_MM / 2 + 1e-9)
    np.testing.assert_array_equal(back.faces, mesh.faces)
    np.testing.assert_array_equal(back.values["along"], mesh.values["along"])
    assert not list(tmp_path.glob("*.part"))


def test_a_mesh_too_large_for_the_grid_is_told():
    with pytest.raises(ValueError, match="too large"):
        quantise(np.array([[0.0, 0, 0], [2000.0, 0, 0]]))


def test_vertex_areas_sum_to_the_surface():
    ball = trimesh.creation.icosphere(subdivisions=3)
    assert Surface(np.asarray(ball.vertices), np.asarray(ball.faces)).vertex_areas.sum() == pytest.approx(ball.area)


def test_landmarks_are_named_once():
    with open(folders.MESHES / "figures" / "landmarks.csv", encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert len(ids) == len(set(ids)) > 90
