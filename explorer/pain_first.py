"""What the browser needs for the pain-first door: candidates, features, warning signs and look-alikes as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer import matching

if TYPE_CHECKING:
    from explorer.atlas import Atlas
    from explorer.records import Reference

Json = dict[str, Any]

#: regions of areas for which the warning signs of the chest and arm are shown; all others get those of head and neck
CHEST_AND_ARM = ("chest", "arm", "hand", "shoulder", "upper back", "back", "abdomen")


def _source(reference: Reference, locator: str) -> Json:
    return {"citation": reference.citation, "link": reference.link, "locator": locator, "status": reference.status}


def _places(places: tuple[matching.Place, ...]) -> list[str]:
    return [f"{area}:{side}" for area, side in places]


def pain_first(atlas: Atlas) -> Json:
    """Everything that ``matching.js`` and ``pain.js`` read, apart from the painted weights.

    Returns
    -------
    dict
        ``constants`` of :mod:`explorer.matching`; ``candidates`` (patterns with one map, places of its left side as
        ``area:side``); ``deep`` (areas without skin); ``features``, ``red_flags``, ``look_alikes``, ``redrawing``.
    """
    data, scorer = atlas.dataset, atlas.scorer
    redrawing = data.drawing_studies["redrawing_jaccard"]
    return {
        "constants": {
            name.lower(): getattr(matching, name)
            for name in (
                "SPILLOVER_SHARE",
                "MISSED",
                "ADDED",
                "DEEP_AREA_MM2",
                "LEAST_REACHED",
                "FEATURE_STEP",
                "DRAWN_OF_AREA",
                "DRAWN_IN_AREA",
            )
        },
        "candidates": [
            {
                "patterns": list(candidate.patterns),
                "sides": list(candidate.sides),
                "core": _places(candidate.core),
                "spillover": _places(candidate.spillover),
                "unnamed": _places(candidate.unnamed),
                "features": [name for name in data.features if name in scorer.features_of[k]],
            }
            for k, candidate in enumerate(scorer.candidates)
        ],
        "deep": list(dict.fromkeys(area for area, _ in scorer.deep)),
        "chest_and_arm": list(CHEST_AND_ARM),
        "features": [{"id": f.id, "name": f.name, "column": f.column} for f in data.features.values()],
        "red_flags": [
            {"id": f.id, "applies_to": f.applies_to, "urgency": f.urgency, "plain": f.plain, "clinical": f.clinical}
            | _source(f.reference, f.locator)
            for f in data.red_flags
        ],
        "look_alikes": [
            {
                "id": entry.id,
                "name": entry.name,
                "plain": entry.plain,
                "tells_apart": entry.tells_apart,
                "tells_apart_plain": entry.tells_apart_plain,
                "areas": list(entry.areas),
            }
            | _source(entry.reference, entry.locator)
            for entry in data.look_alikes
        ],
        "redrawing": {"value": redrawing.value, "plain": redrawing.plain}
        | _source(redrawing.reference, redrawing.locator),
    }
