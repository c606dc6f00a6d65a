"""What the explaining pages say: claims, statements, a glossary, figures of tests; each with its sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from explorer.records import Reference
from explorer.schema import Row


@dataclass(frozen=True, slots=True)
class Source:
    """A reference and what was seen there."""

    reference_id: str
    locator: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class ClaimSource:
    """What one reference says about a claim."""

    claim_id: str
    reference_id: str
    locator: str
    stance: Literal["supports", "contradicts", "context"]
    finding: str
    reference: Reference


@dataclass(frozen=True, slots=True)
class Claim:
    """Something that is commonly said, and what is known about it."""

    id: str
    claim: str
    verdict: str
    clinical: str
    plain: str
    sources: tuple[ClaimSource, ...] = ()


@dataclass(frozen=True, slots=True)
class Convergence:
    """A finding on how a structure reaches the cells where trigeminal and upper cervical nerves meet."""

    id: str
    family_id: str | None
    structure_id: str | None
    segments: str
    territory: str
    subject: Literal["people", "rats", "cats"]
    basis: Literal["stated", "two sources joined"]
    finding: str
    nerves: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the atlas in plain language."""

    id: str
    term: str
    plain: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One paragraph of an explaining page."""

    id: str
    page_id: str
    part: str
    kind: Literal["plain", "detail", "own"]
    text: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class LearnPage:
    """A page under Learn."""

    id: str
    title: str
    summary: str
    statements: tuple[Statement, ...] = ()

    @property
    def parts(self) -> dict[str, list[Statement]]:
        """Statements by the heading they stand under, in order."""
        out: dict[str, list[Statement]] = {}
        for statement in self.statements:
            out.setdefault(statement.part, []).append(statement)
        return out


@dataclass(frozen=True, slots=True)
class HeadacheFeature:
    """One feature of three kinds of headache."""

    id: str
    feature: str
    cervicogenic: str
    migraine: str
    tension_type: str
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class TestFigure:
    """How well an examination tells cervicogenic headache from others, in one study."""

    __test__ = False  # not a test for pytest

    id: str
    test: str
    reference_id: str
    locator: str
    n: int
    sensitivity_percent: float | None
    specificity_percent: float | None
    finding: str
    reference: Reference


@dataclass(frozen=True)
class Learning:
    """Everything that explains, in the order of the tables."""

    claims: tuple[Claim, ...]
    convergence: tuple[Convergence, ...]
    glossary: tuple[Word, ...]
    pages: MappingProxyType[str, LearnPage]
    features: tuple[HeadacheFeature, ...]
    figures: tuple[TestFigure, ...]

    @property
    def cited(self) -> Iterator[str]:
        """Id of every reference that is cited here, as often as it is."""
        lists = (self.claims, self.convergence, self.features, [s for p in self.pages.values() for s in p.statements])
        for records in lists:
            for record in records:
                yield from (source.reference_id for source in record.sources)
        yield from (figure.reference_id for figure in self.figures)

    @property
    def plain_texts(self) -> Iterator[tuple[str, str]]:
        """Where it stands, and the text, of everything that patients read."""
        yield from ((f"claims.csv: {claim.id}:plain", claim.plain) for claim in self.claims)
        yield from ((f"glossary.csv: {word.id}:plain", word.plain) for word in self.glossary)
        for page in self.pages.values():
            yield f"learn_pages.csv: {page.id}:summary", page.summary
            for statement in page.statements:
                if statement.kind != "detail":
                    yield f"statements.csv: {statement.id}:text", statement.text


def join_learning(rows: Mapping[str, list[Row]], references: Mapping[str, Reference]) -> Learning:
    """Make records of checked rows."""

    def grouped(table: str, column: str) -> dict[Any, list[Row]]:
        groups: dict[Any, list[Row]] = defaultdict(list)
        for row in rows[table]:
            groups[row[column]].append(row)
        return groups

    def sources(table: str, column: str) -> dict[Any, tuple[Source, ...]]:
        return {
            key: tuple(Source(r["reference_id"], r["locator"], references[r["reference_id"]]) for r in own)
            for key, own in grouped(table, column).items()
        }

    of_claim = grouped("claim_sources", "claim_id")
    nerves, parts = (grouped(f"convergence_{table}", "convergence_id") for table in ("nerves", "parts"))
    of_finding = sources("convergence_sources", "convergence_id")
    of_statement = sources("statement_sources", "statement_id")
    of_feature = sources("headache_feature_sources", "feature_id")
    statements: dict[str, list[Statement]] = defaultdict(list)
    for row in rows["statements"]:
        statements[row["page_id"]].append(Statement(**row.values, sources=of_statement.get(row["id"], ())))
    return Learning(
        claims=tuple(
            Claim(
                **row.values,
                sources=tuple(
                    ClaimSource(**entry.values, reference=references[entry["reference_id"]])
                    for entry in of_claim[row["id"]]
                ),
            )
            for row in rows["claims"]
        ),
        convergence=tuple(
            Convergence(
                **row.values,
                nerves=tuple(entry["nerve_id"] for entry in nerves[row["id"]]),
                parts=tuple(entry["part"] for entry in parts[row["id"]]),
                sources=of_finding.get(row["id"], ()),
            )
            for row in rows["convergence"]
        ),
        glossary=tuple(Word(**row.values) for row in rows["glossary"]),
        pages=MappingProxyType(
            {row["id"]: LearnPage(**row.values, statements=tuple(statements[row["id"]])) for row in rows["learn_pages"]}
        ),
        features=tuple(
            HeadacheFeature(**row.values, sources=of_feature.get(row["id"], ())) for row in rows["headache_features"]
        ),
        figures=tuple(
            TestFigure(**row.values, reference=references[row["reference_id"]]) for row in rows["test_figures"]
        ),
    )
