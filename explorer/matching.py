"""Rank documented patterns by how well their maps cover a drawing of pain.

A drawing and a pattern are both amounts on the same cells. A cell is a vertex of the skin, with its share of the
surface in mm2, or a place that has none on the skin ("behind the eye", a tooth) on one side, which counts with
:data:`DEEP_AREA_MM2`. In cell *i* of size *a_i* a drawing holds *d_i*, a pattern its core *c_i* and its spillover
*s_i*, each 0..1 with soft edges and *c_i + s_i* at most 1. Then::

    core   = sum a_i min(d_i, c_i)                 drawn, and in the core
    spill  = sum a_i min(d_i, c_i + s_i) - core    drawn, and in the spillover
    hit    = core + SPILLOVER_SHARE spill
    missed = sum a_i d_i - core - spill            drawn and not reached
    added  = sum a_i (c_i + SPILLOVER_SHARE s_i) - hit    reached and not drawn
    score  = hit / (hit + MISSED missed + ADDED added)

(a Tversky index on the surface): 1 for a drawing of just the whole map, 0 for one that it does not touch. An area that is chosen by name is drawn with its own soft weights, so clicking and
painting are one thing. Patterns whose cells are all equal are one candidate. Each chosen feature that is documented
for a candidate moves it up by :data:`FEATURE_STEP`; a feature that is not documented takes nothing away. Candidates
that reach less than :data:`LEAST_REACHED` of the drawing are left out. It ranks maps, not causes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from explorer.errors import DataError, unknown
from explorer.records import OPPOSITE, PAIRED_SIDES, SIDES, Pattern, Side, Structure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from explorer.anatomy.weights import Weights
    from explorer.dataset import Dataset

    Floats = NDArray[np.float64]

SPILLOVER_SHARE = 0.5
MISSED = 1.0
ADDED = 0.25
#: size that a place without skin counts with on each side, mm2
DEEP_AREA_MM2 = 600.0
#: least share of the drawing that a candidate reaches
LEAST_REACHED = 0.02
#: what each documented feature adds to the score
FEATURE_STEP = 0.05
#: an area is named as drawn when at least this share of it is drawn ...
DRAWN_OF_AREA = 0.5
#: ... or at least this share of the drawing lies in it
DRAWN_IN_AREA = 0.25
#: a pattern covers an area that it does not name when it paints at least this share of it
COVERS_UNNAMED = 0.5

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """One candidate, a group of equal patterns on one side, and how its map fits the drawing.

    Attributes
    ----------
    rank : int
        Equal scores share a rank.
    structure, family, pattern : str
        Ids; of the best graded pattern of the group.
    side : str
        Side of the structure.
    score : float
        Overlap, 0..1; see the module.
    grade : str
    covered, missed, extra : tuple of (area id, side)
        Areas drawn and reached; drawn and not reached; reached and not drawn.
    members : tuple of str
        All patterns with this very map.
    core_mm2, spillover_mm2, missed_mm2, added_mm2 : float
        Drawn in the core, drawn in the spillover, drawn outside, and reached by the map but not drawn.
    features : tuple of str
        Chosen features that are documented for it; each added :data:`FEATURE_STEP` to :attr:`points`.
    points : float
        What the list is sorted by: the score and the steps of the features.
    status : {'accepted', 'disputed'}
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
    members: tuple[str, ...]
    core_mm2: float
    spillover_mm2: float
    missed_mm2: float
    added_mm2: float
    features: tuple[str, ...]
    points: float
    status: str


@dataclass(frozen=True)
class Candidate:
    """A group of patterns with one map, on the left (or the midline).

    Attributes
    ----------
    patterns : tuple of str
        Best grade first.
    sides : tuple of str
        Sides on which the structures exist.
    core, spillover, unnamed : tuple of (area id, side)
        Places of the left map: named as core, named as spillover, and covered by paint without being named.
    """

    patterns: tuple[str, ...]
    sides: tuple[Side, ...]
    core: tuple[Place, ...]
    spillover: tuple[Place, ...]
    unnamed: tuple[Place, ...]


