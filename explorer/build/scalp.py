"""The tendon sheet of the scalp (galea), which the reference lacks: laid under the skin between the bellies in front and behind."""

from __future__ import annotations

import numpy as np

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.sheet import Sheet, grid_normals, unit

#: the vault is seen from here, mm, LPS
CENTRE = np.array([0.0, 0.0, 40.0])
#: from the upper border of the frontal belly to that of the occipital belly: degrees from the front, up and over
FRONT_TO_BACK_DEGREES = (30.0, 174.0)
#: from the midline to the side
TO_THE_SIDE_DEGREES = (-2.5, 50.0)
DEPTH_MM = 5.4
HALF_THICKNESS_MM = 0.4
ROWS, COLUMNS = 21, 9


def sheet_of_the_scalp(skin: Enclosure) -> Sheet:
    """The left half of the epicranial aponeurosis, from front to back.

    Parameters
    ----------
    skin : Enclosure
        The closed outer skin, mm, LPS.
    """
    over = np.radians(np.linspace(*FRONT_TO_BACK_DEGREES, ROWS))[:, None]
    side = np.radians(np.linspace(*TO_THE_SIDE_DEGREES, COLUMNS))[None, :]
    direction = unit(
        np.stack(np.broadcast_arrays(np.sin(side), -np.cos(over) * np.cos(side), np.sin(over) * np.cos(side)), axis=-1)
    )
    low, high = np.full((ROWS, COLUMNS), 40.0), np.full((ROWS, COLUMNS), 160.0)
    for _ in range(16):  # halve the way to where the wanted depth lies
        middle = 0.5 * (low + high)
        depth = skin.depth((CENTRE + middle[..., None] * direction).reshape(-1, 3)).reshape(ROWS, COLUMNS)
        low, high = np.where(depth > DEPTH_MM, middle, low), np.where(depth > DEPTH_MM, high, middle)
    points = CENTRE + low[..., None] * direction
    half = np.full((ROWS, COLUMNS), HALF_THICKNESS_MM)
    half[[0, -1]] = half[:, [0, -1]] = -HALF_THICKNESS_MM
    return Sheet(points, grid_normals(points), half, np.linspace(0, 1, ROWS), np.linspace(0, 1, COLUMNS))
