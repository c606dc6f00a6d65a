"""What a hand-out says, whatever it is made into: a page, a PDF, one HTML file."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from explorer.errors import DataError, unknown
from explorer.export.options import own_credits
from explorer.pain_first import CHEST_AND_ARM

if TYPE_CHECKING:
    from collections.abc import Iterable

    from explorer.atlas import Atlas
    from explorer.records import Pattern, RedFlag, Structure

#: sides of the chosen structures, as the explorer's links name them
SIDES = ("left", "right", "both")
PAPERS = ("a4", "letter")
#: what a link of the explorer holds at most
MOST_STRUCTURES = 12
#: characters of what a person types
MOST_CLINIC = 120
MOST_NOTE = 1200
MOST_LINK = 2000
#: urgency in the table -> text of its heading
URGENCIES = {"emergency now": "warn.emergency", "doctor soon": "warn.doctor"}
ROLES = ("core", "spillover")
LEGEND = ("core", "spillover", "trigger", "muscle", "deep")


@dataclass(frozen=True, slots=True)
class HandoutRequest:
    """What a person asks for.

    Attributes
    ----------
    structures : tuple of str
        Ids; a part of a muscle means the muscle.
    side : {'left', 'right', 'both'}
        Of the structures.
    clinic, note : str
        What the person types; goes into the hand-out as text and nowhere else.
    paper : {'a4', 'letter'}
    link : str, optional
        Address of the same state in a served explorer; see :func:`link_to`. None leaves link and QR code out.
    """

    structures: tuple[str, ...]
    side: str = "left"
    clinic: str = ""
    note: str = ""
    paper: str = "a4"
    link: str | None = None


@dataclass(frozen=True, slots=True)
class HandoutPattern:
    """One pattern in words.

    Attributes
    ----------
    id, label : str
        ``label`` names the trigger point, or the structure where there is none.
    site : str
        Where the trigger point lies; empty where there is none.
    plain : str
        The pattern in plain words.
    reach : tuple of (str, str)
        Role's name and the areas with their sides, for core and spillover where there are any.
    grade : str
        Such as ``Grade B: Good``.
    disputed : str
        What is disputed; empty when nothing is.
    """

    id: str
    label: str
    site: str
    plain: str
    reach: tuple[tuple[str, str], ...]
    grade: str
    disputed: str


@dataclass(frozen=True, slots=True)
class HandoutStructure:
    """One structure in words; ``side`` is a word such as ``Left``."""

    id: str
    name: str
    latin: str
    plain: str
    side: str
    patterns: tuple[HandoutPattern, ...]


@dataclass(frozen=True, slots=True)
class Warnings:
    """Red flags of one urgency: signs that begin alike (``lead``) and others, each a whole sentence."""

    title: str
    lead: str
    signs: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandoutSource:
    """One source: its citation, the place that was seen in it, its link to the web or an empty text."""

    citation: str
    seen: str
    link: str


@dataclass(frozen=True, slots=True)
class HandoutContent:
    """A hand-out in words, ready to be set; every text is plain text, without markup or control characters.

    Attributes
    ----------
    title : str
        Names of the structures and the side.
    app : str
        Name of the explorer.
    structures : tuple of HandoutStructure
    paragraphs : tuple of str
        The plain words of all patterns in order, for hosts that want no more.
    legend : tuple of (str, str)
        Kind (``core``, ``spillover``, ``trigger``, ``muscle``, ``deep``) and what it means; only kinds that occur.
    warnings : tuple of Warnings
        Red flags that belong to the places of the patterns.
    warnings_title, sources_title : str
    sources : tuple of HandoutSource
    clinic, note : str
        What the person typed, cleaned.
    version, licence : str
        Lines to print.
    credits : tuple of str
        For the shapes.
    disclaimer : str
    link : str or None
        A web address, safe to follow.
    link_label : str
    paper : str
    """

    title: str
    app: str
    structures: tuple[HandoutStructure, ...]
    paragraphs: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    warnings: tuple[Warnings, ...]
    warnings_title: str
    sources: tuple[HandoutSource, ...]
    sources_title: str
    clinic: str
    note: str
    version: str
    licence: str
    credits: tuple[str, ...]
    disclaimer: str
    link: str | None
    link_label: str
    paper: str


def clean(text: str, most: int, lines: bool = False) -> str:
    """Text that a person typed, or that a table brings, as plain text.

    Control characters, marks that turn the direction of writing, and lone surrogates go; white space is evened out;
    what is too long is cut, and ends with an ellipsis.

    Parameters
    ----------
    text : str
    most : int
        Characters to keep.
    lines : bool
        Keep line breaks, at most one empty line in a row.

    Examples
    --------
    >>> clean("a\\x00b\\u202ec\\n d", 20)
    'abc d'
    """
    text = unicodedata.normalize("NFC", text[: 8 * most].replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(
        letter
        for letter in text
        if letter in "\n\t"
        or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        or letter in "\u200c\u200d"
    )
    kept = kept.replace("\u2028", "\n").replace("\u2029", "\n")
    if lines:
        kept = re.sub(r"\n{3,}", "\n\n", re.sub(r"[^\S\n]+", " ", kept))
        kept = "\n".join(line.strip() for line in kept.split("\n"))
    else:
        kept = re.sub(r"\s+", " ", kept)
    kept = _fewer_marks(kept).strip()
    return kept if len(kept) <= most else kept[: most - 1].rstrip() + "…"


def _fewer_marks(text: str) -> str:
    """No more than four accents on one letter, so that nothing is painted over its neighbours."""
    out: list[str] = []
    marks = 0
    for letter in text:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= 4:
            out.append(letter)
    return "".join(out)


def fragment(structures: Iterable[str], side: str = "left") -> str:
    """A state as the explorer's address holds it, without the leading #; the twin of ``toFragment`` in ``state.js``."""
    names = ",".join(quote(name, safe="!'()*") for name in structures)
    return "&".join(["v=1"] + ([f"s={names}"] if names else []) + ([f"side={side}"] if side != "left" else []))


