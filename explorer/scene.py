"""Decide what is shown for a selection: the reference for the browser's ``scene.js``, and for figures.

Works on the catalogue, the plain values that the browser gets too (:func:`explorer.catalogue.catalogue`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from explorer.why import shapes_of, way_of

Json = dict[str, Any]

OPPOSITE = {"left": "right", "right": "left", "midline": "midline"}
#: kinds of structures that have shapes of their own
SHOWN_KINDS = ("muscle", "muscle_part", "joint", "nerve")
DEPTH = {"cutaneous": -1, "superficial": 0, "intermediate": 1, "deep": 2, "deepest": 3, "none": 2}


@dataclass(frozen=True, slots=True)
class Selection:
    """What is chosen and how it is shown; the browser keeps the same fields in its link.

    Attributes
    ----------
    structures : tuple of str
    pattern : str or None
        One pattern of a chosen structure, in place of all of that structure; None shows all.
    side : {'left', 'right', 'both'}
    view : str
        Key view.
    skin : float
        Opacity of the skin, 0..1.
    muscles, bones : bool
        Whether these layers are shown.
    rest : {'show', 'fade', 'hide'}
        How muscles are shown that are not chosen while others are.
    peel : bool
        Whether the superficial muscles are taken away.
    why : bool
        Whether the way is drawn on which pain is described to be felt elsewhere.
    """

    structures: tuple[str, ...] = ()
    pattern: str | None = None
    side: str = "left"
    view: str = "three_quarter"
    skin: float = 1.0
    muscles: bool = True
    bones: bool = True
    rest: str = "fade"
    peel: bool = False
    why: bool = False


def area_sides(rule: str, side: str) -> list[str]:
    """Sides of the body that a side rule means for a structure on one side."""
    if rule == "midline":
        return ["midline"]
    if rule == "both" or side == "midline":
        return ["left", "right"]
    return [side if rule == "same" else OPPOSITE[side]]


def shown_sides(structure: Json, side: str) -> list[str]:
    """Sides on which a structure is shown for the chosen side."""
    if structure["pairing"] == "midline":
        return ["midline"]
    return ["left", "right"] if side == "both" else [side]


def scene_of(catalogue: Json, selection: Selection) -> Json:
    """What is shown.

    Parameters
    ----------
    catalogue : dict
    selection : Selection

    Returns
    -------
    dict
        ``structures`` (``<id>/<side>`` -> visible, colour, chosen), ``paint`` (pattern and side), ``markers``
        (trigger points with place in mm, LPS), ``deep`` (deep areas), ``way`` (nerves and nucleus, with
        their role), ``camera``, ``skin``, ``bones``.
    """
    chosen = [catalogue["structures"][name] for name in selection.structures if name in catalogue["structures"]]
    return {
        "structures": _structures(catalogue, selection, chosen),
        **_patterns(catalogue, selection, chosen),
        "way": _way(catalogue, selection, chosen),
        "camera": selection.view,
        "skin": selection.skin,
        "bones": selection.bones,
    }


def _way(catalogue: Json, selection: Selection, chosen: list[Json]) -> list[Json]:
    shapes: dict[str, Json] = {}
    for structure in chosen if selection.why else []:
        owns = any(pattern["id"] == selection.pattern for pattern in structure["patterns"])
        way = way_of(catalogue, structure["id"], selection.pattern if owns else None)
        sides = [side for side in shown_sides(structure, selection.side) if side != "midline"] or ["left", "right"]
        for shape in shapes_of(catalogue, way, sides):
            shapes.setdefault(shape["key"], shape)
    return list(shapes.values())


def _depth(structure: Json) -> int:
    """How deep a structure lies: all muscles lie over a joint."""
    return DEPTH["deepest" if structure["kind"] == "joint" else structure["layer"]]


def _structures(catalogue: Json, selection: Selection, chosen: list[Json]) -> Json:
    style = catalogue["style"]
    members = {name for structure in chosen for name in (structure["id"], *structure["members"])}
    deepest = max((_depth(structure) for structure in chosen), default=0)
    shapes = (catalogue.get("own") or {}).get("shapes", {})
    isolated = bool(chosen) and selection.rest == "hide"
    faded = bool(chosen) and selection.rest != "show"
    out: Json = {}
    for structure in catalogue["structures"].values():
        kind = structure["kind"]
        if kind not in SHOWN_KINDS or structure["members"]:
            continue
        own = structure["id"] in members
        # what lies over a chosen muscle is taken away, so that it can be seen; so is a sheet in the skin, which would
        # hide the whole neck, unless it was asked for
        covers = not own and _depth(structure) < deepest
        hidden = covers or isolated or (selection.peel and structure["layer"] == "superficial")
        for side in shown_sides(structure, "both"):
            lit = own and (selection.side == "both" or side in ("midline", selection.side))
            # in an own atlas a muscle that it lacks is ours, and looks so
            plain = "muscle_ours" if shapes.get(structure["id"]) == "ours" else "muscle"
            rest = style["muscle_faded"] if faded else style[plain]
            out[f"{structure['id']}/{side}"] = {
                # joints and nerves are seen when they are chosen only
                "visible": lit or (kind.startswith("muscle") and selection.muscles and not hidden),
                "colour": style["nerve" if kind == "nerve" else "muscle_chosen"] if lit else rest,
                "chosen": lit,
            }
    return out


def _patterns(catalogue: Json, selection: Selection, chosen: list[Json]) -> Json:
    paint: list[Json] = []
    markers: list[Json] = []
    deep: dict[str, Json] = {}
    for structure in chosen:
        points = {point["id"]: point for point in structure["trigger_points"]}
        # one chosen pattern hides the others of its own structure; those of a compared one stay
        narrowed = any(pattern["id"] == selection.pattern for pattern in structure["patterns"])
        for pattern in structure["patterns"]:
            on = not narrowed or selection.pattern == pattern["id"]
            for side in shown_sides(structure, selection.side):
                point = points.get(pattern["trigger_point"])
                place = point["xyz_mm"]["right" if side == "right" else "left"] if point else None
                if point and place:
                    markers.append(
                        {"id": point["id"], "pattern": pattern["id"], "side": side, "xyz_mm": place, "chosen": on}
                    )
                if not on:
                    continue
                paint.append({"pattern": pattern["id"], "side": side})
                for role in ("core", "spillover"):
                    for entry in pattern[role]:
                        if catalogue["areas"][entry["area"]]["place"] not in ("deep", "mouth"):
                            continue
                        for area_side in area_sides(entry["side"], side):
                            key = f"{entry['area']}/{area_side}"
                            if deep.get(key, {}).get("role") != "core":
                                deep[key] = {"area": entry["area"], "side": area_side, "role": role}
    return {"paint": paint, "markers": markers, "deep": list(deep.values())}
