"""The records of the atlas: what the tables say, joined, immutable.

Every record has the columns of its table (see ``data/datapackage.json``, which describes each) and, after
them, the records that belong to it. A test holds these classes against the descriptor.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right", "midline"]
SideRule = Literal["same", "opposite", "both", "midline"]
Role = Literal["core", "spillover"]

SIDES: tuple[Side, ...] = ("left", "right", "midline")
PAIRED_SIDES: tuple[Side, ...] = ("left", "right")
OPPOSITE: dict[str, Side] = {"left": "right", "right": "left", "midline": "midline"}


def origin(record_id: str) -> str | None:
    """Namespace of an id, or None.

    >>> origin("clinic:calf"), origin("temp_1")
    ('clinic', None)
    """
    namespace, colon, _ = record_id.partition(":")
    return namespace if colon else None


@dataclass(frozen=True, slots=True)
class Region:
    id: str
    name: str
    plain: str


@dataclass(frozen=True, slots=True)
class Family:
    id: str
    name: str
    plain: str


@dataclass(frozen=True, slots=True)
class Area:
    """A named place where pain is felt."""

    id: str
    name: str
    plain: str
    region: str
    place: Literal["skin", "deep", "mouth", "own"]
    landmark: str
    below_crop: bool
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    id: str
    name: str
    rule: str
    plain: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A published source."""

    id: str
    kind: str
    authors: str
    year: int
    title: str
    container: str | None
    volume: str | None
    pages: str | None
    publisher: str | None
    doi: str | None
    pmid: int | None
    url: str | None
    status: Literal["verified", "from memory"]
    note: str | None

    @property
    def citation(self) -> str:
        """The reference on one line, without its links."""
        issue = f"{self.volume or ''}{':' + self.pages if self.pages else ''}"
        parts = [f"{self.authors} ({self.year}) {self.title}."]
        if self.container:
            parts.append(f"{self.container}{' ' + issue if issue else ''}.")
        if self.publisher:
            parts.append(f"{self.publisher}.")
        return " ".join(part.replace("..", ".") for part in parts)

    @property
    def link(self) -> str | None:
        """Where the reference can be looked up."""
        if self.doi:
            return f"https://doi.org/{self.doi}"
        if self.pmid:
            return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"
        return self.url


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one reference says for or against one pattern."""

    id: str
    pattern_id: str
    reference_id: str
    locator: str
    method: str
    n: int | None
    finding: str
    stance: Literal["supports", "contradicts", "context"]
    reference: Reference


@dataclass(frozen=True, slots=True)
class AnatomyFact:
    """Origin, insertion, innervation or action of a muscle."""

    structure_id: str
    aspect: Literal["origin", "insertion", "innervation", "action"]
    text: str
    reference_id: str
    locator: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class TriggerPoint:
    """A site in a muscle; place 0..1 along the fibres, across them and in depth."""

    id: str
    structure_id: str
    part_id: str | None
    label: str
    site: str
    along: float
    across: float
    depth: float

    @property
    def origin(self) -> str | None:
        """Namespace of a user's own addition; None for ours."""
        return origin(self.id)


@dataclass(frozen=True, slots=True)
class PatternArea:
    """One area that a pattern reaches."""

    pattern_id: str
    area_id: str
    role: Role
    side: SideRule
    frequency_percent: float | None
    frequency_evidence_id: str | None

    def sides_for(self, structure_side: str) -> tuple[Side, ...]:
        """Sides of the body meant when the structure lies on one side."""
        if self.side == "midline":
            return ("midline",)
        if self.side == "both" or structure_side == "midline":
            return PAIRED_SIDES
        same: Side = "left" if structure_side == "left" else "right"
        return (same,) if self.side == "same" else (OPPOSITE[same],)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one trigger point, joint or nerve is documented to refer."""

    id: str
    structure_id: str
    trigger_point_id: str | None
    basis: Literal["own", "group", "none"]
    grade: str
    grade_reason: str
    group_level: bool
    varies: bool
    contradicted: bool
    status: Literal["accepted", "disputed"]
    dispute: str | None
    text_check: str
    quality: str
    phenomena: str | None
    provoked_by: str | None
    confused_with: str | None
    clinical: str
    plain: str
    reviewed_on: datetime.date | None
    areas: tuple[PatternArea, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def origin(self) -> str | None:
        """Namespace of a user's own addition; None for ours."""
        return origin(self.id)


