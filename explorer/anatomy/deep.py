"""Closed shapes for places that do not lie on the skin: behind the eye, deep in the ear, teeth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from explorer.anatomy.meshio import Mesh
from explorer.records import DeepBall

Floats = NDArray[np.float64]


def capsule_distance(points: Floats, centres: Floats, radii: Floats) -> Floats:
    """(k,) signed distance to a chain of balls joined by cones, negative inside.

    Parameters
    ----------
    points : (k, 3) float
    centres : (b, 3) float
    radii : (b,) float
        mm.
    """
    out = np.linalg.norm(points - centres[0], axis=1) - radii[0]
    for a, b, ra, rb in zip(centres, centres[1:], radii, radii[1:], strict=False):
        along = b - a
        t = np.clip((points - a) @ along / (along @ along), 0, 1)
        near = np.linalg.norm(points - (a + t[:, None] * along), axis=1) - (ra + t * (rb - ra))
        out = np.minimum(out, near)
    return out


def deep_shape(balls: Sequence[DeepBall], cells: int = 36) -> Mesh:
    """Join the balls of one deep area into a closed surface.

    Parameters
    ----------
    balls : sequence of DeepBall
        In their order along the shape.
    cells : int
        Cells of the sampling grid along the longest side.

    Returns
    -------
    Mesh
        Closed, wound outward, left side.
    """
    centres = np.array([[ball.x_mm, ball.y_mm, ball.z_mm] for ball in balls])
    radii = np.array([ball.radius_mm for ball in balls])
    low, high = (centres - radii[:, None]).min(axis=0), (centres + radii[:, None]).max(axis=0)
    step = (high - low).max() / cells
    low, high = low - 2 * step, high + 2 * step
    shape = np.ceil((high - low) / step).astype(int) + 1
    grid = pv.ImageData(dimensions=shape, spacing=(step,) * 3, origin=low)
    grid["distance"] = capsule_distance(np.asarray(grid.points), centres, radii)
    surface = grid.contour([0.0], scalars="distance", method="flying_edges")
    faces = surface.regular_faces.astype(np.int64)
    vertices = np.asarray(surface.points, dtype=float)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    if np.einsum("ij,ij->i", a, np.cross(b, c)).sum() < 0:
        faces = faces[:, ::-1]
    return Mesh(vertices, faces, {})
