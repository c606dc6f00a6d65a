"""The rules of curation: the real data keep each of them, and each can fail."""

from __future__ import annotations

import csv
from dataclasses import replace
from types import MappingProxyType

import pytest

from explorer import folders, validate
from explorer.dataset import Dataset
from explorer.validate import RULES, check


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_data_keep_the_rule(rule, data):
    assert list(rule(data)) == []


def test_the_whole_folder_passes():
    assert check(folders.DATA) == []


def changed(data: Dataset, table: str, key: str, **values: object) -> Dataset:
    """The data with one record changed; patterns also inside their structure."""
    records = dict(getattr(data, table))
    records[key] = replace(records[key], **values)
    out = replace(data, **{table: MappingProxyType(records)})
    if table == "patterns":
        owner = out.structures[records[key].structure_id]
        patterns = tuple(records[pattern.id] for pattern in owner.patterns)
        out = changed(out, "structures", owner.id, patterns=patterns)
    return out


def learned(data: Dataset, **values: object) -> Dataset:
    """The data with other contents of the explaining pages."""
    return replace(data, learning=replace(data.learning, **values))


def without(rows, number=0):
    return tuple(row for k, row in enumerate(rows) if k != number)


def first(data, condition):
    return next(pattern for pattern in data.patterns.values() if condition(pattern))


def broken(data: Dataset) -> dict[str, Dataset]:
    """For each rule a dataset that breaks it."""
    graded = first(data, lambda p: p.grade in "ABC")
    accepted = first(data, lambda p: p.status == "accepted")
    disputed = first(data, lambda p: p.status == "disputed")
    grouped = first(data, lambda p: p.basis == "group")
    pointed = first(data, lambda p: p.trigger_point_id)
    muscle = next(s for s in data.structures.values() if s.kind == "muscle")
    group = next(s for s in data.structures.values() if s.kind == "muscle_group")
    parted = next(p for p in data.trigger_points.values() if p.part_id is not None)
    reference = next(r for r in data.references.values() if r.pmid)
    other = next(r for r in data.references.values() if r.id != reference.id)
    page = data.learning.pages["how-pain-travels"]
    uncited = replace(page, statements=(replace(page.statements[0], sources=()), *page.statements[1:]))
    claim = next(c for c in data.learning.claims if c.verdict == "supported")
    unsupported = tuple(replace(row, stance="context") for row in claim.sources)
    joined = next(row for row in data.learning.convergence if row.basis == "two sources joined")
    return {
        "evidence_for_every_pattern": changed(data, "patterns", graded.id, evidence=()),
        "grades_are_carried": changed(
            data, "patterns", graded.id, evidence=tuple(replace(row, locator="not seen") for row in graded.evidence)
        ),
        "disputes_are_told": changed(data, "patterns", disputed.id, dispute=None),
        "patterns_reach_something": changed(
            data, "patterns", accepted.id, areas=tuple(replace(row, role="spillover") for row in accepted.areas)
        ),
        "trigger_points_belong": changed(
            data,
            "patterns",
            pointed.id,
            trigger_point_id=next(p for p in data.trigger_points if p[:3] != pointed.id[:3]),
        ),
        "points_name_their_part": changed(data, "trigger_points", parted.id, part_id=None),
        "groups_agree": changed(data, "patterns", grouped.id, areas=without(grouped.areas)),
        "frequencies_have_evidence": changed(
            data, "patterns", graded.id, areas=(replace(graded.areas[0], frequency_percent=45.0), *graded.areas[1:])
        ),
        "muscles_have_anatomy": changed(data, "structures", muscle.id, anatomy=without(muscle.anatomy)),
        "plain_words_do_not_frighten": changed(data, "patterns", graded.id, plain="You have a knot in the muscle."),
        "features_are_documented": replace(
            data,
            features=MappingProxyType(
                {name: replace(feature, words=("humming",)) for name, feature in data.features.items()}
            ),
        ),
        "references_are_used_once": changed(data, "references", other.id, pmid=reference.pmid),
        "areas_are_drawn": replace(data, area_shapes=data.area_shapes[1:]),
        "patterns_are_painted": replace(data, pattern_shapes=()),
        "texts_are_complete": replace(
            data, texts=MappingProxyType(dict(data.texts) | {"de": {"list.found": "gefunden"}})
        ),
        "statements_are_cited": learned(data, pages=MappingProxyType(dict(data.learning.pages) | {page.id: uncited})),
        "claims_have_verdicts": learned(data, claims=(replace(claim, sources=unsupported),)),
        "convergence_is_complete": learned(data, convergence=(replace(joined, sources=joined.sources[:1]),)),
        "own_ids_have_no_namespace": replace(
            data, areas=MappingProxyType(dict(data.areas) | {"clinic:spot": next(iter(data.areas.values()))})
        ),
        "members": changed(data, "structures", group.id, family="temporalis"),
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_can_fail(rule, data):
    faults = list(rule(broken(data)[rule.__name__]))
    assert faults
    assert all("\n" not in fault and ".csv" in fault for fault in faults)


def test_members_of_another_family_are_told(data):
    assert any("is not of the family" in fault for fault in validate.groups_agree(broken(data)["members"]))


def test_a_contradicted_pattern_cannot_be_accepted(data):
    accepted = first(data, lambda p: p.status == "accepted")
    assert list(validate.disputes_are_told(changed(data, "patterns", accepted.id, contradicted=True)))


def test_a_trigger_point_without_a_pattern_is_told(data):
    points = dict(data.trigger_points)
    points["spare"] = replace(next(iter(points.values())), id="spare")
    faults = list(validate.trigger_points_belong(replace(data, trigger_points=MappingProxyType(points))))
    assert faults == ["trigger_points.csv: spare has no pattern; add one, with basis none if no referral is documented"]


def test_a_grade_that_memory_alone_supports_is_told(data):
    graded = first(data, lambda p: p.grade in "ABC")
    recalled = tuple(replace(row, reference=replace(row.reference, status="from memory")) for row in graded.evidence)
    assert list(validate.grades_are_carried(changed(data, "patterns", graded.id, evidence=recalled)))


def test_a_table_out_of_its_canonical_form_is_told(tables):
    path = tables / "regions.csv"
    text = path.read_text(encoding="utf-8")
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert any(fault.startswith("regions.csv:") and "canonical" in fault for fault in check(tables))


def test_area_ids_and_pattern_ids_are_written_without_capitals():
    with open(folders.DATA / "areas.csv", encoding="utf-8", newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert len(ids) == len(set(ids)) >= 109
    assert ids == [name.lower() for name in ids]


def test_plain_and_clinical_words_name_the_same_provocations(data):
    """Where one voice names what brings the pain on, so does the other."""
    for pattern in data.patterns.values():
        clinical, plain = "provoking" in pattern.clinical, "bring it on" in pattern.plain
        assert clinical == plain == bool(pattern.provoked_by), pattern.id
