"""Build the bones: those of ``myo-sim``, brought to our body by measured control points, and those of the neck.

The spine down to T4, its discs, the hyoid, the thyroid cartilage and the base of the skull are made from measured
sections (``meshes/figures/bone_sections.csv``); what lies below T4 is estimated (:mod:`explorer.build.column`), and so
is the place of the forearm (``forearm_controls.csv``).

For each bone of ``myo-sim`` an affine map and then a thin-plate spline carry points of its source file to where an atlas
has them (``meshes/figures/bone_controls.csv``). Only the left side is fitted; the midline bones take the
mirrored controls too.
"""

from __future__ import annotations

import csv
import itertools
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyvista as pv
import trimesh
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from explorer.anatomy.enclosure import close_holes
from explorer.anatomy.meshio import Floats, Ints, Mesh
from explorer.build.clearance import clear_of, part
from explorer.build.column import ESTIMATED, lower_column
from explorer.build.reclose import reclosed
from explorer.build.sections import RECIPES, from_sections, read_sections

#: bone id -> (file of the source, True when the source shows the other side)
SOURCES: dict[str, tuple[str, bool]] = (
    {"skull": ("hat_skull", False), "mandible": ("hat_jaw", False), "sternum": ("hat_ribs_scap", False)}
    | {"clavicle": ("hat_ribs_scap", False), "scapula": ("hat_ribs_scap", False), "humerus": ("humerus", True)}
    | {f"rib_{k}": ("hat_ribs_scap", False) for k in range(1, 13)}
)
#: bones of the left forearm, placed by ``forearm_controls.csv``
FOREARM = ("ulna", "radius")
#: bones whose facets one Loop step rounds off; it would shrink the small vertebrae
SMOOTHED = ("skull", "mandible", "scapula", "clavicle", "sternum", *(f"rib_{k}" for k in range(1, 13)))
#: bones whose source is cracked -> the step of the grid on which they are closed, mm, and how many triangles they get
CRACKED = {"humerus": (2.2, 3000), "ulna": (1.8, 1800), "radius": (1.8, 1800)}
#: controls nearer to the midline than this lie on it
MIDLINE_MM = 0.6
#: vertices so near to the midline are put on it before a bone is cut there
SEAM_MM = 0.05
#: bones that lie on the midline and are not built symmetric
MIDLINE = ("skull", "mandible", "sternum")
#: the measured base of the skull takes the place of the source's here, seen from below: half widths at places along
#: y, mm, and nothing above a level
BASE_Y_MM = (-6.0, 10.0, 14.0, 17.0, 23.0, 36.0, 44.0, 56.0, 60.0)
BASE_HALF_WIDTH_MM = (13.0, 13.0, 16.0, 24.0, 33.0, 34.0, 27.0, 16.0, 0.0)
BASE_TOP_MM = -6.0
#: over this breadth it comes to lie so much deeper than the surface of the skull, where that is kept
BASE_BLEND_MM, BASE_DEEPER_MM = 8.0, 0.8
#: height of the roof inside
BASE_ROOF_MM = 8.0
#: triangles of the skull longer than this are faults of its source; so are shorter ones that are thin
BLADE_MM, THREAD_MM = 30.0, 12.0
MIRROR = np.array([-1.0, 1.0, 1.0])


def _read_stl(path: Path, other_side: bool) -> trimesh.Trimesh:
    """A source file in our frame (its own: metres, x forward, y up, z right)."""
    mesh = trimesh.load(path, process=False)
    forward, up, right = 1000.0 * mesh.vertices.T
    mesh.vertices = np.c_[right if other_side else -right, -forward, up]
    mesh.merge_vertices(digits_vertex=1)
    mesh.update_faces(mesh.nondegenerate_faces())
    if other_side:
        mesh.invert()
    return mesh


def _pieces(mesh: trimesh.Trimesh) -> list[trimesh.Trimesh]:
    return list(mesh.split(only_watertight=False, repair=False))


