"""Rank documented patterns by how well they cover the places where it hurts.

Places are named areas with a side. A pattern and a drawing are both amounts on the same cells, each cell
an area on one side with its size in mm2. For a drawn set *D* and a pattern *P* whose core counts 1 and whose
spillover counts :data:`SPILLOVER_SHARE`::

    hit   = sum of size x share over the drawn cells that P reaches
    score = hit / (hit + MISSED x size drawn but not reached + EXTRA x size x share reached but not drawn)

(a Tversky index). It ranks maps, not causes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from explorer.errors import DataError, unknown
from explorer.records import PAIRED_SIDES, SIDES, Pattern, Side, Structure

SPILLOVER_SHARE = 0.5
MISSED = 1.0
EXTRA = 0.25

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """One pattern on one side, and how it fits the drawn places.

    Attributes
    ----------
    rank : int
        Equal scores share a rank.
    structure, family, pattern : str
        Ids.
    side : str
        Side of the structure.
    score : float
        0..1.
    grade : str
    covered, missed, extra : tuple of (area id, side)
        Drawn and reached; drawn and not reached; reached and not drawn.
    """

    rank: int
    structure: str
    family: str
    pattern: str
    side: Side
    score: float
    grade: str
    covered: tuple[Place, ...]
    missed: tuple[Place, ...]
    extra: tuple[Place, ...]


def reach(pattern: Pattern, side: str) -> dict[Place, float]:
    """Places that a pattern reaches from one side, with their share: core 1, spillover less."""
    out: dict[Place, float] = {}
    for entry in pattern.areas:
        share = 1.0 if entry.role == "core" else SPILLOVER_SHARE
        for area_side in entry.sides_for(side):
            place = (entry.area_id, area_side)
            out[place] = max(out.get(place, 0.0), share)
    return out


def read_places(areas: Iterable[tuple[str, str | None] | str], known: Iterable[str]) -> list[tuple[str, str | None]]:
    """Check drawn places; one without a side means either side.

    Raises
    ------
    DataError
        For an unknown area or side, with what is allowed.
    """
    vocabulary = list(known)
    out: list[tuple[str, str | None]] = []
    for entry in areas:
        area, side = (entry, None) if isinstance(entry, str) else entry
        if area not in vocabulary:
            raise DataError(unknown("area", str(area), vocabulary))
        if side is not None and side not in SIDES:
            raise DataError(unknown("side", str(side), SIDES))
        if (area, side) not in out:
            out.append((area, side))
    if not out:
        raise DataError("no area is given; name at least one, such as 'temple_anterior'")
    return out


def match(
    structures: Iterable[Structure], sizes_mm2: Mapping[str, float], drawn: Sequence[tuple[str, str | None]]
) -> list[Match]:
    """Rank all patterns on all sides against drawn places.

    Parameters
    ----------
    structures : iterable of Structure
    sizes_mm2 : mapping of area id to float
        Size of one side of each area.
    drawn : sequence of (area id, side or None)
        As :func:`read_places` gives them.

    Returns
    -------
    list of Match
        Best first; patterns that reach none of the places are left out.
    """
    found: list[tuple[float, Structure, Pattern, Side, list[Place], list[Place], list[Place]]] = []
    for structure in structures:
        for pattern in structure.patterns:
            for side in structure.sides:
                scored = _score(reach(pattern, side), sizes_mm2, drawn)
                if scored is not None:
                    found.append((scored[0], structure, pattern, side, *scored[1:]))
    found.sort(key=lambda row: (-row[0], row[2].grade, row[1].id, row[2].id, row[3]))
    out: list[Match] = []
    for place, (score, structure, pattern, side, covered, missed, extra) in enumerate(found, start=1):
        rank = out[-1].rank if out and abs(out[-1].score - score) < 1e-12 else place
        out.append(
            Match(
                rank,
                structure.id,
                structure.family,
                pattern.id,
                side,
                score,
                pattern.grade,
                tuple(covered),
                tuple(missed),
                tuple(extra),
            )
        )
    return out


def _score(
    reached: Mapping[Place, float], sizes: Mapping[str, float], drawn: Sequence[tuple[str, str | None]]
) -> tuple[float, list[Place], list[Place], list[Place]] | None:
    """Score one pattern; None when it reaches nothing that was drawn."""
    covered: list[Place] = []
    missed: list[Place] = []
    hit = lack = 0.0
    for area, side in drawn:
        options = [(area, s) for s in ((side,) if side else SIDES) if (area, s) in reached]
        if side in PAIRED_SIDES and (area, "midline") in reached:
            options.append((area, "midline"))
        if options:
            best = max(options, key=lambda place: reached[place])
            covered += [place for place in options if place not in covered]
            hit += sizes.get(area, 0.0) * reached[best]
        else:
            missed.append((area, side or "either"))
            lack += sizes.get(area, 0.0)
    if hit == 0.0:
        return None
    extra = [place for place in reached if place not in covered]
    surplus = sum(sizes.get(area, 0.0) * reached[area, side] for area, side in extra)
    return hit / (hit + MISSED * lack + EXTRA * surplus), covered, missed, extra
