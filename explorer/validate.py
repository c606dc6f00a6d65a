"""Check a data folder: cells and keys as the descriptor says, then the rules of curation, one function each.

A rule is a generator of faults. Its docstring states the rule; a fault names the record and the mend.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from explorer import folders
from explorer.additions import is_additions, merged
from explorer.dataset import Dataset, join, read_tables
from explorer.records import Pattern
from explorer.schema import Descriptor

Rule = Callable[[Dataset], Iterator[str]]

NOT_SEEN = "not seen"
#: grades that a seen locator of a verified source must carry
CARRIED_GRADES = "ABC"
MUSCLE_ASPECTS = ("origin", "insertion", "innervation", "action")
#: words that frighten, promise or blame, and that no text for patients holds
THREATS = (
    "knot",
    "damage",
    "misalign",
    "trapped",
    "worn",
    "wear and tear",
    "degenerat",
    "crumbl",
    "out of place",
    "slipped",
    "unstable",
    "abnormal",
    "you have",
    "cure",
    "guarantee",
    "will go away",
    "toxin",
)
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")


def evidence_for_every_pattern(data: Dataset) -> Iterator[str]:
    """Every pattern has at least one evidence row."""
    for pattern in data.patterns.values():
        if not pattern.evidence:
            yield f"patterns.csv: {pattern.id} has no row in evidence.csv; add the reference it was taken from"


def grades_are_carried(data: Dataset) -> Iterator[str]:
    """A grade A, B or C rests on a supporting row of a verified reference whose locator was seen."""
    for pattern in data.patterns.values():
        carried = any(
            row.stance == "supports" and row.reference.status == "verified" and row.locator != NOT_SEEN
            for row in pattern.evidence
        )
        if pattern.grade in CARRIED_GRADES and not carried:
            yield (
                f"patterns.csv: {pattern.id} has grade {pattern.grade}, but no supporting row of a verified reference "
                f"with a seen locator; lower it to D or record what was seen"
            )


def disputes_are_told(data: Dataset) -> Iterator[str]:
    """A disputed pattern says what is disputed; a contradicted one is disputed; an accepted one has no dispute."""
    for pattern in data.patterns.values():
        if pattern.status == "disputed" and not pattern.dispute:
            yield f"patterns.csv: {pattern.id} is disputed, but 'dispute' is empty; say what sources disagree about"
        if pattern.status == "accepted" and (pattern.dispute or pattern.contradicted):
            yield f"patterns.csv: {pattern.id} is accepted, but a dispute or a contradiction is recorded; set status to disputed"


def patterns_reach_something(data: Dataset) -> Iterator[str]:
    """A pattern has a core area, unless no referral is documented (basis none), which has no area at all."""
    for pattern in data.patterns.values():
        core = [row for row in pattern.areas if row.role == "core"]
        if pattern.basis != "none" and not core:
            yield f"pattern_areas.csv: {pattern.id} has no core area; add one or set its basis to none"
        if pattern.basis == "none" and pattern.areas:
            yield f"pattern_areas.csv: {pattern.id} has basis none, but reaches {pattern.areas[0].area_id}; remove the row"


def trigger_points_belong(data: Dataset) -> Iterator[str]:
    """The trigger point of a pattern lies in the structure of the pattern; every trigger point has a pattern."""
    used = set()
    for pattern in data.patterns.values():
        if pattern.trigger_point_id is not None:
            used.add(pattern.trigger_point_id)
            owner = data.trigger_points[pattern.trigger_point_id].structure_id
            if owner != pattern.structure_id:
                yield f"patterns.csv: {pattern.id} is of {pattern.structure_id}, its trigger point is in {owner}; they must agree"
    for point in data.trigger_points:
        if point not in used:
            yield f"trigger_points.csv: {point} has no pattern; add one, with basis none if no referral is documented"


def points_name_their_part(data: Dataset) -> Iterator[str]:
    """A trigger point of a muscle with parts names the part it lies in; every part belongs to a muscle."""
    for point in data.trigger_points.values():
        structure = data.structures[point.structure_id]
        parts = [name for name in structure.members if data.structures[name].kind == "muscle_part"]
        if parts and point.part_id not in parts:
            yield f"trigger_points.csv: {point.id}: part {point.part_id} is none of {', '.join(parts)}; name the part it lies in"
        if not parts and point.part_id is not None:
            yield f"trigger_points.csv: {point.id}: {structure.id} has no parts; leave part_id empty"
    for structure in data.structures.values():
        if structure.kind == "muscle_part" and structure.part_of is None:
            yield f"structure_members.csv: the part {structure.id} belongs to no muscle; add it as a member"


def groups_agree(data: Dataset) -> Iterator[str]:
    """Patterns shown for a group are the same within a family, and the members of a group share its family."""
    by_family: dict[str, list[Pattern]] = defaultdict(list)
    for structure in data.structures.values():
        for member in structure.members:
            if data.structures[member].family != structure.family:
                yield f"structure_members.csv: {member} is not of the family {structure.family} of its group {structure.id}"
        for pattern in structure.patterns:
            if pattern.basis == "group":
                by_family[structure.family].append(pattern)
    for family, patterns in by_family.items():
        first = {(row.area_id, row.role, row.side) for row in patterns[0].areas}
        for pattern in patterns[1:]:
            if {(row.area_id, row.role, row.side) for row in pattern.areas} != first:
                yield (
                    f"pattern_areas.csv: {pattern.id} shows the map of the group {family}, but not the areas of "
                    f"{patterns[0].id}; make them equal or set its basis to own"
                )


def frequencies_have_evidence(data: Dataset) -> Iterator[str]:
    """A measured frequency names the evidence row of the same pattern that gives it."""
    for pattern in data.patterns.values():
        own = {row.id for row in pattern.evidence}
        for entry in pattern.areas:
            if (entry.frequency_percent is None) != (entry.frequency_evidence_id is None):
                yield f"pattern_areas.csv: {pattern.id}, {entry.area_id}: a frequency and its evidence go together; fill both or none"
            elif entry.frequency_evidence_id is not None and entry.frequency_evidence_id not in own:
                yield f"pattern_areas.csv: {pattern.id}, {entry.area_id}: {entry.frequency_evidence_id} is evidence of another pattern"


def muscles_have_anatomy(data: Dataset) -> Iterator[str]:
    """A muscle that refers pain has an origin, an insertion, an innervation and an action."""
    for structure in data.structures.values():
        if structure.kind == "muscle" and structure.patterns:
            missing = [aspect for aspect in MUSCLE_ASPECTS if aspect not in {fact.aspect for fact in structure.anatomy}]
            if missing:
                yield f"muscle_anatomy.csv: {structure.id} lacks {', '.join(missing)}; add it with its source"


def plain_words_do_not_frighten(data: Dataset) -> Iterator[str]:
    """Texts for patients carry no threat and no promise."""
    texts = [(f"patterns.csv: {p.id}:plain", p.plain) for p in data.patterns.values()]
    texts += [(f"structures.csv: {s.id}:plain", s.plain) for s in data.structures.values()]
    texts += [(f"red_flags.csv: {f.id}:plain", f.plain) for f in data.red_flags]
    texts += [(f"look_alikes.csv: {entry.id}:tells_apart_plain", entry.tells_apart_plain) for entry in data.look_alikes]
    texts += data.learning.plain_texts
    texts += [(f"drawing_studies.csv: {s.id}:plain", s.plain) for s in data.drawing_studies.values()]
    texts += [(f"press_cautions.csv: {c.region_id}:plain", c.plain) for c in data.press_cautions.values()]
    for where, text in texts:
        for word in THREATS:
            if re.search(rf"\b{re.escape(word)}", text, flags=re.IGNORECASE):
                yield f"{where} holds {word!r}; say it without threat or promise"


def features_are_documented(data: Dataset) -> Iterator[str]:
    """Every feature has words, and each of them stands in the column that the feature reads."""
    for feature in data.features.values():
        if not feature.words:
            yield f"feature_words.csv: {feature.id} has no words; add one that stands in {feature.column} of patterns.csv"
        column = " | ".join(getattr(pattern, feature.column) or "" for pattern in data.patterns.values()).lower()
        for word in feature.words:
            if word.lower() not in column:
                yield f"feature_words.csv: {feature.id}: {word!r} stands nowhere in {feature.column} of patterns.csv; remove it or spell it as there"


def references_are_used_once(data: Dataset) -> Iterator[str]:
    """Every reference is cited, and no DOI or PubMed id stands twice."""
    cited = {row.reference_id for pattern in data.patterns.values() for row in pattern.evidence}
    cited |= {fact.reference_id for structure in data.structures.values() for fact in structure.anatomy}
    cited |= {study.reference_id for study in data.drawing_studies.values()}
    cited |= {caution.reference_id for caution in data.press_cautions.values()}
    cited |= {flag.reference_id for flag in data.red_flags} | {entry.reference_id for entry in data.look_alikes}
    cited |= set(data.learning.cited)
    for reference in data.references:
        if reference not in cited:
            yield f"references.csv: {reference} is cited nowhere; cite it or remove it"
    for column in ("doi", "pmid"):
        counts = Counter(value for r in data.references.values() if (value := getattr(r, column)) is not None)
        for value, count in counts.items():
            if count > 1:
                yield f"references.csv: {column} {value} stands {count} times; merge the rows"


def areas_are_drawn(data: Dataset) -> Iterator[str]:
    """Areas on the skin have a shape, unless they lie below the model; no others have."""
    drawn = {shape.area_id for shape in data.area_shapes}
    for area in data.areas.values():
        if area.place == "skin" and not area.below_crop and area.id not in drawn:
            yield f"area_shapes.csv: the area {area.id} is not drawn; add a shape or set below_crop"
        if area.place != "skin" and area.id in drawn:
            yield f"area_shapes.csv: the area {area.id} does not lie on the skin; remove the shape or set its place to skin"


def patterns_are_painted(data: Dataset) -> Iterator[str]:
    """A pattern that reaches something is painted: a role that has areas that can be drawn has shapes."""
    shapes = {(shape.pattern_id, shape.role) for shape in data.pattern_shapes}
    for pattern in data.patterns.values():
        for role in ("core", "spillover"):
            visible = [
                row.area_id for row in pattern.areas if row.role == role and not data.areas[row.area_id].below_crop
            ]
            if visible and (pattern.id, role) not in shapes:
                yield f"pattern_shapes.csv: {pattern.id} has {role} areas ({visible[0]} ...), but no {role} shape; paint it"


def texts_are_complete(data: Dataset) -> Iterator[str]:
    """Every language has only texts that English has, with the same places to fill."""
    english: Mapping[str, str] = data.texts.get("en", {})
    for language, texts in data.texts.items():
        for key, text in texts.items():
            if key not in english:
                yield f"texts.csv: {key} ({language}) has no English text; add it"
            elif set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english[key])):
                yield f"texts.csv: {key} ({language}) does not fill the same places as the English text"


def statements_are_cited(data: Dataset) -> Iterator[str]:
    """What an explaining page says has a source, unless it is about this atlas itself (own); every page says something."""
    for page in data.learning.pages.values():
        for statement in page.statements:
            if statement.kind != "own" and not statement.sources:
                yield f"statements.csv: {statement.id} has no row in statement_sources.csv; add its source"
    for feature in data.learning.features:
        if not feature.sources:
            yield f"headache_features.csv: {feature.id} has no row in headache_feature_sources.csv; add its source"


def claims_have_verdicts(data: Dataset) -> Iterator[str]:
    """A verdict rests on sources on its side: what is supported has one that supports, what is not has one against it."""
    for claim in data.learning.claims:
        stances = {source.stance for source in claim.sources}
        wanted = {"not supported": {"contradicts"}, "conflicting": {"supports", "contradicts"}}
        missing = wanted.get(claim.verdict, {"supports"}) - stances
        if missing:
            yield f"claim_sources.csv: {claim.id} is '{claim.verdict}', but no source {' or '.join(sorted(missing))}; add one or change the verdict"


def convergence_is_complete(data: Dataset) -> Iterator[str]:
    """A finding on convergence is about one family or one structure, and names a nerve, a nucleus and a source; joined findings have two sources."""
    for row in data.learning.convergence:
        if (row.family_id is None) == (row.structure_id is None):
            yield f"convergence.csv: {row.id}: fill family_id or structure_id, not both"
        for what, table in ((row.nerves, "nerves"), (row.parts, "parts"), (row.sources, "sources")):
            if not what:
                yield f"convergence.csv: {row.id} has no row in convergence_{table}.csv; add one"
        if row.basis == "two sources joined" and len(row.sources) == 1:
            yield f"convergence.csv: {row.id} joins two sources, but convergence_sources.csv names one; add the other"


def own_ids_have_no_namespace(data: Dataset) -> Iterator[str]:
    """Ids with a colon are kept for additions of users; ours have none."""
    for kind in ("structures", "patterns", "trigger_points", "areas"):
        for name in getattr(data, kind):
            if ":" in name:
                yield f"{kind}.csv: {name}: a colon marks a user's own namespace; remove it"


RULES: tuple[Rule, ...] = (
    evidence_for_every_pattern,
    grades_are_carried,
    disputes_are_told,
    patterns_reach_something,
    trigger_points_belong,
    points_name_their_part,
    groups_agree,
    frequencies_have_evidence,
    muscles_have_anatomy,
    plain_words_do_not_frighten,
    features_are_documented,
    references_are_used_once,
    areas_are_drawn,
    patterns_are_painted,
    texts_are_complete,
    statements_are_cited,
    claims_have_verdicts,
    convergence_is_complete,
    own_ids_have_no_namespace,
)


def canonical(content: str) -> str:
    """A CSV text as it is kept: LF line ends, quotes only where they are needed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(csv.reader(io.StringIO(content, newline="")))
    return out.getvalue()


