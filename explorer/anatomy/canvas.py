"""The built skin as a canvas, and places in built muscles, for records that are added after the build."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.landmarks import read_landmarks
from explorer.anatomy.meshio import Mesh, load_mesh
from explorer.anatomy.painting import Canvas
from explorer.anatomy.surface import Surface

Floats = NDArray[np.float64]

#: how many vertices a place is the mean of, how near they must be as a share of the muscle, and the slice along it
_NEAREST = 16
_SHARE = 0.05
_SLICE = 0.08


def load_canvas(meshes: Path) -> Canvas:
    """The built skin, ready to be painted on."""
    skin = load_mesh(meshes / "skin.npz")
    landmarks = read_landmarks(
        meshes / "figures" / "landmarks.csv", skin.vertices, skin.values["base_vertex"].astype(np.int64)
    )
    return Canvas(Surface(skin.vertices, skin.faces), landmarks, skin.values["mirror"].astype(np.int64))


def place_in_muscle(muscle: Mesh, along: float, across: float) -> Floats:
    """About where a site lies in a built muscle: half way through it.

    Parameters
    ----------
    muscle : Mesh
        With the fibre coordinates ``along`` (0..255) and ``across`` (tenths of a millimetre) of its vertices.
    along, across : float
        0..1 along the fibres and across them.

    Returns
    -------
    (3,) float
        mm, LPS; within about a centimetre of where a build puts it.
    """
    own_along = muscle.values["along"].astype(np.float64) / 255.0
    own_across = muscle.values["across"].astype(np.float64)
    level = np.abs(own_along - along)
    near = level < max(_SLICE, float(np.sort(level)[min(_NEAREST, len(level)) - 1]))
    low, high = own_across[near].min(), own_across[near].max()
    distance = np.hypot(level, (own_across - low) / max(high - low, 1.0) - across)
    chosen = np.argsort(distance)[:_NEAREST]
    weight = np.exp(-0.5 * (distance[chosen] / _SHARE) ** 2) + 1e-9
    return np.asarray(weight @ muscle.vertices[chosen] / weight.sum())
