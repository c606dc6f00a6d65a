"""An adaptive Catmull-Clark step on a polygon mesh, as a matrix that any values on vertices can be sent through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Polygons = list[list[int]]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Connectivity:
    """Corners and edges of a polygon mesh.

    Attributes
    ----------
    corner : (c,) int
        Vertex of each corner, polygon after polygon.
    face : (c,) int
        Polygon of each corner.
    following, preceding : (c,) int
        Next and last corner of the same polygon.
    edges : (e, 2) int
        Each once, smaller vertex first.
    edge_of_corner : (c,) int
        The edge from a corner to the following one.
    faces_of_edge : (e,) int
        1 on a border, 2 inside.
    """

    corner: Ints
    face: Ints
    following: Ints
    preceding: Ints
    edges: Ints
    edge_of_corner: Ints
    faces_of_edge: Ints


def connectivity(polygons: Polygons) -> Connectivity:
    """Index the corners and edges of polygons.

    Raises
    ------
    ValueError
        When an edge has more than two faces.
    """
    sizes = np.array([len(polygon) for polygon in polygons])
    corner = np.concatenate([np.asarray(polygon) for polygon in polygons])
    face = np.repeat(np.arange(len(polygons)), sizes)
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])[face]
    place = np.arange(len(corner)) - first
    following = first + (place + 1) % sizes[face]
    preceding = first + (place - 1) % sizes[face]
    ends = np.sort(np.c_[corner, corner[following]], axis=1)
    edges, edge_of_corner, faces_of_edge = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    if faces_of_edge.max() > 2:
        a, b = edges[faces_of_edge.argmax()]
        raise ValueError(f"edge {a}-{b} has {faces_of_edge.max()} faces, at most 2 are allowed: not a manifold surface")
    return Connectivity(corner, face, following, preceding, edges, edge_of_corner.ravel(), faces_of_edge)


def _incidence(rows: Ints, columns: Ints, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)


def catmull_clark(
    polygons: Polygons, vertex_count: int, mesh: Connectivity, split: NDArray[np.bool_]
) -> tuple[sparse.csr_array, Polygons]:
    """Subdivide once where edges are marked, and close the seams to where they are not.

    Vertices keep their ids. A vertex moves by the scheme's rule when all its edges are split, else it stays.
    Open borders stay in their plane.

    Parameters
    ----------
    polygons : list of list of int
    vertex_count : int
    mesh : Connectivity
        Of ``polygons``.
    split : (e,) bool
        Edges of ``mesh`` that get a new vertex.

    Returns
    -------
    matrix : (n, vertex_count) sparse
        New values = matrix @ old values; old vertices first, then face points, then edge points.
    polygons : list of list of int
        Quads, and triangles along the seams; faces without a split edge unchanged.
    """
    faces, edges = len(polygons), mesh.edges
    sizes = np.bincount(mesh.face, minlength=faces)
    inner = mesh.faces_of_edge == 2
    face_average = sparse.csr_array((1.0 / sizes[mesh.face], (mesh.face, mesh.corner)), shape=(faces, vertex_count))
    edge_ids = np.repeat(np.arange(len(edges)), 2)
    midpoint = 0.5 * _incidence(edge_ids, edges.ravel(), (len(edges), vertex_count))
    beside = _incidence(mesh.edge_of_corner, mesh.face, (len(edges), faces)) @ face_average
    edge_point = _scale(np.where(inner, 0.5, 1.0)) @ midpoint + _scale(np.where(inner, 0.25, 0.0)) @ beside

    valence = np.bincount(edges.ravel(), minlength=vertex_count).astype(float)
    split_count = np.bincount(edges[split].ravel(), minlength=vertex_count)
    border_count = np.bincount(edges[~inner].ravel(), minlength=vertex_count)
    # where two borders touch, no smooth rule exists
    moves = (valence > 0) & (split_count == valence) & np.isin(border_count, (0, 2))
    smooth, slide = moves & (border_count == 0), moves & (border_count == 2)
    n = np.maximum(valence, 1.0)
    around = _incidence(mesh.corner, mesh.face, (vertex_count, faces)) @ face_average
    at_edges = _incidence(edges.ravel(), edge_ids, (vertex_count, len(edges)))
    vertex_point = (
        _scale(np.where(smooth, 1 / n**2, 0.0)) @ around
        + _scale(np.where(smooth, 2 / n**2, 0.0)) @ (at_edges @ midpoint)
        + _scale(np.where(slide, 0.25, 0.0)) @ (at_edges @ _scale((~inner).astype(float)) @ midpoint)
        + _scale(np.where(smooth, (n - 3) / n, np.where(slide, 0.5, 1.0)))
    )

    centred = np.unique(mesh.face[split[mesh.edge_of_corner]])
    face_id = np.full(faces, -1)
    face_id[centred] = vertex_count + np.arange(len(centred))
    edge_id = np.full(len(edges), -1)
    edge_id[split] = vertex_count + len(centred) + np.arange(split.sum())
    matrix = sparse.csr_array(sparse.vstack([vertex_point, face_average[centred], edge_point[split]]))

    out = [polygon for polygon, centre in zip(polygons, face_id, strict=True) if centre < 0]
    ahead = edge_id[mesh.edge_of_corner]
    behind = edge_id[mesh.edge_of_corner[mesh.preceding]]
    for k in np.flatnonzero(face_id[mesh.face] >= 0):
        centre, here, after, before = (int(x) for x in (face_id[mesh.face[k]], mesh.corner[k], ahead[k], behind[k]))
        if after >= 0 and before >= 0:
            out.append([before, here, after, centre])
        elif after >= 0:
            out.append([here, after, centre])
        else:
            if before >= 0:
                out.append([before, here, centre])
            out.append([here, int(mesh.corner[mesh.following[k]]), centre])
    return matrix, out


def _scale(values: Floats) -> sparse.dia_array:
    return sparse.diags_array(values)


def triangulate(polygons: Polygons, vertices: Floats) -> Ints:
    """(m, 3) triangles of triangles and quads; a quad is split along its shorter diagonal.

    Of two equal diagonals the one with the higher end is taken, so that mirrored quads split alike.
    """
    triangles = np.array([p for p in polygons if len(p) == 3], dtype=np.int64).reshape(-1, 3)
    quads = np.array([p for p in polygons if len(p) == 4], dtype=np.int64).reshape(-1, 4)
    if len(triangles) + len(quads) != len(polygons):
        raise ValueError("only triangles and quads can be split into triangles here")
    a, b, c, d = vertices[quads].transpose(1, 0, 2)
    one, other = (np.round(np.linalg.norm(p - q, axis=1), 4) for p, q in ((a, c), (b, d)))
    higher = np.maximum(a[:, 2], c[:, 2]) > np.maximum(b[:, 2], d[:, 2])
    along = np.where(one == other, higher, one < other)
    first, second = quads[along], quads[~along]
    return np.vstack([triangles, first[:, [0, 1, 2]], first[:, [0, 2, 3]], second[:, [0, 1, 3]], second[:, [1, 2, 3]]])
