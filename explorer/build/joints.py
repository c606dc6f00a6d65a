"""Find the facet joints of the spine: cushions where two neighbouring bones face each other beside the spinal canal."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import Floats, Mesh

NAMES = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t11")
#: joint -> (upper bone, lower bone)
PAIRS: dict[str, tuple[str, str]] = {"c0_c1": ("skull", "vertebra_c1")} | {
    f"{a}_{b}": (f"vertebra_{a}", f"vertebra_{b}") for a, b in itertools.pairwise(NAMES)
}
#: joints that are documented together, and are one shape of several pieces
TOGETHER = {"t3_t10": tuple(f"t{k}_t{k + 1}" for k in range(3, 11))}
#: these lie beside the dens and are nearly level; all others lie behind the disc of their pair
LEVEL = ("c0_c1", "c1_c2")
LEVEL_AT_LEAST = 0.55
#: where a joint may lie: this far beside the midline, and with the bones no further apart than the nearest places
#: there and so much more; the condyles of the skull stand in their sockets less evenly
BESIDE_MM = (7.0, 28.0)
SLACK_MM = {"c0_c1": 7.0, "c1_c2": 2.5}
USUAL_SLACK_MM = 1.2
#: the two surfaces face each other: cosine of the angle between their normals
FACING = -0.55
#: a facet reaches no further than this from its middle
REACH_MM = 8.0
SAMPLES = 12000
#: a cushion's half length, half breadth, and half thickness, mm
LENGTH_MM, BREADTH_MM, HALF_THICKNESS_MM = (4.5, 6.0), (3.8, 5.0), 1.0


def _sample(bone: Mesh, low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """Points of the left half of a bone in a box, and the normals there."""
    centre = bone.vertices[bone.faces].mean(axis=1)
    near = ((centre > low - 4.0) & (centre < high + 4.0)).all(axis=1)
    mesh = trimesh.Trimesh(bone.vertices, bone.faces[near], process=False)
    points, face = trimesh.sample.sample_surface(mesh, SAMPLES, seed=5)
    inside = ((points > low) & (points < high)).all(axis=1)
    return np.asarray(points)[inside], np.asarray(mesh.face_normals)[face[inside]]


def _box(joint: str, upper: Mesh, lower: Mesh, disc: Mesh | None) -> tuple[Floats, Floats]:
    """Where a joint may lie."""
    behind = -np.inf if disc is None else float(disc.vertices[:, 1].max()) + 0.5
    level = lower.vertices[:, 2].max()
    low = np.array([BESIDE_MM[0], max(behind, float(lower.vertices[:, 1].min())), -np.inf])
    high = np.array([BESIDE_MM[1], np.inf, np.inf])
    if joint in LEVEL:
        # neither the dens above it nor the arch behind
        high[1] = low[1] + 32.0
    return low, np.minimum(high, [np.inf, np.inf, level + 12.0])


def build_joint(joint: str, upper: Mesh, lower: Mesh, disc: Mesh | None) -> Mesh:
    """The left joint between two neighbours.

    Parameters
    ----------
    joint : str
        A name of :data:`PAIRS`.
    upper, lower : Mesh
    disc : Mesh or None
        The disc between them; the joint lies behind it.

    Returns
    -------
    Mesh
        A flat ellipsoid that fills the gap where the two bones face each other, closed, mm, LPS.
    """
    low, high = _box(joint, upper, lower, disc)
    (above, down), (below, up) = _sample(upper, low, high), _sample(lower, low, high)
    if joint in LEVEL:
        above, down = above[down[:, 2] < -LEVEL_AT_LEAST], down[down[:, 2] < -LEVEL_AT_LEAST]
        below, up = below[up[:, 2] > LEVEL_AT_LEAST], up[up[:, 2] > LEVEL_AT_LEAST]
    distance, other = cKDTree(below).query(above)
    # towards each other: the normals oppose, and the way across runs along them
    across = (below[other] - above) / np.maximum(distance, 1e-6)[:, None]
    facing = ((down * up[other]).sum(axis=1) < FACING) & ((across * down).sum(axis=1) > -FACING)
    distance = np.where(facing, distance, np.inf)
    close = distance <= np.quantile(distance[facing], 0.05) + SLACK_MM.get(joint, USUAL_SLACK_MM)
    middle, normal = 0.5 * (above[close] + below[other[close]]), (up[other[close]] - down[close])
    centre = np.median(middle, axis=0)
    for _ in range(4):
        near = np.linalg.norm(middle - centre, axis=1) < REACH_MM
        centre = middle[near].mean(axis=0)
    return _cushion(middle[near], normal[near])


def _cushion(middle: Floats, normal: Floats) -> Mesh:
    """A flat ellipsoid in the plane of points, across their mean normal."""
    centre = middle.mean(axis=0)
    through = normal.mean(axis=0) / np.linalg.norm(normal.mean(axis=0))
    flat = (middle - centre) - np.outer((middle - centre) @ through, through)
    _, spread, axes = np.linalg.svd(flat, full_matrices=False)
    radii = 2.0 * spread / np.sqrt(len(middle))  # a full ellipse has its border at twice the spread
    sizes = [np.clip(radii[0], *LENGTH_MM), np.clip(radii[1], *BREADTH_MM), HALF_THICKNESS_MM]
    frame = np.array([axes[0], np.cross(through, axes[0]), through])
    if np.linalg.det(frame) < 0:
        frame[0] *= -1
    ball = trimesh.creation.icosphere(subdivisions=3)
    return Mesh(centre + (np.asarray(ball.vertices) * sizes) @ frame, np.asarray(ball.faces), {})


def build_joints(bones: Mapping[str, Mesh]) -> dict[str, Mesh]:
    """All joints of :data:`PAIRS`, those of :data:`TOGETHER` as one."""
    out = {
        joint: build_joint(joint, bones[upper], bones[lower], bones.get(f"disc_{joint}"))
        for joint, (upper, lower) in PAIRS.items()
    }
    for name, joints in TOGETHER.items():
        own = [out.pop(joint) for joint in joints]
        start = np.cumsum([0, *(len(mesh.vertices) for mesh in own[:-1])])
        faces = [mesh.faces + first for mesh, first in zip(own, start, strict=True)]
        out[name] = Mesh(np.vstack([mesh.vertices for mesh in own]), np.vstack(faces), {})
    return out