@dataclass(frozen=True, slots=True)
class OtherName:
    """Another name under which a structure is searched for."""

    structure_id: str
    name: str
    kind: Literal["synonym", "abbreviation", "former", "lay"]
    language: str


@dataclass(frozen=True, slots=True)
class Structure:
    """A muscle or a part of one, a muscle group, a joint, a nerve, a territory of skin."""

    id: str
    kind: Literal["muscle", "muscle_part", "muscle_group", "joint", "nerve", "territory"]
    name: str
    latin: str | None
    plain: str
    family: str
    region: str
    layer: Literal["cutaneous", "superficial", "intermediate", "deep", "deepest", "none"]
    pairing: Literal["paired", "midline"]
    variant: bool
    fma: int | None
    ta2: int | None
    uberon: str | None
    names: tuple[OtherName, ...] = ()
    members: tuple[str, ...] = ()
    part_of: str | None = None
    anatomy: tuple[AnatomyFact, ...] = ()
    trigger_points: tuple[TriggerPoint, ...] = ()
    patterns: tuple[Pattern, ...] = ()

    @property
    def origin(self) -> str | None:
        """Namespace of a user's own addition; None for ours."""
        return origin(self.id)

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides on which this structure exists."""
        return PAIRED_SIDES if self.pairing == "paired" else ("midline",)


@dataclass(frozen=True, slots=True)
class Bone:
    id: str
    name: str
    latin: str
    plain: str
    pairing: Literal["paired", "midline"]
    fma: int | None


@dataclass(frozen=True, slots=True)
class ShapePoint:
    """One point of a painted shape, measured from landmarks; see ``data/datapackage.json``."""

    shape_id: str
    point: int
    landmark: str
    toward: str | None
    fraction: float | None
    left_mm: float | None
    back_mm: float | None
    up_mm: float | None
    half_width_mm: float | None


@dataclass(frozen=True, slots=True)
class AreaShape:
    """A stroke or a patch that says where an area lies, drawn on the left."""

    id: str
    area_id: str
    kind: Literal["stroke", "patch"]
    points: tuple[ShapePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class PatternShape:
    """A stroke or a patch of a painted pattern, drawn for a structure on the left."""

    id: str
    pattern_id: str
    role: Role
    side: SideRule
    kind: Literal["stroke", "patch"]
    points: tuple[ShapePoint, ...] = ()


@dataclass(frozen=True, slots=True)
class RedFlag:
    """A sign that must be looked at by a doctor before any list of muscles is read."""

    id: str
    applies_to: str
    urgency: str
    clinical: str
    plain: str
    reference_id: str
    locator: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class LookAlike:
    """Something other than a muscle that is felt in the same place."""

    id: str
    name: str
    plain: str
    tells_apart: str
    tells_apart_plain: str
    reference_id: str
    locator: str
    reference: Reference
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Feature:
    """Something that a person notices beside the place of pain, found in the patterns' records by its words."""

    id: str
    name: str
    column: Literal["provoked_by", "phenomena"]
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PressCaution:
    """Why trigger points of a region are not for pressing by oneself, and the words that say so."""

    region_id: str
    plain: str
    reason: str
    reference_id: str
    locator: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class DrawingStudy:
    """What is known about pain drawings themselves."""

    id: str
    measure: str
    value: float
    spread: float | None
    people: int | None
    finding: str
    plain: str
    reference_id: str
    locator: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Text:
    """A word or sentence of the interface."""

    id: str
    language: str
    text: str
