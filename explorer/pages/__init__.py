"""The pages around the explorer, as text: patterns, pages that explain, sources, about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from explorer import __version__
from explorer.build.sources import read_sources
from explorer.errors import ExplorerError, unknown
from explorer.feedback import PLACE, report_address

if TYPE_CHECKING:
    from explorer.atlas import Atlas
    from explorer.records import Pattern, Reference

#: pages that the header leads to
PAGES = ("./", "patterns", "learn", "sources", "about")
#: explaining pages with more than statements, and their templates
TEMPLATES = {
    "how-pain-travels": "convergence.html",
    "cervicogenic-headache": "headache.html",
    "said-and-known": "claims.html",
    "red-flags": "red_flags.html",
    "what-next": "what_next.html",
    "glossary": "glossary.html",
}


class Pages:
    """Renders the text pages of one atlas.

    Parameters
    ----------
    atlas : Atlas
    site_sheet : str
        Address of the style sheet.
    others : sequence of Atlas
        Other atlases whose shapes can be chosen, for their credits.
    language : str
        Of the words around the data; a page in another language than English has the language in its address, such
        as ``patterns.de``.

    Raises
    ------
    ExplorerError
        When ``texts.csv`` has no text in the language.
    """

    def __init__(self, atlas: Atlas, site_sheet: str, others: Sequence[Atlas] = (), language: str = "en") -> None:
        if language not in atlas.dataset.texts:
            raise ExplorerError(unknown("language", language, atlas.dataset.texts, where="texts.csv"))
        self.language = language
        self._own = atlas.dataset.texts[language] if language != "en" else {}
        self._given: set[str] = set()  # texts in the language, filled
        self.atlas = atlas
        self.others = tuple(others)
        self.site_sheet = site_sheet
        self._environment = Environment(
            loader=PackageLoader("explorer", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._report = report_address(self.text("report.subject", pattern=PLACE))

    @property
    def names(self) -> tuple[str, ...]:
        """Addresses of all text pages (not the explorer itself)."""
        return tuple(name + self._ending for name in self._plain)

    @property
    def _plain(self) -> tuple[str, ...]:
        return (*(name for name in PAGES if name != "./"), *self.atlas.dataset.learning.pages)

    @property
    def _ending(self) -> str:
        return "" if self.language == "en" else f".{self.language}"

    def text(self, key: str, **values: Any) -> str:
        """A text of the interface, filled; in English where the language has none."""
        text = self._own.get(key) or self.atlas.dataset.texts["en"][key]
        filled = re.sub(r"\{([a-z_]+)\}", lambda found: str(values[found[1]]), text)
        if key in self._own:
            self._given.add(filled)
        return filled

    def _languages(self, name: str) -> list[tuple[str, str, str]]:
        """Language, its own name, and where a page stands in it; empty where there is but English."""
        texts = self.atlas.dataset.texts
        if len(texts) == 1:
            return []
        return [
            (one, texts[one].get("language.name", one), name if one == "en" else f"{name}.{one}")
            for one in sorted(texts, key=lambda one: (one != "en", one))
        ]

    def _in_language(self, page: str) -> str:
        """A page whose links stay in the language, and whose words of it are marked where the page is in English."""
        if self.language == "en":
            return page
        names = "|".join(map(re.escape, self._plain))
        page = re.sub(rf'(<a [^>]*?href=")({names})(["#])(?![^>]*hreflang)', rf"\1\2{self._ending}\3", page)
        page = re.sub(r'(href=")\./(["#])', rf"\1./?lang={self.language}\2", page)
        own = {str(escape(text)) for text in self._given}

        def mark(found: re.Match[str]) -> str:
            words = found[1].strip()
            ours = words in own or any(len(text) > 3 and text in words for text in own)
            return f'><span lang="{self.language}">{found[1]}</span><' if words and ours else found[0]

        head, main, rest = re.split(r"(?=<main)|(?<=</main>)", page, maxsplit=2)
        return head + re.sub(r">([^<>]+)<", mark, main) + rest

    def head(self, here: str) -> str:
        """The page's header with the way to the other pages."""
        return self._environment.get_template("layout.html").render(t=self.text, pages=PAGES, here=here, languages=[])

    def render(self, name: str) -> str:
        """One of :attr:`names` as HTML."""
        data = self.atlas.dataset
        name = name.removesuffix(self._ending)
        page = data.learning.pages.get(name)
        template = TEMPLATES.get(name, "explain.html") if page else f"{name}.html"
        title = page.title if page else self.text(f"page.{name}")
        references = sorted(data.references.values(), key=lambda r: (r.authors.lower(), r.year))
        credits = dict.fromkeys(f"{row.credit} ({row.licence})" for row in read_sources(self.atlas.meshes))
        for own in (self.atlas, *self.others):
            credits |= dict.fromkeys(f"{own.name}: {credit.text} ({credit.licence})" for credit in own.credits())
        html = self._environment.get_template(template).render(
            t=self.text,
            language=self.language,
            languages=self._languages(name),
            pages=PAGES,
            here="learn" if page else name,
            page=page,
            title=f"{title} - {self.text('app.name')}",
            site_sheet=self.site_sheet,
            data=data,
            structures=list(self.atlas),
            patterns=list(data.patterns.values()),
            points=data.trigger_points,
            grades=data.grades,
            references=references,
            verified=sum(reference.status == "verified" for reference in references),
            red_flags=data.red_flags,
            credits=list(credits),
            version=data.version,
            code_version=__version__,
            authors=", ".join(data.authors),
            reach=self._reach,
            report=self.report,
            short=self.label,
            added=self._added,
        )
        return self._in_language(html)

    def fault(self, status: int, start: str = "./") -> str:
        """The page that says what went wrong.

        Parameters
        ----------
        status : int
            Of HTTP.
        start : str
            Address of the explorer, which this page, shown under any address, leads to.
        """
        text = self.text("fault.not_found" if status == 404 else "fault.other", status=status)
        return self._environment.get_template("fault.html").render(
            t=self.text, start=start, message=text, title=f"{status} - {self.text('app.name')}"
        )

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Reference id -> a short label that no other reference has."""
        groups: dict[str, list[str]] = {}
        for reference in self.atlas.dataset.references.values():
            groups.setdefault(short(reference), []).append(reference.id)
        return {
            name: label if len(own) == 1 else f"{label}{_letters(k)}"
            for label, own in groups.items()
            for k, name in enumerate(sorted(own))
        }

    def label(self, reference: Reference) -> str:
        """A reference in a word or two, such as ``Sjaastad 1998``, with a letter where two would be the same."""
        return self._labels[reference.id]

    @cached_property
    def _added(self) -> dict[str, int]:
        """Namespace of additions -> how many patterns it brings."""
        return dict(Counter(p.origin for p in self.atlas.dataset.patterns.values() if p.origin))

    def report(self, pattern: str) -> str:
        """The address for reporting an error in a pattern."""
        return self._report.replace(PLACE, quote(pattern, safe=""))

    def _reach(self, pattern: Pattern, role: str, voice: str = "name") -> str:
        areas = self.atlas.dataset.areas
        names = [
            getattr(areas[row.area_id], voice)
            + ("" if row.side == "same" else f" {self.text('side_rule.' + row.side)}")
            for row in pattern.areas
            if row.role == role
        ]
        return "; ".join(names)


def _letters(number: int) -> str:
    """a, b, ... z, aa, ab, ..."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def short(reference: Reference) -> str:
    """A reference in a word or two, such as ``Bogduk 2001``.

    >>> from types import SimpleNamespace
    >>> short(SimpleNamespace(authors="Lord SM, et al.", title="", year=1994))
    'Lord 1994'
    """
    first = reference.title if reference.authors.startswith("Author") else reference.authors.split(",")[0]
    words = re.sub(r" [A-Z]{1,3}$| \(.*$", "", first).split(" ")
    kept = words if len(words) <= 4 else [*words[:3], "..."]
    return f"{' '.join(kept)} {reference.year}"


class EveryLanguage:
    """The text pages of one atlas in every language of ``texts.csv``.

    Parameters
    ----------
    atlas, site_sheet, others
        As :class:`Pages` takes them.
    """

    def __init__(self, atlas: Atlas, site_sheet: str, others: Sequence[Atlas] = ()) -> None:
        self.english = Pages(atlas, site_sheet, others)
        rest = (language for language in sorted(atlas.dataset.texts) if language != "en")
        own = (self.english, *(Pages(atlas, site_sheet, others, language) for language in rest))
        self._by_name = {name: pages for pages in own for name in pages.names}

    @property
    def names(self) -> tuple[str, ...]:
        """Addresses of all text pages in all languages."""
        return tuple(self._by_name)

    def render(self, name: str) -> str:
        """One of :attr:`names` as HTML."""
        return self._by_name[name].render(name)
