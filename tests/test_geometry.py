"""The built shapes: frozen skin, closed muscles under it, trigger points in their muscles, left mirrors right."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import trimesh

from explorer import folders, load_atlas
from explorer.anatomy.enclosure import close_holes
from explorer.anatomy.loft import Strips, fill, loft, thicken, volume_mm3
from explorer.anatomy.meshio import STEP_MM, Mesh, load_mesh, quantise, save_mesh
from explorer.anatomy.subdivide import catmull_clark, connectivity
from explorer.anatomy.surface import Surface
from explorer.build.muscles import read_recipes
from explorer.build.skin import TOPOLOGY_SHA256, VERTEX_COUNT, topology_sha256
from explorer.build.sources import read_sources, sha256
from explorer.errors import DataError

ATLAS = load_atlas()
MUSCLES = ATLAS.shape_ids("muscles")
CLOSED = [*MUSCLES, *ATLAS.shape_ids("joints"), *ATLAS.shape_ids("deep")]


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
    mesh = atlas.mesh(name, "left")
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert mesh.body_count == 1


@pytest.mark.parametrize("name", MUSCLES)
def test_muscles_lie_under_the_skin_on_their_own_side(name, atlas, enclosure):
    vertices = np.asarray(atlas.mesh(name, "left").vertices)
    above_crop = vertices[vertices[:, 2] > -492]
    assert enclosure.depth(above_crop).min() >= 0.5
    assert vertices[:, 0].min() >= 0


@pytest.mark.parametrize("name", MUSCLES)
def test_the_right_side_mirrors_the_left(name, atlas):
    left, right = atlas.mesh(name, "left"), atlas.mesh(name, "right")
    np.testing.assert_allclose(right.vertices, left.vertices * [-1, 1, 1], atol=1e-9)
    assert right.volume == pytest.approx(left.volume)


@pytest.mark.parametrize("recipe", read_recipes(folders.MESHES / "figures"), ids=lambda recipe: recipe.structure_id)
def test_muscles_keep_their_measured_volume(recipe, atlas):
    parts = [r for r in read_recipes(folders.MESHES / "figures") if r.path_id == recipe.path_id]
    built = sum(atlas.mesh(part.structure_id).volume for part in parts)
    assert built == pytest.approx(1000 * recipe.volume_cm3, rel=0.25)


@pytest.mark.parametrize("point", [p for s in ATLAS for p in s.trigger_points], ids=lambda point: point.id)
def test_trigger_points_lie_inside_their_muscle(point, atlas):
    place = np.array([atlas.trigger_point_places[point.id]])
    structure = atlas[point.structure_id]
    muscles = structure.members or (structure.id,)
    hulls = [atlas.mesh(muscle) for muscle in muscles]
    if structure.members:  # the group's point lies between its muscles
        low, high = np.min([m.bounds[0] for m in hulls], axis=0), np.max([m.bounds[1] for m in hulls], axis=0)
        assert ((low < place) & (place < high)).all()
    else:
        assert hulls[0].contains(place).all()


def test_fibres_run_from_origin_to_insertion(atlas):
    mesh = load_mesh(atlas.meshes / "muscles" / "sternocleidomastoid_sternal.npz")
    start, end = (mesh.vertices[mesh.values["along"] == value].mean(axis=0) for value in (0, 255))
    assert end[2] - start[2] > 120  # from the sternum up to the mastoid


def test_joints_lie_between_their_vertebrae(atlas):
    for joint, (upper, lower) in {"c1_c2": ("c1", "c2"), "c2_c3": ("c2", "c3")}.items():
        centre = atlas.mesh(joint).centroid
        above, below = (atlas.mesh(f"vertebra_{name}", "midline").bounds for name in (upper, lower))
        assert below[0][2] < centre[2] < above[1][2]
        assert 12 < centre[0] < 26


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
    assert {s.id for s in atlas if s.kind == "muscle"} == set(MUSCLES)
    assert {s.id for s in atlas if s.kind == "joint"} == set(atlas.shape_ids("joints"))
    assert set(data.bones) == set(atlas.shape_ids("bones"))
    assert {ball.area_id for ball in data.deep_balls} == set(atlas.shape_ids("deep"))


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
def test_a_loft_is_closed_whatever_the_strips_do(gap):
    body = thicken(fill(loft(straight_strips(gap)), 2 * np.pi * 5 * 2 * 60))
    mesh = trimesh.Trimesh(body.vertices, body.faces, process=False)
    assert mesh.is_watertight
    assert mesh.body_count == 1
    assert volume_mm3(body) == pytest.approx(2 * np.pi * 5 * 2 * 60, rel=0.05)
    assert body.along.min() == 0
    assert body.along.max() == 1


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
