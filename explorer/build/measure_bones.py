"""Measure bones on a reference atlas that is registered to our skin: the outlines of parallel sections.

Each bone is first turned and shifted so that its own plane of symmetry is the midline; then the left half is the
master, and the table holds that half only. Run by whoever has the reference::

    referred-pain measure --reference DIR
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from scipy.optimize import least_squares
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import Floats
from explorer.build.measure import Reference
from explorer.build.sections import AXES, SECTION_COLUMNS, Sections


@dataclass(frozen=True, slots=True)
class Cut:
    """How a bone is cut.

    Attributes
    ----------
    name : str
        Its id in the reference.
    axis : str
        The planes are of constant x, y or z.
    step_mm, spacing_mm : float
        Between the planes; between the points of an outline.
    top_mm : float
        Nothing above this level is cut, where the planes are level.
    """

    name: str
    axis: str
    step_mm: float
    spacing_mm: float
    top_mm: float = float("inf")


ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh")

CUTS: dict[str, Cut] = (
    {"vertebra_c1": Cut("atlas", "z", 1.0, 1.2), "vertebra_c2": Cut("axis", "z", 1.0, 1.2)}
    | {f"vertebra_c{k}": Cut(f"{ORDINALS[k - 1]}_cervical_vertebra", "z", 1.0, 1.2) for k in range(3, 8)}
    | {f"vertebra_t{k}": Cut(f"{ORDINALS[k - 1]}_thoracic_vertebra", "z", 1.2, 1.3) for k in range(1, 5)}
    | {"disc_c2_c3": Cut("intervertebral_disk_axis", "x", 1.5, 1.2)}
    | {
        f"disc_c{k}_c{k + 1}": Cut(f"intervertebral_disk_{ORDINALS[k - 1]}_cervical_vertebra", "x", 1.5, 1.2)
        for k in range(3, 7)
    }
    | {"disc_c7_t1": Cut("intervertebral_disk_seventh_cervical_vertebra", "x", 1.5, 1.2)}
    | {
        f"disc_t{k}_t{k + 1}": Cut(f"intervertebral_disk_{ORDINALS[k - 1]}_thoracic_vertebra", "x", 1.5, 1.2)
        for k in range(1, 5)
    }
    | {"hyoid": Cut("hyoid_bone", "x", 0.8, 0.9), "thyroid_cartilage": Cut("thyroid_cartilage", "z", 1.0, 1.0)}
    | {"skull_base": Cut("occipital_bone", "z", 1.2, 1.3, top_mm=-1.0)}
)
#: smaller outlines are noise of the reference
SMALLEST_MM2 = 0.4


def symmetry_plane(mesh: trimesh.Trimesh) -> tuple[Floats, Floats, float]:
    """The plane about which a bone is nearest to its own mirror image.

    Returns
    -------
    centre : (3,) float
        A point that the plane passes, at ``shift`` along its normal.
    normal : (3,) float
        Of unit length, towards the left.
    shift : float
        mm.
    """
    probes = np.asarray(trimesh.sample.sample_surface(mesh, 2500, seed=1)[0])
    tree = cKDTree(trimesh.sample.sample_surface(mesh, 30000, seed=2)[0])
    centre = mesh.bounds.mean(axis=0) * [0.0, 1.0, 1.0]

    def normal_of(parameters: Floats) -> Floats:
        normal = np.array([1.0, parameters[1], parameters[2]])
        return np.asarray(normal / np.linalg.norm(normal))

    def off(parameters: Floats) -> Floats:
        normal = normal_of(parameters)
        mirrored = probes - 2.0 * np.outer((probes - centre) @ normal - parameters[0], normal)
        return np.asarray(tree.query(mirrored)[0])

    best = least_squares(off, np.zeros(3), loss="soft_l1", f_scale=0.7, diff_step=1e-3, x_scale=[1.0, 0.02, 0.02])
    return centre, normal_of(best.x), float(best.x[0])


def straightened(mesh: trimesh.Trimesh) -> trimesh.Trimesh:
    """The bone, turned and shifted so that its plane of symmetry is the midline."""
    centre, normal, shift = symmetry_plane(mesh)
    turn = trimesh.geometry.align_vectors(normal, [1.0, 0.0, 0.0])[:3, :3]
    # of all turns that do this the one without a twist about the normal
    axis = np.cross(normal, [1.0, 0.0, 0.0])
    if np.linalg.norm(axis) > 1e-9:
        turn = trimesh.transformations.rotation_matrix(np.arccos(normal[0]), axis)[:3, :3]
    out = mesh.copy()
    out.vertices = (np.asarray(mesh.vertices) - centre - shift * normal) @ turn.T + centre
    return out


def cut_outlines(mesh: trimesh.Trimesh, axis: int, level: float) -> list[Floats]:
    """Closed outlines of the section of a closed mesh with a plane, (n, 2) each; holes of the mesh end an outline."""
    height = np.asarray(mesh.vertices)[:, axis] - level
    above = height > 0
    mixed = np.flatnonzero(above[mesh.faces].any(axis=1) & ~above[mesh.faces].all(axis=1))
    edges = mesh.edges_unique
    crossed = above[edges].any(axis=1) & ~above[edges].all(axis=1)
    a, b = mesh.vertices[edges].transpose(1, 0, 2)
    share = height[edges[:, 0]] / np.where(crossed, height[edges[:, 0]] - height[edges[:, 1]], 1.0)
    places = np.delete(a + share[:, None] * (b - a), axis, axis=1)
    neighbours: dict[int, list[int]] = {}
    for face in mixed:
        p, q = (int(e) for e in mesh.faces_unique_edges[face] if crossed[e])
        neighbours.setdefault(p, []).append(q)
        neighbours.setdefault(q, []).append(p)
    out: list[Floats] = []
    left = set(neighbours)
    while left:
        # an open run begins at its end
        at: int | None = next((e for e in sorted(left) if len(neighbours[e]) == 1), min(left))
        run: list[int] = []
        while at is not None:
            left.discard(at)
            run.append(at)
            at = next((e for e in neighbours[at] if e in left), None)
        if len(run) > 2:
            out.append(places[run])
    return out


def resampled(outline: Floats, spacing: float) -> Floats:
    """The closed outline with equally spaced points, at least 6."""
    ring = np.vstack([outline, outline[:1]])
    length = np.r_[0.0, np.linalg.norm(np.diff(ring, axis=0), axis=1).cumsum()]
    count = max(6, round(length[-1] / spacing))
    at = np.linspace(0.0, length[-1], count, endpoint=False)
    return np.c_[np.interp(at, length, ring[:, 0]), np.interp(at, length, ring[:, 1])]


def left_part(outline: Floats) -> Floats:
    """What of a closed outline lies on the left, closed along the midline."""
    out = []
    for a, b in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        if a[0] >= 0:
            out.append(a)
        if (a[0] >= 0) != (b[0] >= 0):
            out.append(np.array([0.0, a[1] + a[0] / (a[0] - b[0]) * (b[1] - a[1])]))
    return np.array(out).reshape(-1, 2)


def _area(outline: Floats) -> float:
    x, y = outline.T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def measure_bone(mesh: trimesh.Trimesh, cut: Cut) -> Sections:
    """Cut one bone of the reference."""
    axis = AXES.index(cut.axis)
    low, high = mesh.bounds[:, axis]
    low = 0.0 if axis == 0 else low
    count = int((high - low) / cut.step_mm)
    # at the midline itself, or with equal rests at both ends; a little off round figures, where vertices may lie
    first = 0.0 if axis == 0 else low + 0.5 * (high - low - (count - 1) * cut.step_mm)
    levels, outlines = [], []
    for level in np.round(first + cut.step_mm * np.arange(count + 1), 2):
        found = [resampled(o, cut.spacing_mm) for o in cut_outlines(mesh, axis, float(level) + 1e-4)]
        if axis != 0:
            found = [left_part(o) for o in found]
        found = [np.round(o, 1) + 0.0 for o in found if len(o) > 2 and _area(o) > SMALLEST_MM2]
        if found and level <= cut.top_mm:
            levels.append(float(level))
            outlines.append(tuple(found))
    return Sections(axis, np.array(levels), tuple(outlines))


def section_rows(bone: str, sections: Sections) -> Iterable[list[str]]:
    """The rows of ``bone_sections.csv`` for one bone."""
    for level, outlines in zip(sections.levels, sections.outlines, strict=True):
        for k, outline in enumerate(outlines):
            points = " ".join(f"{x:.1f}" for x in outline.ravel())
            yield [bone, AXES[sections.axis], f"{level:.2f}", str(k), points]


def measure_bones(reference: Path, figures: Path, progress: Callable[[str, int, int], None]) -> None:
    """Measure the bones of the neck; writes ``bone_sections.csv``.

    Parameters
    ----------
    reference : Path
        Folder of the registered reference meshes.
    figures : Path
        Where the table goes.
    progress : callable
        Gets ``"bones"``, how many are done, and how many there are.
    """
    source = Reference(reference)
    part = figures / "bone_sections.csv.part"
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(SECTION_COLUMNS)
        for k, (bone, cut) in enumerate(CUTS.items()):
            progress("bones", k, len(CUTS))
            writer.writerows(section_rows(bone, measure_bone(straightened(source.mesh(cut.name)), cut)))
    part.replace(figures / "bone_sections.csv")
    progress("bones", len(CUTS), len(CUTS))
