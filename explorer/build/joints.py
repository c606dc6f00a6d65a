"""Find the facet joints: cushions where two neighbouring vertebrae come nearest beside the spinal canal."""

from __future__ import annotations

import numpy as np
import trimesh

from explorer.anatomy.meshio import Floats, Mesh

#: joint -> (upper bone, lower bone)
PAIRS = {"c1_c2": ("vertebra_c1", "vertebra_c2"), "c2_c3": ("vertebra_c2", "vertebra_c3")}
#: where a joint may lie: beside the midline, and no further apart than this
NEAREST_MIDLINE_MM = 13.5
GAP_MM = 5.0
SAMPLES = 6000
THICKNESS_MM = 2.2


def _sample(bone: Mesh) -> Floats:
    mesh = trimesh.Trimesh(bone.vertices, bone.faces, process=False)
    points, _ = trimesh.sample.sample_surface(mesh, SAMPLES, seed=5)
    return np.asarray(points)


def build_joint(upper: Mesh, lower: Mesh) -> Mesh:
    """The left joint between two vertebrae.

    Returns
    -------
    Mesh
        A flat ellipsoid that fills the gap where the two bones face each other, closed, mm, LPS.
    """
    from scipy.spatial import cKDTree

    above, below = _sample(upper), _sample(lower)
    above, below = above[above[:, 0] > NEAREST_MIDLINE_MM], below[below[:, 0] > NEAREST_MIDLINE_MM]
    distance, other = cKDTree(below).query(above)
    close = distance <= max(GAP_MM, float(np.quantile(distance, 0.05)))
    middle = 0.5 * (above[close] + below[other[close]])
    centre = np.median(middle, axis=0)
    middle = middle[np.linalg.norm(middle - centre, axis=1) < 9.0]
    centre = middle.mean(axis=0)
    _, spread, axes = np.linalg.svd(middle - centre, full_matrices=False)
    radii = 1.6 * spread / np.sqrt(len(middle))
    radii = np.array([np.clip(radii[0], 4.0, 8.0), np.clip(radii[1], 3.0, 7.0), THICKNESS_MM])
    ball = trimesh.creation.icosphere(subdivisions=3)
    if np.linalg.det(axes) < 0:
        axes[2] *= -1
    return Mesh(centre + (np.asarray(ball.vertices) * radii) @ axes, np.asarray(ball.faces), {})
