"""The atlas as plain values, ready for JSON: for the command line and for the browser's catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explorer.learning import Convergence
from explorer.matching import Match
from explorer.records import Evidence, Pattern, PatternArea, Structure, origin

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Json = dict[str, Any]


def summary(structure: Structure) -> Json:
    """A structure as ``list`` prints it."""
    return {
        "id": structure.id,
        "kind": structure.kind,
        "name": structure.name,
        "latin": structure.latin,
        "family": structure.family,
        "region": structure.region,
        "layer": structure.layer,
        "patterns": [pattern.id for pattern in structure.patterns],
    }


def record(atlas: Atlas, structure: Structure) -> Json:
    """A structure with everything known about it, as ``show`` prints it."""
    return summary(structure) | {
        "origin": origin(structure.id),
        "plain": structure.plain,
        "names": [entry.name for entry in structure.names],
        "pairing": structure.pairing,
        "variant": structure.variant,
        "members": list(structure.members),
        "part_of": structure.part_of,
        "ids": {"fma": structure.fma, "ta2": structure.ta2, "uberon": structure.uberon},
        "anatomy": {
            fact.aspect: {"text": fact.text, "reference": fact.reference_id, "locator": fact.locator}
            for fact in structure.anatomy
        },
        "trigger_points": [
            {
                "id": point.id,
                "label": point.label,
                "site": point.site,
                "part": point.part_id,
                "xyz_mm": _both_places(atlas, point.id),
            }
            for point in structure.trigger_points
        ],
        "patterns": [pattern_record(pattern) for pattern in structure.patterns],
    }


def _both_places(atlas: Atlas, trigger_point: str) -> Json:
    place = atlas.trigger_point_places.get(trigger_point)
    if place is None:
        return {"left": None, "right": None}
    return {"left": [*place], "right": [*atlas.right_places[trigger_point]]}


def pattern_record(pattern: Pattern) -> Json:
    """A pattern with its areas and its evidence."""
    return {
        "id": pattern.id,
        "origin": pattern.origin,
        "trigger_point": pattern.trigger_point_id,
        "basis": pattern.basis,
        "grade": pattern.grade,
        "grade_reason": pattern.grade_reason,
        "status": pattern.status,
        "dispute": pattern.dispute,
        "group_level": pattern.group_level,
        "varies": pattern.varies,
        "contradicted": pattern.contradicted,
        "text_check": pattern.text_check,
        "core": [_area(entry) for entry in pattern.areas if entry.role == "core"],
        "spillover": [_area(entry) for entry in pattern.areas if entry.role == "spillover"],
        "quality": pattern.quality,
        "phenomena": pattern.phenomena,
        "provoked_by": pattern.provoked_by,
        "confused_with": pattern.confused_with,
        "plain": pattern.plain,
        "clinical": pattern.clinical,
        "evidence": [_evidence(entry) for entry in pattern.evidence],
        "reviewed_on": pattern.reviewed_on.isoformat() if pattern.reviewed_on else None,
    }


def _area(entry: PatternArea) -> Json:
    out: Json = {"area": entry.area_id, "side": entry.side}
    if entry.frequency_percent is not None:
        out |= {"frequency_percent": entry.frequency_percent, "frequency_evidence": entry.frequency_evidence_id}
    return out


def _evidence(entry: Evidence) -> Json:
    return {
        "reference": entry.reference_id,
        "citation": entry.reference.citation,
        "link": entry.reference.link,
        "status": entry.reference.status,
        "locator": entry.locator,
        "method": entry.method,
        "n": entry.n,
        "finding": entry.finding,
        "stance": entry.stance,
    }


def finding_record(row: Convergence) -> Json:
    """A finding on convergence with its nerves, parts of the nucleus and sources."""
    return {
        "id": row.id,
        "family": row.family_id,
        "structure": row.structure_id,
        "segments": row.segments,
        "territory": row.territory,
        "subject": row.subject,
        "basis": row.basis,
        "finding": row.finding,
        "nerves": list(row.nerves),
        "parts": list(row.parts),
        "sources": [
            {"citation": source.reference.citation, "link": source.reference.link, "locator": source.locator}
            for source in row.sources
        ],
    }


def match_record(found: Match) -> Json:
    """A match as ``match`` prints it."""

    def places(entries: tuple[tuple[str, str], ...]) -> list[Json]:
        return [{"area": area, "side": side} for area, side in entries]

    return {
        "rank": found.rank,
        "structure": found.structure,
        "family": found.family,
        "pattern": found.pattern,
        "side": found.side,
        "score": round(found.score, 6),
        "grade": found.grade,
        "covered": places(found.covered),
        "missed": places(found.missed),
        "extra": places(found.extra),
        "members": list(found.members),
        "core_mm2": round(found.core_mm2, 1),
        "spillover_mm2": round(found.spillover_mm2, 1),
        "missed_mm2": round(found.missed_mm2, 1),
        "added_mm2": round(found.added_mm2, 1),
        "features": list(found.features),
        "points": round(found.points, 6),
        "status": found.status,
    }
