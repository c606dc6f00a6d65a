"""Find out how an atlas is laid out: its unit, its axes, its handedness, and on which side each shape lies.

Names are only where this begins: which side a shape is on is said by where it lies, and two parts of one muscle are
told apart by how they lie to each other.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError

Floats = NDArray[np.float64]
Key = tuple[str, str]

#: units and how many mm they are
UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}
#: a body may be so many times larger or smaller than ours
_BODY = 1.6
_WORDS = ("left", "back", "up")
_OPPOSITE = ("right", "front", "down")
#: shapes nearer to the middle plane than this may be on either side, mm
MIDDLE_MM = 2.0
#: at least so many shapes tell the axes
FEWEST = 4


@dataclass(frozen=True)
class Layout:
    """How an atlas is laid out.

    Attributes
    ----------
    unit : str
    scale : float
        mm of one unit.
    turn : (3, 3) float
        ``points @ turn`` has our axes (LPS).
    axes : str
        Where its three axes point, in words.
    mirrored : bool
        Whether it is the mirror image of a body.
    shift : (3,) float
        mm, to add after turn and scale, so that it lies roughly where ours does.
    notes : tuple of str
    """

    unit: str
    scale: float
    turn: Floats
    axes: str
    mirrored: bool
    shift: Floats
    notes: tuple[str, ...]

    def apply(self, points: Floats) -> Floats:
        """(n, 3) points in mm with our axes, roughly in place."""
        return np.asarray(self.scale * points @ self.turn + self.shift)


def _turns() -> Iterable[Floats]:
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            out = np.zeros((3, 3))
            for to, (source, sign) in enumerate(zip(order, signs, strict=True)):
                out[source, to] = sign
            yield out


def find_layout(theirs: Mapping[Key, Floats], ours: Mapping[Key, Floats]) -> Layout:
    """Find unit, axes and handedness from where shapes lie.

    Parameters
    ----------
    theirs, ours : mapping of (shape, side) to (3,) float
        Middles of shapes, in the unit of the file and in mm, LPS.

    Raises
    ------
    ExplorerError
        When too few shapes are known, or when no unit fits.
    """
    keys = [key for key in theirs if key in ours]
    if len(keys) < FEWEST:
        raise ExplorerError(
            f"only {len(keys)} shapes of the atlas are known to us; at least {FEWEST} are needed to find its place; name more in the mapping table"
        )
    x, y = np.array([theirs[key] for key in keys]), np.array([ours[key] for key in keys])
    x0, y0 = np.median(x, axis=0), np.median(y, axis=0)
    # middles: a few wrong names must not matter
    far = float(np.median(np.linalg.norm(x - x0, axis=1)))
    if far < 1e-9:
        raise ExplorerError("the shapes of the atlas all lie in one place; look at the mapping table")
    scale = float(np.median(np.linalg.norm(y - y0, axis=1))) / far

    def error(turn: Floats) -> float:
        return float(np.median(np.linalg.norm(scale * (x - x0) @ turn - (y - y0), axis=1)))

    every = list(_turns())
    turn = min((one for one in every if np.linalg.det(one) > 0), key=error)
    image = min((one for one in every if np.linalg.det(one) < 0), key=error)
    mirrored = error(image) < 0.7 * error(turn)  # a mirror image must explain much more than a plain turn
    if mirrored:
        turn = image
    unit = min(UNITS, key=lambda name: abs(np.log(UNITS[name] / scale)))
    off = scale / UNITS[unit]
    notes = []
    if not 1 / _BODY < off < _BODY:
        raise ExplorerError(
            f"the atlas is {1 / scale:.3g} times as large as our body in mm; allowed are mm, cm, m and inch; save it in one of these"
        )
    notes.append(f"unit: {unit} (by size; its body is {1 / off:.2f} times as large as ours)")
    names = [_where(turn[axis]) for axis in range(3)]
    axes = ", ".join(f"{letter} to the {name}" for letter, name in zip("xyz", names, strict=True))
    notes.append(f"axes: {axes}" + (" (LPS, as ours)" if np.array_equal(turn, np.eye(3)) else " (turned)"))
    if mirrored:
        notes.append(
            "handedness: it is the mirror image of a body, going by its names of left and right; mirrored back"
        )
    else:
        notes.append("handedness: as a body")
    final = UNITS[unit] * turn
    shift = y0 - x0 @ final
    return Layout(unit, UNITS[unit], turn, axes, mirrored, np.asarray(shift), tuple(notes))


def _where(row: Floats) -> str:
    axis = int(np.abs(row).argmax())
    return _WORDS[axis] if row[axis] > 0 else _OPPOSITE[axis]


def side_of(middle: Floats, plane: float) -> str | None:
    """The side on which a middle lies; None near the plane of the middle."""
    x = float(middle[0]) - plane
    return None if abs(x) < MIDDLE_MM else "left" if x > 0 else "right"


def middle_plane(middles: Mapping[Key, Floats], midline: frozenset[str]) -> float:
    """Where the plane of the middle lies along x, mm: by shapes of the midline and by pairs."""
    found = [float(place[0]) for (shape, _), place in middles.items() if shape in midline]
    for (shape, side), place in middles.items():
        if side == "left" and (shape, "right") in middles:
            found.append(float(place[0] + middles[shape, "right"][0]) / 2)
    return float(np.median(found)) if found else 0.0


def exchanged(
    theirs: Mapping[Key, Floats], ours: Mapping[Key, Floats], families: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Pairs of parts whose names are exchanged, by how they lie to each other: (part, part, side).

    Parameters
    ----------
    theirs, ours : mapping of (shape, side) to (3,) float
        Middles, mm, LPS.
    families : mapping of shape to family
    """
    out = []
    for (first, side), (second, other) in itertools.combinations(theirs, 2):
        if side != other or families.get(first, first) != families.get(second, second):
            continue
        if (first, side) not in ours or (second, side) not in ours:
            continue
        a, b = theirs[first, side] - theirs[second, side], ours[first, side] - ours[second, side]
        long = np.linalg.norm(a), np.linalg.norm(b)
        if min(long) > 4.0 and float(a @ b) < -0.6 * long[0] * long[1]:
            out.append((first, second, side))
    return out
