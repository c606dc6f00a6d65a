"""The closed outer skin, for asking how deep a point lies under it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyvista as pv
import trimesh
import vtk
from numpy.typing import NDArray
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: the cleft of the armpit: heights within which it lies, and how wide it is at most, mm
ARMPIT_Z = (-345.0, -262.0)
ARMPIT_MM = 14.0


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
    for a, b in sorted(known):
        if (b, a) not in known:
            following[b].append(a)
    new_vertices, new_faces = [vertices], [faces]
    count = len(vertices)
    for loop in _loops(following):
        new_vertices.append(vertices[loop].mean(axis=0)[None])
        new_faces.append(np.c_[loop, np.roll(loop, -1), np.full(len(loop), count)])
        count += 1
    return np.vstack(new_vertices), np.vstack(new_faces)


def _loops(following: dict[int, list[int]]) -> list[Ints]:
    """Take border edges apart into loops that meet no vertex twice."""
    out = []
    while following:
        ring = [next(iter(following))]
        place = {ring[0]: 0}
        while following.get(ring[-1]):
            onward = following[ring[-1]].pop()
            if not following[ring[-1]]:
                del following[ring[-1]]
            if onward in place:  # a loop is closed; go on with what came before it, if anything did
                first = place[onward]
                out.append(np.array(ring[first:]))
                for vertex in ring[first + 1 :]:
                    del place[vertex]
                ring = ring[: first + 1]
            else:
                place[onward] = len(ring)
                ring.append(onward)
    return out


def without_armpits(vertices: Floats, faces: Ints) -> Ints:
    """Drop the walls of the cleft between arm and chest, where the skin of both touches and crosses.

    Parameters
    ----------
    vertices : (n, 3) float
        The default skin, mm, LPS.
    faces : (m, 3) int

    Returns
    -------
    (k, 3) int
        What is left; the hole over the cleft can be closed with :func:`close_holes`.
    """
    centre = vertices[faces].mean(axis=1)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    x, y, z = np.abs(centre[:, 0]), centre[:, 1], centre[:, 2]
    near = np.flatnonzero((x > 105) & (x < 200) & (y > -45) & (y < 105) & (z > ARMPIT_Z[0]) & (z < ARMPIT_Z[1]))
    locator = vtk.vtkStaticCellLocator()
    locator.SetDataSet(pv.PolyData.from_regular_faces(vertices, faces))
    locator.BuildLocator()
    where, hit, parametric, sub = vtk.mutable(0.0), [0.0] * 3, [0.0] * 3, vtk.mutable(0)
    drop = np.zeros(len(faces), bool)
    for k in near:
        start = centre[k] + 0.05 * normal[k]
        drop[k] = bool(
            locator.IntersectWithLine(start, start + ARMPIT_MM * normal[k], 1e-6, where, hit, parametric, sub)
        )
    return _largest_piece(faces[~drop])


def _largest_piece(faces: Ints) -> Ints:
    """The largest piece of a surface that hangs together by edges."""
    pairs = trimesh.graph.face_adjacency(faces)
    labels = trimesh.graph.connected_component_labels(pairs, node_count=len(faces))
    return faces[labels == np.bincount(labels).argmax()]


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
        self.vertices, self.faces = closed, triangles
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


def outer_skin(vertices: Floats, faces: Ints) -> Enclosure:
    """The closed outer skin: lids, lips, armpits and lower edge closed."""
    return Enclosure(vertices, without_armpits(vertices, faces))
