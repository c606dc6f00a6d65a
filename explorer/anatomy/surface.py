"""The skin as a graph: nearest points, distances along the surface, areas."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Surface:
    """A triangle mesh with what painting asks of it.

    Parameters
    ----------
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
        Wound outward.
    """

    def __init__(self, vertices: Floats, faces: Ints) -> None:
        self.vertices = vertices
        self.faces = faces

    @cached_property
    def _tree(self) -> cKDTree:
        return cKDTree(self.vertices)

    @cached_property
    def edges(self) -> Ints:
        """(e, 2) each edge once."""
        pairs = np.vstack([self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]])
        return np.unique(np.sort(pairs, axis=1), axis=0)

    @cached_property
    def _graph(self) -> sparse.csr_array:
        a, b = self.edges.T
        length = np.linalg.norm(self.vertices[a] - self.vertices[b], axis=1)
        n = len(self.vertices)
        return sparse.csr_array((np.r_[length, length], (np.r_[a, b], np.r_[b, a])), shape=(n, n))

    @cached_property
    def spacing(self) -> Floats:
        """(n,) mean length of the edges at each vertex, mm."""
        a, b = self.edges.T
        length = np.linalg.norm(self.vertices[a] - self.vertices[b], axis=1)
        total = np.bincount(np.r_[a, b], np.r_[length, length], len(self.vertices)).astype(float)
        return total / np.maximum(np.bincount(np.r_[a, b], minlength=len(self.vertices)), 1)

    @cached_property
    def face_normals(self) -> Floats:
        """(m, 3) normals, their length twice the area of the face in mm2."""
        a, b, c = self.vertices[self.faces].transpose(1, 0, 2)
        return np.cross(b - a, c - a)

    @cached_property
    def normals(self) -> Floats:
        """(n, 3) unit outward normals, weighted by area."""
        out = np.zeros_like(self.vertices)
        for corner in range(3):
            np.add.at(out, self.faces[:, corner], self.face_normals)
        return out / np.maximum(np.linalg.norm(out, axis=1), 1e-12)[:, None]

    @cached_property
    def vertex_areas(self) -> Floats:
        """(n,) mm2: a third of the faces at each vertex; they sum to the whole surface."""
        third = np.linalg.norm(self.face_normals, axis=1) / 6
        return np.bincount(self.faces.ravel(), np.repeat(third, 3), len(self.vertices)).astype(float)

    def nearest(self, points: Floats) -> Ints:
        """(k,) the vertex nearest to each point."""
        return np.asarray(self._tree.query(points)[1])

    def project(self, points: Floats) -> Floats:
        """(k, 3) points moved onto the surface: into the tangent plane of the nearest vertex."""
        vertex = self.nearest(points)
        normal = self.normals[vertex]
        height = np.einsum("ij,ij->i", points - self.vertices[vertex], normal)
        return points - height[:, None] * normal

    def within(self, seeds: Ints, limit_mm: float) -> Ints:
        """(k,) vertices that can be reached from the seeds over at most so many mm of edges."""
        distance = dijkstra(self._graph, directed=False, indices=np.unique(seeds), limit=limit_mm, min_only=True)
        return np.flatnonzero(np.isfinite(distance))
