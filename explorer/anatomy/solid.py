"""A closed body, for asking which points lie in it, how deep, and which way out is the shortest."""

from __future__ import annotations

import numpy as np
import pyvista as pv
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import vtk_to_numpy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Solid:
    """A closed surface.

    Parameters
    ----------
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
        Closed; the winding does not matter.
    """

    def __init__(self, vertices: Floats, faces: Ints) -> None:
        self.vertices, self.faces = vertices, faces
        self.low, self.high = vertices.min(axis=0), vertices.max(axis=0)
        self._surface = pv.PolyData.from_regular_faces(np.asarray(vertices, dtype=float), faces)
        self._locator = vtk.vtkStaticCellLocator()
        self._locator.SetDataSet(self._surface)
        self._locator.BuildLocator()

    def __contains__(self, point: Floats) -> bool:
        return bool(self.inside(np.asarray(point, dtype=float)[None])[0])

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        """(k,) True for points in the body: counted by rays, so thin edges do not deceive."""
        out = ((points > self.low) & (points < self.high)).all(axis=1)
        near = np.flatnonzero(out)
        if len(near):
            test = vtk.vtkSelectEnclosedPoints()
            test.SetSurfaceData(self._surface)
            test.SetInputData(pv.PolyData(np.ascontiguousarray(points[near], dtype=float)))
            test.SetTolerance(1e-7)
            test.Update()
            out[near] = vtk_to_numpy(test.GetOutput().GetPointData().GetArray("SelectedPoints")).astype(bool)
        return out

    def way_out(self, points: Floats) -> tuple[Floats, Floats, Ints]:
        """The shortest way out of the body.

        Parameters
        ----------
        points : (k, 3) float

        Returns
        -------
        depth : (k,) float
            mm; 0 outside.
        way : (k, 3) float
            To the nearest point of the surface; 0 outside.
        face : (k,) int
            The face it leads to; -1 outside.
        """
        depth, way, face = np.zeros(len(points)), np.zeros((len(points), 3)), np.full(len(points), -1)
        cell, part, square, nearest = vtk.mutable(0), vtk.mutable(0), vtk.mutable(0.0), [0.0, 0.0, 0.0]
        for k in np.flatnonzero(self.inside(points)):
            self._locator.FindClosestPoint(points[k], nearest, cell, part, square)
            way[k] = np.asarray(nearest) - points[k]
            depth[k] = np.linalg.norm(way[k])
            face[k] = int(cell)
        return depth, way, face


def apart(first: Solid, second: Solid) -> bool:
    """True when the boxes of two bodies do not meet."""
    return bool((first.low > second.high).any() or (second.low > first.high).any())
