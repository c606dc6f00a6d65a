"""Finish laid shapes: keep them under the skin, give them fibres, and bring the trigger points over."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.meshio import Mesh
from explorer.bring.mend import spread
from explorer.build.compare import winding_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: so deep under the skin vertices are pushed, mm
UNDER_MM = 0.6
#: how deep in its muscle a trigger point is put that would lie outside it, mm
IN_MUSCLE_MM = 3.0


def _neighbours(count: int, faces: Ints) -> sparse.csr_array:
    """Means over the neighbours of each vertex."""
    a = np.r_[faces[:, 0], faces[:, 1], faces[:, 2]]
    b = np.r_[faces[:, 1], faces[:, 2], faces[:, 0]]
    graph = sparse.coo_array((np.ones(2 * len(a)), (np.r_[a, b], np.r_[b, a])), shape=(count, count)).tocsr()
    graph.data[:] = 1.0
    degree = np.maximum(np.asarray(graph.sum(axis=1)).ravel(), 1.0)
    return sparse.csr_array(sparse.diags_array(1.0 / degree) @ graph)


def keep_inside(vertices: Floats, faces: Ints, skin: Enclosure, rounds: int = 3) -> tuple[Floats, int]:
    """Push vertices that come out of the skin back under it; their neighbours follow.

    Returns
    -------
    vertices : (n, 3) float
    pushed : int
        How many lay outside.
    """
    depth = skin.depth(vertices)
    pushed = int((depth < 0).sum())
    mean = None
    for _ in range(rounds):
        near = np.flatnonzero(depth < UNDER_MM)
        if not len(near):
            break
        mean = mean if mean is not None else _neighbours(len(vertices), faces)
        own, inward = skin.depth_and_inward(vertices[near])
        shift = np.zeros_like(vertices)
        shift[near] = inward * (UNDER_MM + 0.2 - own)[:, None]
        for _ in range(3):
            wide = mean @ shift
            wide[near] = shift[near]
            shift = wide
        vertices = vertices + shift
        depth = skin.depth(vertices)
    return vertices, pushed


def fibres_from(mesh: Mesh, vertices: Floats, faces: Ints) -> dict[str, NDArray[np.generic]]:
    """Fibre coordinates of a laid muscle, from the nearest places of ours.

    Parameters
    ----------
    mesh : Mesh
        Ours, on the same side, with ``along`` and ``across`` (see :mod:`explorer.build.muscles`).
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
    """
    if "along" not in mesh.values:
        return fibres_by_axis(vertices)
    far, near = cKDTree(mesh.vertices).query(vertices, k=min(6, len(mesh.vertices)))
    weight = 1.0 / (far + 0.5) ** 2
    weight /= weight.sum(axis=1)[:, None]
    mean = _neighbours(len(vertices), faces)
    out: dict[str, NDArray[np.generic]] = {}
    for name, kind in (("along", np.uint8), ("across", np.uint16)):
        own = (weight * mesh.values[name].astype(np.float64)[near]).sum(axis=1)
        for _ in range(2):
            own = 0.5 * own + 0.5 * (mean @ own)
        out[name] = np.clip(np.round(own), 0, np.iinfo(kind).max).astype(kind)
    return out


def fibres_by_axis(vertices: Floats) -> dict[str, NDArray[np.generic]]:
    """Fibre coordinates along the longest axis of a shape, where nothing better is known."""
    centred = vertices - vertices.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    along, across = centred @ axes[0], centred @ axes[1]
    along = (along - along.min()) / max(float(np.ptp(along)), 1e-9)
    return {
        "along": np.round(255 * along).astype(np.uint8),
        "across": np.clip(np.round(10 * (across - across.min())), 0, 65535).astype(np.uint16),
    }


def place_inside(point: Floats, vertices: Floats, faces: Ints) -> Floats:
    """A place in a closed shape: the point itself where it lies inside, else the nearest place a little under its surface."""
    if winding_numbers(point[None], vertices, faces)[0] > 0.5:
        return point
    places, normals = spread(vertices, faces, 4000, seed=3)
    nearest = int(np.linalg.norm(places - point, axis=1).argmin())
    ways = places[nearest] - normals[nearest] * np.linspace(0.2, IN_MUSCLE_MM, 15)[:, None]
    inside = winding_numbers(ways, vertices, faces) > 0.5
    if not inside.any():
        return np.asarray(places[nearest])
    # not past the other wall of a thin sheet: half way through it
    last = int(np.argmin(inside)) if not inside.all() else len(ways)
    return np.asarray(ways[max(0, last - 1) if inside.all() else last // 2])