def read_controls(figures: Path) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Read the measured figures of the bones.

    Returns
    -------
    controls : bone id -> (k, 6) float
        Source point and target point, mm, LPS (left side).
    affine : bone id -> (4, 3) float
        Row-vector map ``[x y z 1] @ affine`` that comes before the spline.
    """
    controls: dict[str, list[list[float]]] = defaultdict(list)
    with open(figures / "bone_controls.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            controls[row["bone"]].append(
                [float(row[k]) for k in ("from_x", "from_y", "from_z", "to_x", "to_y", "to_z")]
            )
    affine: dict[str, list[list[float]]] = defaultdict(list)
    with open(figures / "bone_affines.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            affine[row["bone"]].append([float(row[k]) for k in ("x", "y", "z")])
    return {k: np.array(v) for k, v in controls.items()}, {k: np.array(v) for k, v in affine.items()}


def _both_sides(controls: Floats) -> Floats:
    """Controls of the left half, put on the midline where they lie near it, and mirrored."""
    off = controls[:, 0] > MIDLINE_MM
    left = controls.copy()
    left[~off, 0] = left[~off, 3] = 0.0
    return np.vstack([left, left[off] * np.tile(MIRROR, 2)])


def _warp(points: Floats, controls: Floats, affine: Floats | None) -> Floats:
    def straight(p: Floats) -> Floats:
        return p if affine is None else np.c_[p, np.ones(len(p))] @ affine

    spline = RBFInterpolator(straight(controls[:, :3]), controls[:, 3:], kernel="thin_plate_spline")
    return np.asarray(spline(straight(points)))


def build_bones(meshes_of_myo_sim: Path, figures: Path) -> dict[str, Mesh]:
    """Build every bone of the left side and the midline.

    Parameters
    ----------
    meshes_of_myo_sim : Path
        The folder of STL files of the wheel.
    figures : Path
        Holds ``bone_controls.csv`` and ``bone_affines.csv``.

    Returns
    -------
    dict of bone id to Mesh
    """
    controls, affine = read_controls(figures)
    cache: dict[tuple[str, bool], list[trimesh.Trimesh]] = {}
    out: dict[str, Mesh] = {}
    for bone, (name, other_side) in SOURCES.items():
        if (name, other_side) not in cache:
            cache[name, other_side] = _pieces(_read_stl(meshes_of_myo_sim / f"{name}.stl", other_side))
        own = controls[bone]
        piece = min(cache[name, other_side], key=lambda m: _distance(m, own[:, :3]))
        paired = piece.vertices[:, 0].min() > -MIDLINE_MM or bone == "humerus"
        both = own if paired else _both_sides(own)
        out[bone] = _finish(bone, _warp(piece.vertices, both, affine[bone]), piece.faces, midline=not paired)

    out["skull"] = _without_blades(out["skull"])
    out |= _build_forearm(meshes_of_myo_sim, figures / "forearm_controls.csv")
    return out | _build_spine(figures, out)


def _build_forearm(meshes_of_myo_sim: Path, table: Path) -> dict[str, Mesh]:
    """The left ulna and radius."""
    controls: dict[str, list[list[float]]] = defaultdict(list)
    with open(table, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            controls[row["bone"]].append(
                [float(row[k]) for k in ("from_x", "from_y", "from_z", "to_x", "to_y", "to_z")]
            )
    out = {}
    for bone in FOREARM:
        piece = _read_stl(meshes_of_myo_sim / f"{bone}.stl", True)
        out[bone] = _finish(bone, _warp(piece.vertices, np.array(controls[bone]), None), piece.faces, midline=False)
    return out


def _build_spine(figures: Path, others: dict[str, Mesh]) -> dict[str, Mesh]:
    """The spine with its discs, the hyoid, the thyroid cartilage, and the base of the skull."""
    sections = read_sections(figures / "bone_sections.csv")
    out = {bone: from_sections(sections[bone], recipe) for bone, recipe in RECIPES.items()}
    spine = [bone for bone in RECIPES if bone.startswith("vertebra")]
    out["vertebra_c1"] = clear_of(out["vertebra_c1"], [out["skull_base"]])
    for upper, lower in itertools.pairwise(spine):
        out[upper], out[lower] = part(out[upper], out[lower])
    out |= lower_column(others | out)
    for disc in (bone for bone in out if bone.startswith("disc")):
        around = [out[f"vertebra_{name}"] for name in disc.split("_")[1:]]
        out[disc] = clear_of(clear_of(out[disc], around), around)
        for bone in (f"vertebra_{name}" for name in disc.split("_")[1:] if f"vertebra_{name}" in ESTIMATED):
            out[bone] = clear_of(out[bone], [out[disc]])
    return out


def join_skull(bones: Mapping[str, Mesh]) -> dict[str, Mesh]:
    """Put the measured part round the foramen magnum in place of the skull's own, which has no condyles.

    Parameters
    ----------
    bones : mapping of bone id to Mesh
        Symmetric ``skull``, still closed there, and ``skull_base``.

    Returns
    -------
    dict of bone id to Mesh
        Without ``skull_base``.
    """
    skull, base = bones["skull"], bones["skull_base"]
    corners = skull.vertices[skull.faces]
    x, y, z = corners.mean(axis=1).T
    replaced = (np.abs(x) < _base_half_width(y)) & (z < BASE_TOP_MM)
    used, number = np.unique(skull.faces[~replaced], return_inverse=True)
    # closed again, by a roof over the foramen, so that it can be asked what lies in the skull
    vertices, faces = close_holes(skull.vertices[used], number.reshape(-1, 3))
    roof = vertices[len(used) :]
    roof[np.abs(roof[:, 0]) < _base_half_width(roof[:, 1]), 2] = BASE_ROOF_MM
    sunk = base.vertices + np.outer(_sink(skull, base), [0.0, 0.0, 1.0])
    joined = Mesh(np.vstack([vertices, sunk]), np.vstack([faces, base.faces + len(vertices)]), {})
    return {bone: mesh for bone, mesh in bones.items() if bone != "skull_base"} | {"skull": symmetric(joined)}


def _without_blades(skull: Mesh) -> Mesh:
    """The skull without the triangles of its source that join places far apart, closed where they were."""
    kept = skull.faces[~_blades(skull.vertices[skull.faces])]
    used, number = np.unique(kept, return_inverse=True)
    return Mesh(*close_holes(skull.vertices[used], number.reshape(-1, 3)), {})


def _blades(corners: Floats) -> NDArray[np.bool_]:
    """Triangles (m, 3, 3) of the skull's source that join places far apart: blades under its base, and threads."""
    sides = np.roll(corners, 1, axis=1) - corners
    longest = np.linalg.norm(sides, axis=2).max(axis=1)
    wide = np.linalg.norm(np.cross(sides[:, 0], sides[:, 1]), axis=1) / longest
    below = corners[:, :, 2].max(axis=1) < 0.0
    return np.asarray(below & ((longest > BLADE_MM) | ((longest > THREAD_MM) & (longest > 20.0 * wide))))


