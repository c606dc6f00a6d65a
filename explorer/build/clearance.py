"""Take bones of the midline out of each other where their measured shapes overlap a little."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from explorer.anatomy.meshio import Floats, Mesh
from explorer.anatomy.solid import Solid

#: what is moved out of a neighbour ends this far from it, mm
GAP_MM = 0.1


def _ways_out(mesh: Mesh, other: Mesh) -> Floats:
    """(n, 3) the shortest way of each vertex out of another bone; both bones are their own mirror images.

    Looked up on the left for both sides, so that what was symmetric stays so.
    """
    side = np.where(mesh.vertices[:, :1] < 0, [[-1.0, 1.0, 1.0]], [[1.0, 1.0, 1.0]])
    depth, way, _ = Solid(other.vertices, other.faces).way_out(mesh.vertices * side)
    deep = depth > 0
    way[deep] *= 1.0 + GAP_MM / depth[deep, None]
    way[mesh.vertices[:, 0] == 0.0, 0] = 0.0
    return np.asarray(way * side)


def clear_of(mesh: Mesh, others: Iterable[Mesh], share: float = 1.0) -> Mesh:
    """Move the vertices that lie in other bones out of them by the shortest way.

    Parameters
    ----------
    mesh : Mesh
    others : iterable of Mesh
        Closed.
    share : float
        Of the way; less than 1 where the other bone goes the rest.
    """
    vertices = mesh.vertices
    for other in others:
        vertices = vertices + share * _ways_out(Mesh(vertices, mesh.faces, {}), other)
    return Mesh(vertices, mesh.faces, mesh.values)


def part(upper: Mesh, lower: Mesh) -> tuple[Mesh, Mesh]:
    """Two neighbours, each of which has gone half the way out of the other, and then what little is left."""
    upper, lower = clear_of(upper, [lower], 0.5), clear_of(lower, [upper], 0.5)
    return clear_of(upper, [lower]), clear_of(lower, [upper])