def link_to(base: str, structures: Iterable[str], side: str = "left") -> str:
    """The address of a state in an explorer that is served at ``base``.

    Raises
    ------
    DataError
        When ``base`` is not an address of the web.
    """
    return f"{safe_link(base).partition('#')[0]}#{fragment(structures, side)}"


def safe_link(address: str) -> str:
    """An address of the web, checked and written in ASCII.

    Raises
    ------
    DataError
        When it is something else, such as ``javascript:``.
    """
    shown = clean(address, 60)
    advice = f"link {shown!r} is not an address of the web; give https://host/path"
    if len(address) > MOST_LINK:
        raise DataError(f"link {shown!r} has {len(address)} characters; give one of at most {MOST_LINK}")
    if clean(address, MOST_LINK) != address or re.search(r"[\s<>\"'`\\^{|}]", address):
        raise DataError(advice)
    try:
        parts = urlsplit(address)
        host = parts.hostname.encode("idna").decode() if parts.hostname else ""
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        raise DataError(advice) from None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise DataError(advice)
    host = f"[{host}]" if ":" in host else host
    rest = address.split(parts.netloc, 1)[1]
    return f"{parts.scheme}://{host}{port}" + quote(rest or "/", safe="/?#%&=:,;@!$'()*+~-._")


def chosen(atlas: Atlas, request: HandoutRequest) -> tuple[Structure, ...]:
    """The structures of a request, parts replaced by their muscles, each once.

    Raises
    ------
    DataError
        For none, too many, or an unknown one, and for an unknown side or paper.
    """
    if request.side not in SIDES:
        raise DataError(unknown("side", request.side, SIDES))
    if request.paper not in PAPERS:
        raise DataError(unknown("paper", request.paper, PAPERS))
    whole = dict.fromkeys(atlas[name].part_of or name for name in request.structures)
    if not whole:
        raise DataError("no structure is given; name at least one, such as trapezius_upper")
    if len(whole) > MOST_STRUCTURES:
        raise DataError(f"{len(whole)} structures are given; a hand-out holds at most {MOST_STRUCTURES}")
    return tuple(atlas[name] for name in whole)


def handout_content(atlas: Atlas, request: HandoutRequest) -> HandoutContent:
    """Everything that a hand-out says.

    Raises
    ------
    DataError
        When the request cannot be used; see :func:`chosen` and :func:`safe_link`.
    """
    texts = atlas.dataset.texts["en"]
    structures = chosen(atlas, request)
    told = tuple(_structure(atlas, structure, request.side) for structure in structures)
    names = ", ".join(entry.name for entry in told)
    paired = any(structure.pairing == "paired" for structure in structures)
    side = texts[f"side.{request.side}"].lower()
    deep = any(
        atlas.dataset.areas[row.area_id].place in ("deep", "mouth")
        for structure in structures
        for pattern in structure.patterns
        for row in pattern.areas
    )
    points = any(pattern.trigger_point_id for structure in structures for pattern in structure.patterns)
    spillover = any(row.role == "spillover" for s in structures for p in s.patterns for row in p.areas)
    absent = {kind for kind, there in (("deep", deep), ("trigger", points), ("spillover", spillover)) if not there}
    return HandoutContent(
        title=f"{names} ({side})" if paired else names,
        app=texts["app.name"],
        structures=told,
        paragraphs=tuple(pattern.plain for entry in told for pattern in entry.patterns),
        legend=tuple((kind, texts[f"legend.{kind}_long"]) for kind in LEGEND if kind not in absent),
        warnings=_warnings(atlas, structures),
        warnings_title=texts["warn.again"],
        sources=_sources(atlas, structures),
        sources_title=texts["page.sources"],
        clinic=clean(request.clinic, MOST_CLINIC),
        note=clean(request.note, MOST_NOTE, lines=True),
        version=texts["handout.version"].replace("{data}", atlas.dataset.version),
        licence=texts["handout.licence"],
        credits=(*(texts[f"handout.credit_{part}"] for part in ("skin", "bones", "muscles")), *own_credits(atlas)),
        disclaimer=texts["handout.disclaimer"],
        link=safe_link(request.link) if request.link else None,
        link_label=texts["handout.link"],
        paper=request.paper,
    )


