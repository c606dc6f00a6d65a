"""Compare the painting with the words: is every named area covered, and nothing else?

The named areas are drawn apart from the patterns (``area_shapes.csv``), so that this can fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]

#: least share of each named area that is painted
AREA_COVERED = 0.30
#: greatest share of the paint that lies where nothing is named
STRAY_ALLOWED = 0.10
#: a deep area is hinted at on the skin: paint so near to its shape counts as named, mm
HINT_MM = 45.0


@dataclass(frozen=True)
class Comparison:
    """How one pattern's painting fits its words.

    Attributes
    ----------
    covered : dict of (role, area id, side) to float
        Share of each named skin area that is painted; core areas count core paint only.
    stray : float
        Share of all paint outside named areas and hints.
    """

    covered: dict[tuple[str, str, str], float]
    stray: float


def compare(atlas: Atlas, pattern_id: str, side: str, paint: tuple[Floats, Floats] | None = None) -> Comparison:
    """Compare a painting with the areas that the tables name.

    Parameters
    ----------
    atlas : Atlas
    pattern_id : str
    side : str
        Side of the structure.
    paint : pair of (n,) float, optional
        Another painting (core, spillover) than the pattern's own.
    """
    from explorer.anatomy.surface import Surface

    size = Surface(atlas.skin_mesh.vertices, atlas.skin_mesh.faces).vertex_areas
    core, spillover = atlas.paint(pattern_id, side) if paint is None else paint
    both = np.maximum(core, spillover)
    named = np.zeros_like(core)
    covered: dict[tuple[str, str, str], float] = {}
    for entry in atlas.dataset.patterns[pattern_id].areas:
        for area_side in entry.sides_for(side):
            weights = _where(atlas, pattern_id, side, entry.area_id, area_side)
            named = np.maximum(named, weights)
            if atlas.dataset.areas[entry.area_id].place == "skin" and weights.any():
                painted = core if entry.role == "core" else both
                share = float(np.minimum(painted, weights) @ size / (weights @ size))
                covered[entry.role, entry.area_id, area_side] = share
    total = float(both @ size)
    # a border is as soft as the brush: what lies within the soft edge of a named area still belongs to it
    stray = float(np.clip(both - np.clip(2 * named, 0, 1), 0, None) @ size) / total if total else 0.0
    return Comparison(covered, stray)


def _where(atlas: Atlas, pattern_id: str, side: str, area: str, area_side: str) -> Floats:
    """(n,) where an area may be painted: its shape on the skin, the skin near a deep shape, or over the structure."""
    if atlas.dataset.areas[area].place == "skin":
        return atlas.paint_area(area, area_side)
    from scipy.spatial import cKDTree

    if atlas.dataset.areas[area].place == "own":
        points = np.asarray(atlas.mesh(atlas.dataset.patterns[pattern_id].structure_id, side).vertices)
    else:
        shape = atlas.deep_mesh(area, "right" if area_side == "right" else "left")
        if shape is None:
            return np.zeros(len(atlas.skin_mesh.vertices))
        points = shape.vertices
    distance = cKDTree(points).query(atlas.skin_mesh.vertices)[0]
    return np.clip((HINT_MM - distance) / 8.0, 0.0, 1.0)


def faults(atlas: Atlas, pattern_id: str) -> list[str]:
    """What is wrong with the painting of one pattern, one line each."""
    out = []
    structure = atlas.dataset.structures[atlas.dataset.patterns[pattern_id].structure_id]
    found = compare(atlas, pattern_id, structure.sides[0])
    for (role, area, side), share in found.covered.items():
        if share < AREA_COVERED:
            out.append(
                f"{pattern_id}: the {role} area {area} ({side}) is covered to {share:.0%}; at least {AREA_COVERED:.0%} is needed"
            )
    if found.stray > STRAY_ALLOWED:
        out.append(
            f"{pattern_id}: {found.stray:.0%} of the paint lies where nothing is named; at most {STRAY_ALLOWED:.0%} is allowed"
        )
    return out