def _base_half_width(y: Floats) -> Floats:
    return np.asarray(np.interp(y, BASE_Y_MM, BASE_HALF_WIDTH_MM, left=0.0, right=0.0))


def _underside(mesh: Mesh, places: Floats) -> Floats:
    """(k,) height of the underside of a bone at places (k, 2): the mean of the nearest vertices that face down."""
    normals = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False).vertex_normals
    down = mesh.vertices[(normals[:, 2] < -0.3) & (mesh.vertices[:, 2] < BASE_TOP_MM + 12.0)]
    _, near = cKDTree(down[:, :2]).query(places, k=8)
    return np.asarray(down[near, 2].mean(axis=1))


def _sink(skull: Mesh, base: Mesh) -> Floats:
    """(n,) how far the vertices of the measured base rise, so that its rim ends in the skull that it does not replace."""
    # asked on the left for both sides, so that the base stays symmetric
    places = np.abs(base.vertices[:, :1]) * [1.0, 0.0] + base.vertices[:, 1:2] * [0.0, 1.0]
    # only beside and behind the foramen: in front of it stand the condyles
    within = _base_half_width(np.maximum(places[:, 1], BASE_Y_MM[5])) - places[:, 0]
    within[places[:, 1] < BASE_Y_MM[2]] = np.inf
    share = np.clip(1.0 - within / BASE_BLEND_MM, 0.0, 1.0)
    return np.asarray(share * (_underside(skull, places) + BASE_DEEPER_MM - _underside(base, places)))


def symmetric(bone: Mesh) -> Mesh:
    """A bone of the midline made of its left half and the mirror image of that.

    Parameters
    ----------
    bone : Mesh
        mm, LPS.
    """
    vertices = np.where(np.abs(bone.vertices[:, :1]) < SEAM_MM, bone.vertices * [0, 1, 1], bone.vertices)
    half = pv.PolyData.from_regular_faces(vertices, bone.faces).clip(normal=(-1, 0, 0), origin=(0, 0, 0)).triangulate()
    left = trimesh.Trimesh(np.asarray(half.points, dtype=float), half.regular_faces, process=False)
    left.merge_vertices(digits_vertex=4)
    seam = np.abs(left.vertices[:, 0]) < 1e-4
    left.vertices[seam, 0] = 0.0
    count = len(left.vertices)
    both = trimesh.Trimesh(
        np.vstack([left.vertices, left.vertices * MIRROR]),
        np.vstack([left.faces, left.faces[:, ::-1] + count]),
        process=False,
    )
    both.merge_vertices(digits_vertex=5)
    both.update_faces(both.nondegenerate_faces())
    both.remove_unreferenced_vertices()
    return Mesh(np.asarray(both.vertices), np.asarray(both.faces), {})


def _distance(mesh: trimesh.Trimesh, points: Floats) -> float:
    """Mean distance of points from a piece: to its triangles' corners and centres, near enough to tell pieces apart."""
    cloud = np.vstack([mesh.vertices, mesh.triangles_center])
    return float(np.median(cKDTree(cloud).query(points)[0]))


def _finish(bone: str, vertices: Floats, faces: Ints, midline: bool) -> Mesh:
    """Smooth, wind outward, and make midline bones symmetric in place."""
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    if mesh.volume < 0:
        mesh.invert()
    if bone in SMOOTHED:
        mesh = _manifold(mesh)
        fine = pv.PolyData.from_regular_faces(mesh.vertices, mesh.faces).subdivide(1, "loop")
        vertices, faces = np.asarray(fine.points, dtype=float), np.asarray(fine.regular_faces)
    else:
        if bone in CRACKED:
            mesh = reclosed(mesh, *CRACKED[bone])
        vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    if midline:
        vertices = vertices - [0.5 * (vertices[:, 0].max() + vertices[:, 0].min()), 0.0, 0.0]
    return Mesh(vertices, faces, {})


def _manifold(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """Drop the slivers of a source mesh: the smallest face wherever three or more share an edge."""
    while True:
        edges, owner = np.unique(mesh.edges_sorted, axis=0, return_inverse=True)
        crowded = np.bincount(owner.ravel(), minlength=len(edges))[owner.ravel()] > 2
        if not crowded.any():
            return mesh
        faces = np.unique(mesh.edges_face[crowded])
        mesh.update_faces(np.arange(len(mesh.faces)) != faces[mesh.area_faces[faces].argmin()])