def files_are_canonical(descriptor: Descriptor) -> Iterator[str]:
    """Every table is kept in its canonical form, so that a change shows only what changed."""
    for table in descriptor.tables.values():
        with open(descriptor.folder / table.path, encoding="utf-8", newline="") as file:
            content = file.read()
        if content != canonical(content):
            lines = zip(content.splitlines(), canonical(content).splitlines(), strict=False)
            number = next((k for k, (a, b) in enumerate(lines, start=1) if a != b), 1)
            yield f"{table.path}:{number}: not in canonical form (LF line ends, quotes only where needed)"


def check_additions(folder: Path, base: Path = folders.DATA) -> list[str]:
    """Check a folder of additions together with the records that they stand beside.

    Returns
    -------
    list of str
        One line a fault; those of the records beside are left out.
    """
    faults: list[str] = []
    data = merged(base, [folder], faults.append)
    if data is None:
        return faults
    ours = merged(base, [], lambda fault: None)
    for rule in RULES:
        if rule is not own_ids_have_no_namespace:
            known = set(rule(ours)) if ours else set()
            faults += (f"{folder.name}/{fault}" for fault in rule(data) if fault not in known)
    return faults


def check(folder: Path) -> list[str]:
    """Check a data folder, or a folder of additions (see :mod:`explorer.additions`).

    Parameters
    ----------
    folder : Path

    Returns
    -------
    list of str
        One line a fault; empty when there is none. Rules of curation are asked once cells and keys are right.

    Raises
    ------
    DataError
        When the folder holds neither a descriptor nor tables.
    """
    folder = Path(folder)
    if is_additions(folder):
        return check_additions(folder)
    faults: list[str] = []
    descriptor, rows = read_tables(folder, faults.append)
    if faults:
        return faults
    faults += files_are_canonical(descriptor)
    data = join(descriptor, rows)
    for rule in RULES:
        faults += rule(data)
    return faults
