"""Why pain is felt elsewhere: the described way from a structure over nerve cells to the area of the face.

Works on the catalogue, the plain values that the browser gets too; ``browser/why.js`` is its twin. Nothing is
concluded here: findings come from ``convergence.csv``, and areas are compared with the fields of nerves by name.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

Json = dict[str, Any]

#: fields of the trigeminal divisions, with the segment that their nerves have in ``nerves.csv``
DIVISIONS = {"trig_v1": "V1", "trig_v2": "V2", "trig_v3": "V3"}
TRIGEMINAL_ROOT = "trigeminal_root"
NUCLEUS = "trigeminocervical_nucleus"
CORD = "brainstem_cord"
#: levels of the cord from above
LEVELS = (*(f"C{k}" for k in range(1, 9)), *(f"T{k}" for k in range(1, 13)))
_RANGE = re.compile(r"\b([CT]\d+)(?:\s*(?:-|to)\s*([CT]\d+))?\b")


def read_nerves(figures: Path) -> Json:
    """Names, levels and sources of the drawn nerves.

    Parameters
    ----------
    figures : Path
        Folder of ``nerves.csv``, ``nerve_points.csv`` and ``nerve_references.csv``.

    Returns
    -------
    dict of nerve id to dict
        ``name, plain, segments, course``; the course lists who described it. Empty when there are no such tables.
    """

    def rows(name: str) -> list[dict[str, str]]:
        with open(figures / name, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    if not (figures / "nerves.csv").is_file():
        return {}
    known = {row["reference_id"]: row for row in rows("nerve_references.csv")}
    cited: dict[str, dict[str, None]] = {}
    for point in rows("nerve_points.csv"):
        if point["reference_id"]:
            cited.setdefault(point["nerve_id"], {})[point["reference_id"]] = None
    return {
        row["id"]: {
            "name": row["name"],
            "plain": row["plain"],
            "segments": row["segments"],
            "course": [
                {"citation": known[name]["citation"], "link": known[name]["address"], "seen": known[name]["seen"]}
                for name in cited.get(row["id"], {})
                if name in known
            ],
        }
        for row in rows("nerves.csv")
    }


def levels_of(text: str) -> list[str]:
    """Levels of the cord that a text names, ``C5 to T1`` with all between, from above."""
    found = set()
    for first, last in _RANGE.findall(text):
        if first in LEVELS and (last or first) in LEVELS:
            found |= set(LEVELS[LEVELS.index(first) : LEVELS.index(last or first) + 1])
    return [level for level in LEVELS if level in found]


def way_of(catalogue: Json, structure_id: str, pattern_id: str | None = None) -> Json:
    """The described way from a structure to where its patterns are felt.

    Parameters
    ----------
    catalogue : dict
    structure_id : str
    pattern_id : str, optional
        Only the areas of this pattern.

    Returns
    -------
    dict
        ``findings`` (ids; none when nothing is cited), ``nerves`` (ids of shapes), ``parts`` (of the nucleus),
        ``levels``, ``fields`` (trigeminal divisions that hold areas of the patterns), ``own_fields`` (the same for
        the skin of the levels), ``rest`` (areas in none of them).
    """
    structure = catalogue["structures"][structure_id]
    findings = [
        row
        for row in catalogue["convergence"]
        if row["structure"] == structure_id or (row["family"] and row["family"] == structure["family"])
    ]
    areas: dict[str, None] = {}
    for role in ("core", "spillover"):
        for pattern in structure["patterns"]:
            if pattern_id is None or pattern["id"] == pattern_id:
                areas |= {entry["area"]: None for entry in pattern[role]}
    innervation = structure["anatomy"].get("innervation", {}).get("text", "")
    levels = levels_of(" ".join(row["segments"] for row in findings) if findings else innervation)
    fields = _shared(catalogue, DIVISIONS, areas)
    own = _shared(catalogue, [f"derm_{level.lower()}" for level in levels], areas)
    reached = {area for field in (*fields, *own) for area in field["areas"]}
    return {
        "findings": [row["id"] for row in findings],
        "nerves": list(dict.fromkeys(nerve for row in findings for nerve in row["nerves"])),
        "parts": list(dict.fromkeys(part for row in findings for part in row["parts"])),
        "levels": levels,
        "fields": fields,
        "own_fields": own,
        "rest": [area for area in areas if area not in reached],
    }


def _shared(catalogue: Json, territories: Any, areas: dict[str, None]) -> list[Json]:
    """Territories that hold some of the areas, with those."""
    out = []
    for name in territories:
        territory = catalogue["structures"].get(name)
        if territory is None:
            continue
        held = {entry["area"] for p in territory["patterns"] for role in ("core", "spillover") for entry in p[role]}
        common = [area for area in areas if area in held]
        if common:
            out.append({"territory": name, "areas": common})
    return out


def shapes_of(catalogue: Json, way: Json, sides: list[str]) -> list[Json]:
    """Shapes that draw a way on some sides: ``key`` (``<id>/<side>``) and ``role``, each once.

    Roles are ``nerve``, ``nucleus``, ``cord`` and ``division``.
    """
    if not way["findings"]:
        return []
    roles = dict.fromkeys(way["nerves"], "nerve")
    roles[NUCLEUS] = "nucleus"
    roles[CORD] = "cord"
    if way["fields"]:
        roles.setdefault(TRIGEMINAL_ROOT, "division")
    for field in way["fields"]:
        for name, nerve in catalogue["nerves"].items():
            if nerve["segments"] == DIVISIONS[field["territory"]]:
                roles.setdefault(name, "division")
    return [
        {"key": f"{name}/{side}", "role": role}
        for name, role in roles.items()
        for side in (["midline"] if name == CORD else sides)
    ]
