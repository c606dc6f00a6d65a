"""Repair what can safely be repaired in a mesh, thin it to what the view can draw, cut and divide it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order, connected_components

from explorer.anatomy.enclosure import close_holes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: vertices nearer than this share of the mesh's size are the same
SAME = 1e-6
#: pieces with less than this share of the surface are loose fragments and are left out
FRAGMENT = 0.02


@dataclass
class Mended:
    """A mesh that was put in order, and what was done to it.

    Attributes
    ----------
    vertices : (n, 3) float
        In the unit of the file.
    faces : (m, 3) int
        Wound outward.
    notes : list of str
        What was repaired, in words.
    """

    vertices: Floats
    faces: Ints
    notes: list[str] = field(default_factory=list)


def mend(vertices: Floats, faces: Ints) -> Mended:
    """Join equal vertices, drop double and flat faces and loose fragments, and wind everything outward."""
    notes = []
    count = len(vertices)
    vertices, faces = _joined(vertices, faces)
    if len(vertices) < count:
        notes.append(f"{count - len(vertices)} double vertices joined")
    before = len(faces)
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])]
    _, first = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    faces = faces[np.sort(first)]
    if len(faces) < before:
        notes.append(f"{before - len(faces)} flat or double faces dropped")
    labels = _pieces(vertices, faces)
    area = np.bincount(labels, _areas(vertices, faces))
    loose = np.flatnonzero(area < FRAGMENT * area.sum())
    if len(loose) and len(loose) < len(area):
        keep = ~np.isin(labels, loose)
        notes.append(f"{len(loose)} loose fragments left out ({(~keep).sum()} faces)")
        faces, labels = faces[keep], labels[keep]
    faces, turned = _wound(vertices, faces)
    if turned:
        notes.append(f"{turned} of {len(faces)} faces turned to face outward")
    pieces = len(np.unique(labels))
    if pieces > 1:
        notes.append(f"{pieces} separate pieces kept")
    return Mended(*_compact(vertices, faces), notes)


def _joined(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    size = float(np.ptp(vertices, axis=0).max()) or 1.0
    keys = np.round((vertices - vertices.min(axis=0)) / (SAME * size)).astype(np.int64)
    _, first, place = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return vertices[first], place.reshape(-1)[faces]


def _compact(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    used = np.unique(faces)
    place = np.zeros(len(vertices), np.int64)
    place[used] = np.arange(len(used))
    return vertices[used], place[faces]


def _areas(vertices: Floats, faces: Ints) -> Floats:
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2)


def volume(vertices: Floats, faces: Ints) -> float:
    """Signed volume of a surface, in the cube of its unit; holes are closed towards its middle."""
    a, b, c = (vertices - vertices.mean(axis=0))[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)


def _pieces(vertices: Floats, faces: Ints) -> Ints:
    """(m,) the piece that each face belongs to; pieces hang together by vertices."""
    a, b, c = faces.T
    graph = sparse.coo_array((np.ones(2 * len(faces)), (np.r_[a, b], np.r_[b, c])), shape=(len(vertices),) * 2)
    return np.unique(connected_components(graph, directed=False)[1][a], return_inverse=True)[1].reshape(-1)


def _wound(vertices: Floats, faces: Ints) -> tuple[Ints, int]:
    """Wind all faces alike within each piece, and each piece outward."""
    count = len(faces)
    edges = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    face = np.tile(np.arange(count), 3)
    forward = edges[:, 0] < edges[:, 1]
    key = np.sort(edges, axis=1) @ np.array([len(vertices), 1])
    order = np.argsort(key, kind="stable")
    key, face, forward = key[order], face[order], forward[order]
    starts = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    lengths = np.diff(np.r_[starts, len(key)])
    two = starts[lengths == 2]  # an edge of more than two faces tells nothing
    first, second = face[two], face[two + 1]
    same = forward[two] == forward[two + 1]
    graph = sparse.coo_array((np.where(same, 2.0, 1.0), (first, second)), shape=(count, count)).tocsr()
    graph = graph + graph.T
    pieces, labels = connected_components(graph, directed=False)
    flip = np.zeros(count, bool)
    if same.any():
        for piece in np.unique(labels[first[same]]):
            start = int(np.flatnonzero(labels == piece)[0])
            row, before = breadth_first_order(graph, start, directed=False)
            for k in row[1:]:
                flip[k] = flip[before[k]] ^ (graph[before[k], k] == 2.0)
    out = faces.copy()
    out[flip] = out[flip][:, ::-1]
    a, b, c = (vertices - vertices[out].mean(axis=(0, 1)))[out].transpose(1, 0, 2)
    inside_out = np.bincount(labels, np.einsum("ij,ij->i", a, np.cross(b, c)), pieces) < 0
    turn = inside_out[labels]
    out[turn] = out[turn][:, ::-1]
    return out, int((flip ^ turn).sum())


def thin(vertices: Floats, faces: Ints, budget: int) -> tuple[Floats, Ints]:
    """At most about so many faces, by merging the edges that matter least."""
    if len(faces) <= budget:
        return vertices, faces
    surface = pv.PolyData.from_regular_faces(vertices, faces)
    thinned = surface.decimate(1.0 - budget / len(faces), volume_preservation=True)
    points, kept = np.asarray(thinned.points, dtype=np.float64), thinned.regular_faces.astype(np.int64)
    return _compact(points, kept) if len(kept) else (vertices, faces)


def cut(vertices: Floats, faces: Ints, values: Floats) -> tuple[Floats, Ints]:
    """The part of a mesh where values of its vertices are positive, closed again; may be empty."""
    if (values > 0).all():
        return vertices, faces
    if (values <= 0).all():
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    surface = pv.PolyData.from_regular_faces(vertices, faces)
    surface["value"] = values
    part = surface.clip_scalar(scalars="value", value=0.0, invert=False).triangulate().clean()
    if part.n_cells == 0:
        return np.empty((0, 3)), np.empty((0, 3), np.int64)
    return close_holes(np.asarray(part.points, dtype=np.float64), part.regular_faces.astype(np.int64))


def spread(vertices: Floats, faces: Ints, count: int, seed: int = 0) -> tuple[Floats, Floats]:
    """Points spread evenly over a surface, with unit normals.

    Returns
    -------
    points, normals : (count, 3) float
    """
    chance = np.random.default_rng(seed)
    area = _areas(vertices, faces)
    total = area.sum()
    face = chance.choice(len(faces), count, p=area / total if total > 0 else None)
    u, v = chance.random((2, count))
    fold = u + v > 1
    u[fold], v[fold] = 1 - u[fold], 1 - v[fold]
    a, b, c = vertices[faces[face]].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-12)[:, None]
    return a + u[:, None] * (b - a) + v[:, None] * (c - a), normal
