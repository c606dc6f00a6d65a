"""The muscle of the mouth, which the reference shows open and we need closed: laid under the skin of the lips."""

from __future__ import annotations

import numpy as np

from explorer.anatomy.meshio import Mesh
from explorer.anatomy.sheet import Sheet, grid_normals, unit
from explorer.anatomy.surface import Surface

#: middle of the line between the lips (stomion), half width of the mouth, mm, LPS
MOUTH = np.array([0.0, -97.0, -42.0])
HALF_WIDTH_MM = 23.5
#: breadth of the muscle round the mouth, its depth under the skin and its half thickness
BREADTH_MM = (11.0, 13.0)
#: between the line of the lips and the muscle, beside its corners and above: nothing shows between the lips, mm
GAP_MM = (4.0, 4.0)
DEPTH_MM = 3.4
HALF_THICKNESS_MM = 1.7
ROWS, COLUMNS = 32, 8


def ring_of_the_mouth(skin: Mesh) -> Sheet:
    """The sheet of orbicularis oris: a ring of both sides, in the lips and a little beyond them.

    Parameters
    ----------
    skin : Mesh
        mm, LPS.
    """
    surface = Surface(skin.vertices, skin.faces)
    front = np.flatnonzero((skin.vertices[:, 1] < -60) & (surface.normals[:, 1] < -0.15))
    points = np.empty((ROWS, COLUMNS, 3))
    outward = np.empty((ROWS, COLUMNS, 3))
    from scipy.spatial import cKDTree

    tree = cKDTree(skin.vertices[front][:, [0, 2]])
    for r, turn in enumerate(np.linspace(-np.pi, np.pi, ROWS, endpoint=False)):
        # round the corners of the mouth the ring is broad, above and below the lips it begins at their line
        inner = np.array([(HALF_WIDTH_MM + GAP_MM[0]) * np.cos(turn), GAP_MM[1] * np.sin(turn)])
        side, height = BREADTH_MM
        outer = np.array([(HALF_WIDTH_MM + side) * np.cos(turn), (height + 2.0) * np.sin(turn)])
        for c, share in enumerate(np.linspace(0, 1, COLUMNS)):
            x, z = (1 - share) * inner + share * outer
            near = front[tree.query([x, MOUTH[2] + z], k=4)[1]]
            normal = unit(surface.normals[near].mean(axis=0))
            outward[r, c] = normal
            points[r, c] = [x, skin.vertices[near, 1].mean(), MOUTH[2] + z] - DEPTH_MM * normal
    for _ in range(4):
        points[:, :, 1] = 0.5 * points[:, :, 1] + 0.25 * (
            np.roll(points[:, :, 1], 1, 0) + np.roll(points[:, :, 1], -1, 0)
        )
    edge = np.linspace(0, 1, COLUMNS)
    inside = np.minimum(edge, 1 - edge) * BREADTH_MM[1] - 0.6
    square = HALF_THICKNESS_MM**2 * np.clip(inside / 2.0, -1, 1)
    half = np.tile(np.sign(square) * np.sqrt(np.abs(square)), (ROWS, 1))
    normal = grid_normals(points, ring=True)
    flip = np.einsum("rcx,rcx->rc", normal, outward) < 0
    normal[flip] *= -1
    return Sheet(points, normal, half, np.arange(ROWS) / ROWS, edge, True)
