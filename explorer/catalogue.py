"""The catalogue: everything in words and numbers that the browser needs, as one plain value."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from explorer import folders
from explorer.describe import finding_record, record
from explorer.feedback import PLACE, report_address
from explorer.pain_first import pain_first
from explorer.why import read_nerves

if TYPE_CHECKING:
    from explorer.atlas import Atlas

#: structures that the start page offers
EXAMPLES = ("sternocleidomastoid_sternal", "trapezius_upper", "suboccipital_group", "levator_scapulae", "c2_c3")


@lru_cache(maxsize=1)
def style() -> dict[str, Any]:
    """Colours and lights of the view; read by the browser and by figures."""
    return dict(json.loads((folders.BROWSER / "style.json").read_text(encoding="utf-8")))


#: condition of an own atlas -> text that says it
CONDITIONS = {
    "unknown": "shapes.unknown",
    "no_derivatives": "shapes.no_derivatives",
    "noncommercial": "shapes.noncommercial",
    "share_alike": "shapes.share_alike",
}


def own_atlas(atlas: Atlas) -> dict[str, Any] | None:
    """What is said of a user's own atlas wherever its shapes are: name, credits, and conditions of passing pictures on."""
    if atlas.own is None:
        return None
    texts = atlas.dataset.texts["en"]
    return {
        "name": atlas.own.name,
        "credits": [{"text": credit.text, "licence": credit.licence} for credit in atlas.credits()],
        "conditions": [texts[CONDITIONS[name]] for name in atlas.breaches("picture")],
        "shapes": {name: atlas.shape_origin(name) for name in (*atlas.dataset.structures, *atlas.dataset.bones)},
    }


def catalogue(atlas: Atlas) -> dict[str, Any]:
    """Build the catalogue of an atlas.

    Returns
    -------
    dict
        ``title, version, atlas, own, style, authors, report, texts, regions, grades, areas, structures, bones, references,
        pain_first, examples, pages, families, convergence, nerves, press_cautions``;
        mappings by id, structures as :func:`explorer.describe.record` gives them.
    """
    data = atlas.dataset
    return {
        "title": data.title,
        "version": data.version,
        "atlas": atlas.name,
        "own": own_atlas(atlas),
        "style": style(),
        "authors": list(data.authors),
        "report": report_address(data.texts["en"]["report.subject"].replace("{pattern}", PLACE)),
        "texts": {language: dict(texts) for language, texts in data.texts.items()},
        "regions": {r.id: {"id": r.id, "name": r.name, "plain": r.plain} for r in data.regions.values()},
        "grades": {g.id: {"name": g.name, "rule": g.rule, "plain": g.plain} for g in data.grades.values()},
        "areas": {
            a.id: {
                "name": a.name,
                "plain": a.plain,
                "names": list(a.names),
                "region": a.region,
                "place": a.place,
                "below_crop": a.below_crop,
            }
            for a in data.areas.values()
        },
        "structures": {s.id: record(atlas, s) for s in atlas},
        "bones": {b.id: {"name": b.name, "plain": b.plain} for b in data.bones.values()},
        "references": {r.id: f"{r.authors.split(',')[0]} {r.year}" for r in data.references.values()},
        "pain_first": pain_first(atlas),
        "examples": [name for name in EXAMPLES if name in data.structures],
        "pages": {page.id: page.title for page in data.learning.pages.values()},
        "families": {f.id: f.name for f in data.families.values()},
        "convergence": [finding_record(row) for row in data.learning.convergence],
        "nerves": read_nerves(atlas.meshes / "figures"),
        "press_cautions": {
            region: {
                "plain": caution.plain,
                "reason": caution.reason,
                "citation": caution.reference.citation,
                "link": caution.reference.link,
                "locator": caution.locator,
            }
            for region, caution in data.press_cautions.items()
        },
    }
