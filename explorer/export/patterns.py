"""The patterns as one table or one JSON file, for people who do not want the eight tables of ``data/``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from explorer import __version__
from explorer.describe import record
from explorer.errors import ExplorerError, unknown

if TYPE_CHECKING:
    from explorer.atlas import Atlas
    from explorer.records import Structure

FORMATS = ("csv", "json")
LICENCE = "CC-BY-4.0"
COLUMNS = (
    "structure_id",
    "structure",
    "kind",
    "pattern_id",
    "trigger_point_id",
    "trigger_point",
    "role",
    "area_id",
    "area",
    "area_plain",
    "side",
    "frequency_percent",
    "grade",
    "status",
    "dispute",
    "quality",
    "plain",
    "clinical",
    "references",
    "dataset_version",
    "licence",
)


def _structures(atlas: Atlas, names: Sequence[str]) -> Iterable[Structure]:
    return [atlas[name] for name in dict.fromkeys(names)] if names else list(atlas)


def rows_of(atlas: Atlas, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A row for each area of each pattern, with :data:`COLUMNS`.

    Parameters
    ----------
    atlas : Atlas
    names : sequence of str
        Structure ids; none means all.

    Raises
    ------
    DataError
        For an unknown structure.
    """
    data = atlas.dataset
    out = []
    for structure in _structures(atlas, names):
        for pattern in structure.patterns:
            point = data.trigger_points.get(pattern.trigger_point_id or "")
            cited = [
                f"{entry.reference.citation} {entry.reference.link or ''} [{entry.locator}]".replace("  ", " ")
                for entry in pattern.evidence
                if entry.stance != "contradicts"
            ]
            for entry in pattern.areas:
                area = data.areas[entry.area_id]
                values = (
                    structure.id,
                    structure.name,
                    structure.kind,
                    pattern.id,
                    pattern.trigger_point_id,
                    point.label if point else None,
                    entry.role,
                    area.id,
                    area.name,
                    area.plain,
                    entry.side,
                    entry.frequency_percent,
                    pattern.grade,
                    pattern.status,
                    pattern.dispute,
                    pattern.quality,
                    pattern.plain,
                    pattern.clinical,
                    " | ".join(dict.fromkeys(cited)),
                    data.version,
                    LICENCE,
                )
                out.append(dict(zip(COLUMNS, values, strict=True)))
    return out


def patterns_text(atlas: Atlas, names: Sequence[str] = (), kind: str = "csv") -> str:
    """The patterns of some structures as the text of a file.

    In CSV a text that a spreadsheet would take for a formula gets an apostrophe in front.

    Parameters
    ----------
    atlas : Atlas
    names : sequence of str
        Structure ids; none means all.
    kind : {'csv', 'json'}

    Raises
    ------
    DataError
        For an unknown structure.
    ExplorerError
        For an unknown format.
    """
    if kind not in FORMATS:
        raise ExplorerError(unknown("format", kind, FORMATS))
    if kind == "csv":
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_harmless(row[column]) for column in COLUMNS] for row in rows_of(atlas, names))
        return out.getvalue()
    data = atlas.dataset
    structures = list(_structures(atlas, names))
    used = {area.area_id for structure in structures for pattern in structure.patterns for area in pattern.areas}
    value = {
        "title": data.title,
        "dataset_version": data.version,
        "code_version": __version__,
        "authors": list(data.authors),
        "licence": LICENCE,
        "note": "Educational; not for diagnosis. Cite the version of the dataset, and for a pattern its own sources.",
        "areas": {name: {"name": data.areas[name].name, "plain": data.areas[name].plain} for name in sorted(used)},
        "structures": [record(atlas, structure) for structure in structures],
    }
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def _harmless(value: Any) -> Any:
    """A cell that no spreadsheet runs."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