def _structure(atlas: Atlas, structure: Structure, side: str) -> HandoutStructure:
    texts = atlas.dataset.texts["en"]
    midline = structure.pairing == "midline"
    sides = ("midline",) if midline else ("left", "right") if side == "both" else (side,)
    return HandoutStructure(
        structure.id,
        clean(structure.name, 200),
        clean(structure.latin or "", 200),
        clean(structure.plain, 600),
        texts[f"side.{'midline' if midline else side}"],
        tuple(_pattern(atlas, structure, pattern, sides) for pattern in structure.patterns),
    )


def _pattern(atlas: Atlas, structure: Structure, pattern: Pattern, sides: tuple[str, ...]) -> HandoutPattern:
    data = atlas.dataset
    texts = data.texts["en"]
    point = data.trigger_points.get(pattern.trigger_point_id or "")
    reach = []
    for role in ROLES:
        words = []
        for row in pattern.areas:
            if row.role != role:
                continue
            reached = {where for side in sides for where in row.sides_for(side)}
            side = "both" if {"left", "right"} <= reached else next(iter(reached))
            words.append(f"{data.areas[row.area_id].plain} ({texts[f'side.{side}'].lower()})")
        if words:
            reach.append((texts[f"card.{role}"], clean(", ".join(words), 2000)))
    grade = data.grades[pattern.grade]
    disputed = pattern.dispute or (texts["card.disputed"] if pattern.status == "disputed" else "")
    return HandoutPattern(
        pattern.id,
        clean(point.label if point else structure.name, 200),
        clean(point.site, 300) if point else "",
        clean(pattern.plain, 3000),
        tuple(reach),
        clean(f"{texts['grade.title'].replace('{grade}', grade.id)}: {grade.name}", 200),
        clean(disputed, 1000),
    )


def _warnings(atlas: Atlas, structures: tuple[Structure, ...]) -> tuple[Warnings, ...]:
    """Red flags of the regions that the patterns reach, by urgency; the twin of ``warnings.js``."""
    data = atlas.dataset
    kinds = {"any"}
    for structure in structures:
        for pattern in structure.patterns:
            for row in pattern.areas:
                lower = data.areas[row.area_id].region in CHEST_AND_ARM
                kinds.add("chest and arm" if lower else "head and neck")
    if kinds == {"any"}:
        kinds.add("head and neck")
    out = []
    for urgency, title in URGENCIES.items():
        own = [flag for flag in data.red_flags if flag.urgency == urgency and flag.applies_to in kinds]
        if own:
            out.append(_group(data.texts["en"][title], own))
    return tuple(out)


def _group(title: str, flags: list[RedFlag]) -> Warnings:
    """Signs with one beginning ("Please see a doctor first if") stand under it."""
    leads = []
    for flag in flags:
        found = re.match(r"[^,]*? if ", flag.plain)
        leads.append(found[0] if found else "")
    lead = Counter(leads).most_common(1)[0][0]
    same = [flag.plain[len(lead) :].strip() for flag in flags if lead and flag.plain.startswith(lead)]
    other = [flag.plain for flag in flags if not lead or not flag.plain.startswith(lead)]
    return Warnings(
        title,
        lead.strip(),
        tuple(clean(sign[:1].upper() + sign[1:], 600) for sign in same),
        tuple(clean(sign, 600) for sign in other),
    )


def _sources(atlas: Atlas, structures: tuple[Structure, ...]) -> tuple[HandoutSource, ...]:
    """What stands behind the patterns, each source once, in the order in which they first speak."""
    texts = atlas.dataset.texts["en"]
    out: dict[str, HandoutSource] = {}
    for structure in structures:
        for pattern in structure.patterns:
            for entry in pattern.evidence:
                seen = (
                    texts["card.not_seen"]
                    if entry.locator == "not seen"
                    else texts["card.seen"].replace("{locator}", entry.locator)
                )
                link = entry.reference.link or ""
                try:
                    link = safe_link(link) if link else ""
                except DataError:
                    link = ""
                out.setdefault(
                    entry.reference_id, HandoutSource(clean(entry.reference.citation, 600), clean(seen, 300), link)
                )
    return tuple(out.values())
