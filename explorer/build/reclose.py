"""Give a cracked source mesh a new closed surface."""

from __future__ import annotations

import numpy as np
import pyvista as pv
import trimesh
from numpy.typing import NDArray
from scipy import ndimage

from explorer.anatomy.meshio import Floats
from explorer.build.sections import contour, decimate, largest_piece, taubin, welded

#: points of which the winding number is found at once
CHUNK = 4000
#: cells on either side of the surface in which each point is asked for itself
BAND_CELLS = 1.2
ROUNDS = 10


def winding_number(points: Floats, triangles: Floats) -> Floats:
    """(k,) how often a surface goes round each point: 1 inside, 0 outside, and in between beside a crack.

    Parameters
    ----------
    points : (k, 3) float
    triangles : (m, 3, 3) float
    """
    out = np.empty(len(points))
    for start in range(0, len(points), CHUNK):
        to = triangles[None] - points[start : start + CHUNK, None, None]
        a, b, c = to[:, :, 0], to[:, :, 1], to[:, :, 2]
        la, lb, lc = (np.sqrt(np.einsum("kmi,kmi->km", v, v)) for v in (a, b, c))
        solid = np.einsum("kmi,kmi->km", a, np.cross(b, c))
        ab, bc, ca = (np.einsum("kmi,kmi->km", u, v) for u, v in ((a, b), (b, c), (c, a)))
        out[start : start + CHUNK] = np.arctan2(solid, la * lb * lc + ab * lc + bc * la + ca * lb).sum(axis=1)
    return out / (2 * np.pi)


def _inside(points: Floats, distance: Floats, triangles: Floats, cell: float) -> NDArray[np.bool_]:
    """Which nodes of a grid, (p, q, r, 3), are inside: each is asked near the surface, elsewhere one for all."""
    near = distance < BAND_CELLS * cell
    out = np.zeros(distance.shape, dtype=bool)
    out[near] = winding_number(points[near], triangles) > 0.5
    regions, _ = ndimage.label(~near)
    _, first = np.unique(regions.ravel(), return_index=True)
    ask = winding_number(points.reshape(-1, 3)[first], triangles) > 0.5
    labels = np.unique(regions)
    for label, within in zip(labels, ask, strict=True):
        if label:
            out[regions == label] = within
    return out


def reclosed(mesh: trimesh.Trimesh, cell: float, triangles: int) -> trimesh.Trimesh:
    """A closed smooth surface where a cracked one is.

    Parameters
    ----------
    mesh : trimesh.Trimesh
        Wound outward; its cracks are narrow.
    cell : float
        Step of the sampling grid, mm.
    triangles : int
        About so many are wanted.
    """
    low, high = mesh.bounds[0] - 3 * cell, mesh.bounds[1] + 3 * cell
    axes = [np.arange(a, b, cell) for a, b in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    surface = pv.PolyData.from_regular_faces(np.asarray(mesh.vertices), np.asarray(mesh.faces))
    cloud = pv.PolyData(points.reshape(-1, 3)).compute_implicit_distance(surface)
    distance = np.abs(np.asarray(cloud["implicit_distance"])).reshape(points.shape[:3])
    inside = _inside(points, distance, np.asarray(mesh.triangles), cell)
    field = np.clip(np.where(inside, -distance, distance), -3 * cell, 3 * cell)
    vertices, faces = largest_piece(*welded(*contour(ndimage.gaussian_filter(field, 0.5), axes)))
    vertices = taubin(vertices, faces, ROUNDS)
    out = trimesh.Trimesh(*decimate(vertices, faces, triangles), process=False)
    if out.volume < 0:
        out.invert()
    return out
