"""Build the bones: those of ``myo-sim``, brought to our body by measured control points.

For each bone an affine map and then a thin-plate spline carry points of its source file to where an atlas
has them (``meshes/figures/bone_controls.csv``). Only the left side is fitted; the midline bones take the
mirrored controls too.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pyvista as pv
import trimesh
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import Floats, Ints, Mesh

#: bone id -> (file of the source, True when the source shows the other side)
SOURCES: dict[str, tuple[str, bool]] = (
    {"skull": ("hat_skull", False), "mandible": ("hat_jaw", False), "sternum": ("hat_ribs_scap", False)}
    | {f"vertebra_c{k}": ("hat_cervical", False) for k in range(1, 8)}
    | {f"vertebra_t{k}": (f"thoracic{k}_s", False) for k in range(1, 5)}
    | {"clavicle": ("hat_ribs_scap", False), "scapula": ("hat_ribs_scap", False), "humerus": ("humerus", True)}
    | {f"rib_{k}": ("hat_ribs_scap", False) for k in range(1, 13)}
)
#: vertebrae without controls of their own follow the ribs
FOLLOW_RIBS = [f"vertebra_t{k}" for k in range(5, 13)]
#: bones whose facets one Loop step rounds off; it would shrink the small vertebrae
SMOOTHED = ("skull", "mandible", "scapula", "clavicle", "humerus", "sternum", *(f"rib_{k}" for k in range(1, 13)))
#: controls nearer to the midline than this lie on it
MIDLINE_MM = 0.6
#: vertices so near to the midline are put on it before a bone is cut there
SEAM_MM = 0.05
#: bones that lie on the midline
MIDLINE = ("skull", "mandible", "sternum", *(name for name in SOURCES if name.startswith("vertebra")), *FOLLOW_RIBS)
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

    ribs = _both_sides(np.vstack([controls[f"rib_{k}"] for k in range(1, 13)]))
    thoracic = [p for p in _pieces(_read_stl(meshes_of_myo_sim / "hat_thoracic.stl", False)) if len(p.faces) == 424]
    thoracic.sort(key=lambda p: -p.centroid[2])
    for bone, piece in zip([f"vertebra_t{k}" for k in range(1, 13)], thoracic, strict=True):
        if bone in FOLLOW_RIBS:
            out[bone] = _finish(bone, _carry(piece.vertices, ribs), piece.faces, midline=True)
    return out


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


def _carry(points: Floats, controls: Floats) -> Floats:
    """Move a bone as a whole: where and how large the spline has it, but not bent or stretched by it."""
    centre = points.mean(axis=0)
    probe = centre + 10.0 * np.vstack([np.zeros(3), np.eye(3)])
    moved = _warp(probe, controls, None)
    jacobian = (moved[1:] - moved[0]).T / 10.0
    scale = min(float(np.cbrt(np.linalg.det(jacobian))), 1.0)  # the spline stretches the lower back
    left, _, right = np.linalg.svd(jacobian)
    return moved[0] + scale * (points - centre) @ (left @ right).T


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