@dataclass(frozen=True)
class Sketch:
    """A drawing as the scorer takes it.

    Attributes
    ----------
    cells : (k,) float
        0..1 on the cells of a :class:`Scorer`.
    named : tuple of (area id, side)
        Areas that were chosen by name; empty for one that was painted.
    """

    cells: Floats
    named: tuple[Place, ...] = ()


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


def mirrored(places: Iterable[Place]) -> tuple[Place, ...]:
    """The same places on the other side of the body."""
    return tuple((area, OPPOSITE[side]) for area, side in places)


def paired(area: str, side: str) -> tuple[Place, ...]:
    """Places of an area on one side; the midline means both."""
    return tuple((area, s) for s in (PAIRED_SIDES if side == "midline" else (side,)))


class Scorer:
    """Scores drawings against all patterns of an atlas on both sides; made once, then a few products of matrices.

    Parameters
    ----------
    dataset : Dataset
    patterns, areas : Weights
        Painted on the left side of one skin.
    mirror : (n,) int
        For each vertex of the skin its mirror image.
    vertex_areas : (n,) float
        mm2.
    """

    def __init__(
        self, dataset: Dataset, patterns: Weights, areas: Weights, mirror: NDArray[np.int64], vertex_areas: Floats
    ) -> None:
        import numpy as np

        if patterns.topology != areas.topology or len(vertex_areas) != patterns.vertex_count:
            raise DataError("the painting of patterns and of areas lies on different skins; run referred-pain build")
        self.dataset = dataset
        self.mirror = mirror
        self.vertex_count = patterns.vertex_count
        #: places without skin, one cell each
        self.deep: tuple[Place, ...] = tuple(
            (area.id, side)
            for area in dataset.areas.values()
            if area.place != "own" and area.id not in areas
            for side in PAIRED_SIDES
        )
        self.deep_index = {place: self.vertex_count + k for k, place in enumerate(self.deep)}
        self.sizes: Floats = np.r_[vertex_areas, np.full(len(self.deep), DEEP_AREA_MM2)]
        self._areas = areas
        self._build(patterns)

    # --- made once ----------------------------------------------------------------------------------------------

    def _build(self, patterns: Weights) -> None:
        import numpy as np
        from scipy import sparse

        structures = self.dataset.structures
        layers = {name: k for k, name in enumerate(patterns.names)}
        groups: dict[tuple[object, ...], list[Pattern]] = {}
        maps: dict[str, tuple[Floats, Floats]] = {}
        for pattern in self.dataset.patterns.values():
            if not pattern.areas:
                continue
            core, spillover = (
                patterns.layer(f"{pattern.id}/{role}")
                if f"{pattern.id}/{role}" in layers
                else np.zeros(self.vertex_count)
                for role in ("core", "spillover")
            )
            deep = np.zeros((2, len(self.deep)))
            for place, role in self._named(pattern).items():
                if place in self.deep_index:
                    deep[int(role == "spillover"), self.deep_index[place] - self.vertex_count] = 1.0
            both = np.r_[core, deep[0]], np.r_[np.minimum(spillover, 1.0 - core), deep[1]]
            if not any(part.any() for part in both):
                continue
            key = (both[0].tobytes(), both[1].tobytes(), structures[pattern.structure_id].pairing)
            groups.setdefault(key, []).append(pattern)
            maps.setdefault(groups[key][0].id, both)

        self._area_rows = sparse.csr_array(
            np.array([self._area_cells(area, side) for area, side in self.places]) * self.sizes
        )
        self.place_sizes: Floats = np.asarray(self._area_rows.sum(axis=1)).ravel()

        candidates, left = [], []
        for group in groups.values():
            first = maps[group[0].id]
            group.sort(key=lambda pattern: pattern.grade)
            named = self._named(group[0])
            share = (self._area_rows @ (first[0] + first[1])) / np.maximum(self.place_sizes, 1e-9)
            unnamed = [
                p for p, part in zip(self.places, share, strict=True) if part >= COVERS_UNNAMED and p not in named
            ]
            candidates.append(
                Candidate(
                    tuple(pattern.id for pattern in group),
                    structures[group[0].structure_id].sides,
                    tuple(place for place, role in named.items() if role == "core"),
                    tuple(place for place, role in named.items() if role == "spillover"),
                    tuple(unnamed),
                )
            )
            left.append(first)
        #: one for each map of the left side or the midline
        self.candidates: tuple[Candidate, ...] = tuple(candidates)
        #: rows of the score: candidate and side
        self.rows: tuple[tuple[int, Side], ...] = tuple(
            (k, side) for k, candidate in enumerate(candidates) for side in candidate.sides
        )
        flip = np.r_[self.mirror, [self.deep_index[a, OPPOSITE[s]] for a, s in self.deep]].astype(np.int64)
        parts = []
        for row, (k, side) in enumerate(self.rows):
            core, spillover = (part[flip] if side == "right" else part for part in left[k])
            own = np.flatnonzero(core + spillover)
            parts.append((own, np.full(len(own), row), core[own], core[own] + spillover[own]))
        cell, rows, core, reach = (np.concatenate(part) for part in zip(*parts, strict=True))
        order = np.argsort(cell, kind="stable")
        # what the rows reach, cell by cell: a drawing asks only the cells that it fills
        self._row, self._core, self._reach = rows[order], core[order], reach[order]
        self._start = np.searchsorted(cell[order], np.arange(len(self.sizes) + 1))
        size = self.sizes[cell[order]]
        count = len(self.rows)
        total_core, total = (
            np.bincount(self._row, size * self._core, count),
            np.bincount(self._row, size * self._reach, count),
        )
        self._total_share: Floats = total_core + SPILLOVER_SHARE * (total - total_core)
        self._words = [
            tuple(
                mirrored(places) if side == "right" else places
                for places in (candidates[k].core, candidates[k].spillover, candidates[k].unnamed)
            )
            for k, side in self.rows
        ]

    def _named(self, pattern: Pattern) -> dict[Place, str]:
        """Places that a pattern of the left side names, with their role; core wins."""
        out: dict[Place, str] = {}
        structure = self.dataset.structures[pattern.structure_id]
        for entry in sorted(pattern.areas, key=lambda entry: entry.role):
            if self.dataset.areas[entry.area_id].place == "own":
                continue
            for area_side in entry.sides_for(structure.sides[0]):
                for place in paired(entry.area_id, area_side):
                    out.setdefault(place, entry.role)
        return out

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """All places that can be drawn by name: each area on both sides."""
        return tuple(
            (area.id, side) for area in self.dataset.areas.values() if area.place != "own" for side in PAIRED_SIDES
        )

    @cached_property
    def _place_index(self) -> dict[Place, int]:
        return {place: k for k, place in enumerate(self.places)}

    def _area_cells(self, area: str, side: str) -> Floats:
        """(k,) one area on one side on the cells."""
        import numpy as np

        out = np.zeros(len(self.sizes))
        if (area, side) in self.deep_index:
            out[self.deep_index[area, side]] = 1.0
        elif area in self._areas:
            left = self._areas.layer(area)
            out[: self.vertex_count] = left[self.mirror] if side == "right" else left
        return out

    # --- asked for each drawing ---------------------------------------------------------------------------------

    def sketch(self, places: Iterable[Place] = (), skin: Floats | None = None) -> Sketch:
        """Put chosen places and paint together; where both draw, the greater weight counts.

        Parameters
        ----------
        places : iterable of (area id, side)
            ``midline`` means both sides. Areas "over the structure itself" cannot be drawn.
        skin : (n,) float, optional
            0..1.

        Raises
        ------
        DataError
            When nothing is drawn, or a place or weight cannot be used.
        """
        import numpy as np

        cells = np.zeros(len(self.sizes))
        if skin is not None:
            cells[: self.vertex_count] = self.check_weights(skin)
        named = tuple(dict.fromkeys(own for area, side in places for own in paired(area, side)))
        for place in named:
            if place not in self._place_index:
                raise DataError(f"area {place[0]!r} has no place of its own on the body; choose a named area instead")
            cells = np.maximum(cells, self._area_cells(*place))
        if not cells.any():
            raise DataError("the drawing is empty; paint on the skin or choose at least one area")
        return Sketch(cells, named)

    def check_weights(self, skin: object) -> Floats:
        """Weights of a painted drawing, checked.

        Raises
        ------
        DataError
            For a wrong number of vertices, weights that are no numbers, or weights outside 0..1.
        """
        import numpy as np

        try:
            weights = np.asarray(skin, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError("weights: not numbers; give one number from 0 to 1 for each vertex of atlas.skin") from None
        if weights.shape != (self.vertex_count,):
            raise DataError(
                f"weights: shape {weights.shape} does not fit this skin; give ({self.vertex_count},), one for each vertex of atlas.skin"
            )
        if not np.isfinite(weights).all():
            bad = int(np.flatnonzero(~np.isfinite(weights))[0])
            raise DataError(f"weights: vertex {bad} is {weights[bad]}; only numbers from 0 to 1 are allowed")
        if weights.min() < 0 or weights.max() > 1:
            bad = int(np.argmax(np.abs(weights - 0.5)))
            raise DataError(f"weights: vertex {bad} is {weights[bad]:g}; only numbers from 0 to 1 are allowed")
        return weights

    def amounts(self, cells: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Drawn in the core, in the spillover, outside, and added, for each of :attr:`rows`, mm2."""
        import numpy as np

        filled = np.flatnonzero(cells)
        start, many = self._start[filled], self._start[filled + 1] - self._start[filled]
        entry = np.repeat(start - np.cumsum(many) + many, many) + np.arange(many.sum())
        drawn, size, row = np.repeat(cells[filled], many), np.repeat(self.sizes[filled], many), self._row[entry]
        core = np.bincount(row, size * np.minimum(drawn, self._core[entry]), len(self.rows)).astype(np.float64)
        spillover: Floats = np.bincount(row, size * np.minimum(drawn, self._reach[entry]), len(self.rows)) - core
        missed = np.maximum(self.size_of(cells) - core - spillover, 0.0)
        added = np.maximum(self._total_share - core - SPILLOVER_SHARE * spillover, 0.0)
        return core, spillover, missed, added

    def size_of(self, cells: Floats) -> float:
        """Size of a drawing, mm2."""
        return float((self.sizes * cells).sum())

    @staticmethod
    def score(core: Floats, spillover: Floats, missed: Floats, added: Floats) -> Floats:
        """The formula of the module, for amounts in mm2; 0 where nothing is hit."""
        import numpy as np

        hit = core + SPILLOVER_SHARE * spillover
        return np.asarray(hit / np.maximum(hit + MISSED * missed + ADDED * added, 1e-12))

    def drawn_places(self, sketch: Sketch) -> tuple[Place, ...]:
        """Areas that a drawing is said to lie in: those chosen by name, and those that it fills."""
        import numpy as np

        painted = sketch.cells.copy()
        for place in sketch.named:  # what a chosen area lends its neighbours does not name them
            painted[self._area_cells(*place) >= painted] = 0.0
        if not painted.any():
            return sketch.named
        inside = self._area_rows @ painted
        filled = inside >= np.minimum(DRAWN_OF_AREA * self.place_sizes, DRAWN_IN_AREA * self.size_of(sketch.cells))
        found = [self.places[k] for k in np.flatnonzero(filled & (inside > 0)) if self.places[k] not in sketch.named]
        if not found and not sketch.named and inside.any():
            found = [self.places[int(np.argmax(inside))]]
        return (*sketch.named, *found)

    def rank(
        self,
        sketches: Sequence[Sketch],
        features: Collection[str] = (),
        side: str | None = None,
        limit: int | None = None,
    ) -> list[Match]:
        """Rank all candidates against one drawing.

        Parameters
        ----------
        sketches : sequence of Sketch
            More than one when its side is open: each candidate keeps the one that fits it best.
        features : collection of str
            Ids of chosen features.
        side : {'left', 'right'}, optional
            Candidates of this side move up by a step like any feature.
        limit : int, optional
            Only so many rows.

        Returns
        -------
        list of Match
            Best first.
        """
        import numpy as np

        amounts = [self.amounts(sketch.cells) for sketch in sketches]
        scores = np.array([self.score(*own) for own in amounts])
        reached = np.array([(core + spill) / (core + spill + missed) for core, spill, missed, _ in amounts])
        best = np.argmax(scores, axis=0)
        drawn = [self.drawn_places(sketch) for sketch in sketches]
        every = np.arange(len(self.rows))
        known: list[tuple[str, ...]] = [
            tuple(name for name in features if name in self.features_of[k])
            + (("side",) if side is not None and row_side in (side, "midline") else ())
            for k, row_side in self.rows
        ]
        points = scores[best, every] + FEATURE_STEP * np.array([len(names) for names in known])
        patterns = self.dataset.patterns
        kept = [int(row) for row in every if reached[best[row], row] >= LEAST_REACHED]
        order = sorted(kept, key=lambda row: (-round(points[row], 9), patterns[self._first(row)].grade, row))
        out: list[Match] = []
        for place, row in enumerate(order[:limit], start=1):
            pattern = patterns[self._first(row)]
            structure: Structure = self.dataset.structures[pattern.structure_id]
            core, spillover, missed, added = (float(part[row]) for part in amounts[best[row]])
            tie = bool(out) and abs(out[-1].points - points[row]) < 1e-9
            words = self._words[row]
            reach = {*words[0], *words[1]}
            own = drawn[best[row]]
            covered = tuple(p for p in own if p in reach or p in words[2])
            out.append(
                Match(
                    rank=out[-1].rank if tie else place,
                    structure=structure.id,
                    family=structure.family,
                    pattern=pattern.id,
                    side=self.rows[row][1],
                    score=float(scores[best[row], row]),
                    grade=pattern.grade,
                    covered=covered,
                    missed=tuple(p for p in own if p not in covered),
                    extra=tuple(p for p in (*words[0], *words[1]) if p not in own),
                    members=self.candidates[self.rows[row][0]].patterns,
                    core_mm2=core,
                    spillover_mm2=spillover,
                    missed_mm2=missed,
                    added_mm2=added,
                    features=known[row],
                    points=float(points[row]),
                    status=pattern.status,
                )
            )
        return out

    def _first(self, row: int) -> str:
        return self.candidates[self.rows[row][0]].patterns[0]

    @cached_property
    def features_of(self) -> tuple[frozenset[str], ...]:
        """For each candidate the features that are documented for any of its patterns."""
        documented = documented_features(self.dataset)
        return tuple(
            frozenset(name for pattern in candidate.patterns for name in documented[pattern])
            for candidate in self.candidates
        )


def documented_features(dataset: Dataset) -> dict[str, tuple[str, ...]]:
    """Pattern id -> features that its records name, in the order of ``features.csv``.

    A feature is documented when one of its words stands in the column that the feature reads, capitals aside.
    """
    return {
        pattern.id: tuple(
            feature.id
            for feature in dataset.features.values()
            if any(word.lower() in (getattr(pattern, feature.column) or "").lower() for word in feature.words)
        )
        for pattern in dataset.patterns.values()
    }
