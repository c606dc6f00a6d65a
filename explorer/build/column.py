"""Carry the spine on below T4, where nothing was measured.

Estimated: T5 to T12 and the discs between them take the shape of T4 and of the disc above it, and grow downwards. Where they
lie follows the heads of the ribs, each of which meets the disc between its own vertebra and the one above.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.interpolate import CubicSpline

from explorer.anatomy.meshio import Floats, Mesh

#: vertebrae of which there is no measured shape
ESTIMATED = tuple(f"vertebra_t{k}" for k in range(5, 13))
ESTIMATED_DISCS = tuple(f"disc_t{k}_t{k + 1}" for k in range(5, 12))
#: a rib's head lies this far behind the middle of its disc (at T3 to T5, where both are measured)
HEAD_BEHIND_MM = 8.0
#: the part of a rib that is its head reaches this far from its nearest point to the midline
HEAD_MM = 3.0
#: how much wider the lowest vertebra is than T4, and what is left there of the length of its processes: of the
#: spinous one below the body, of the transverse ones beside it
WIDER = 1.25
SPINE_LEFT, TRANSVERSE_LEFT = 0.35, 0.5
#: half width of the body of T4
BODY_MM = 15.0


def _middle(mesh: Mesh) -> Floats:
    """(2,) y and z of the middle of a bone of the midline: of its surface, by area."""
    a, b, c = mesh.vertices[mesh.faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    return np.asarray((area[:, None] * (a + b + c)).sum(axis=0) / (3 * area.sum()))[1:]


def _head(rib: Mesh) -> Floats:
    """(2,) y and z of the head of a rib."""
    x = rib.vertices[:, 0]
    return np.asarray(rib.vertices[x < x.min() + HEAD_MM].mean(axis=0))[1:]


def disc_places(above: Floats, first: Floats, heads: Floats) -> Floats:
    """Middles of the discs below T4, from T4/T5 to T12/L1.

    Parameters
    ----------
    above, first : (2,) float
        Middles of the discs T3/T4 and T4/T5, y and z, mm.
    heads : (7, 2) float
        Heads of ribs 6 to 12.

    Returns
    -------
    (9, 2) float
        The first is ``first``. The way down from disc to disc grows evenly, so that no vertebra is much taller
        than the one above it; how fast, and the bend forward and back, is what fits the ribs best.
    """
    step = np.arange(1.0, 8.0)
    tall = above[1] - first[1]
    growth = (step * (step + 1) / 2) @ (first[1] - heads[:, 1] - tall * step) / ((step * (step + 1) / 2) ** 2).sum()
    every = np.arange(0.0, 9.0)
    z = first[1] - tall * every - growth * every * (every + 1) / 2
    # the column leaves T4 in the direction in which it reached it, then bends
    basis = np.c_[step, step**2, step**3]
    lean = first[0] - above[0]
    found = heads[:, 0] - HEAD_BEHIND_MM - first[0] - lean * step
    bend = np.linalg.lstsq(basis[:, 1:], found, rcond=None)[0]
    y = first[0] + lean * every + np.c_[every**2, every**3] @ bend
    return np.c_[y, z]


def _frame(upper: Floats, lower: Floats) -> tuple[Floats, Floats, float]:
    """Middle, axes (rows: back, up) and height of what lies between two discs."""
    up = upper - lower
    height = float(np.linalg.norm(up))
    up = up / height
    return (upper + lower) / 2, np.array([[up[1], -up[0]], up]), height


def _carried(mesh: Mesh, here: tuple[Floats, Floats, float], there: tuple[Floats, Floats, float], wider: float) -> Mesh:
    """A bone, moved from one frame to another, made as tall as that and ``wider`` times as wide and deep."""
    middle, axes, height = here
    own = (mesh.vertices[:, 1:] - middle) @ axes.T * [wider, there[2] / height]
    return Mesh(np.c_[mesh.vertices[:, 0] * wider, own @ there[1] + there[0]], mesh.faces, {})


def _trimmed(vertebra: Mesh, here: tuple[Floats, Floats, float], share: float) -> Mesh:
    """T4 with shorter processes: by nothing at share 0, by as much as the lowest vertebra at 1."""
    middle, axes, height = here
    back, up = ((vertebra.vertices[:, 1:] - middle) @ axes.T).T
    x = vertebra.vertices[:, 0]
    below, beside = np.minimum(up + height / 2, 0.0), np.sign(x) * np.maximum(np.abs(x) - BODY_MM, 0.0)
    up = up - share * (1.0 - SPINE_LEFT) * below
    x = x - share * (1.0 - TRANSVERSE_LEFT) * beside
    return Mesh(np.c_[x, np.c_[back, up] @ axes + middle], vertebra.faces, {})


def lower_column(bones: Mapping[str, Mesh]) -> dict[str, Mesh]:
    """T5 to T12 and the discs between them.

    Parameters
    ----------
    bones : mapping of bone id to Mesh
        T4, the discs above and below it, and the ribs 6 to 12 of the left side.
    """
    above, first = _middle(bones["disc_t3_t4"]), _middle(bones["disc_t4_t5"])
    heads = np.array([_head(bones[f"rib_{k}"]) for k in range(6, 13)])
    places = disc_places(above, first, heads)
    here = _frame(above, first)
    tangent = CubicSpline(np.arange(-1.0, 9.0), np.vstack([above, places])).derivative()
    disc_here = _frame(above - tangent(-1.0) / 2, above + tangent(-1.0) / 2)
    out = {}
    for k, bone in enumerate(ESTIMATED):
        share = (k + 1) / len(ESTIMATED)
        vertebra = _trimmed(bones["vertebra_t4"], here, share)
        out[bone] = _carried(vertebra, here, _frame(places[k], places[k + 1]), 1.0 + (WIDER - 1.0) * share)
    for k, disc in enumerate(ESTIMATED_DISCS, start=1):
        wider = 1.0 + (WIDER - 1.0) * (k + 0.5) / len(ESTIMATED)
        there = _frame(places[k] - tangent(float(k)) / 2, places[k] + tangent(float(k)) / 2)
        out[disc] = _carried(bones["disc_t3_t4"], disc_here, there, wider)
    return out
