"""The closed outer skin, for asking how deep a point lies under it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyvista as pv
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def close_holes(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Close every hole of a surface with a fan around its middle.

    Parameters
    ----------
    vertices : (n, 3) float
    faces : (m, 3) int

    Returns
    -------
    vertices : (n + holes, 3) float
    faces : (k, 3) int
    """
    directed = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    known = set(map(tuple, directed.tolist()))
    following: dict[int, list[int]] = defaultdict(list)
    for a, b in known:
        if (b, a) not in known:
            following[b].append(a)
    new_vertices, new_faces = [vertices], [faces]
    count = len(vertices)
    while following:
        start = next(iter(following))
        ring = [start]
        while True:
            options = following[ring[-1]]
            ring.append(options.pop())
            if not options:
                del following[ring[-2]]
            if ring[-1] == start:
                break
        loop = np.array(ring[:-1])
        new_vertices.append(vertices[loop].mean(axis=0)[None])
        new_faces.append(np.c_[loop, np.roll(loop, -1), np.full(len(loop), count)])
        count += 1
    return np.vstack(new_vertices), np.vstack(new_faces)


class Enclosure:
    """Signed depth under a closed surface.

    Parameters
    ----------
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
        Wound outward; holes (lids, lips, the crop) are closed here.
    """

    def __init__(self, vertices: Floats, faces: Ints) -> None:
        closed, triangles = close_holes(vertices, faces)
        self._distance = vtk.vtkImplicitPolyDataDistance()
        self._distance.SetInput(pv.PolyData.from_regular_faces(closed, triangles))

    def depth(self, points: Floats) -> Floats:
        """(k,) depth of points under the surface, mm; negative outside."""
        values = vtk.vtkDoubleArray()
        self._distance.FunctionValue(numpy_to_vtk(np.ascontiguousarray(points, dtype=float)), values)
        return -np.asarray(vtk_to_numpy(values))

    def depth_and_inward(self, points: Floats) -> tuple[Floats, Floats]:
        """Depth of points, and unit vectors that lead deeper."""
        inward = np.empty_like(points)
        gradient = [0.0, 0.0, 0.0]
        for k, point in enumerate(points):
            self._distance.EvaluateGradient(point, gradient)
            inward[k] = gradient
        length = np.linalg.norm(inward, axis=1)[:, None]
        return self.depth(points), -inward / np.where(length > 1e-9, length, 1.0)
