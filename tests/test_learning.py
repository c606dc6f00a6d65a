"""The pages that explain: what they say is cited, readable, and leads where it should."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.metadata import metadata

import pytest

from explorer import feedback, folders, validate
from explorer.errors import ExplorerError
from explorer.pages import PAGES, Pages, short

ROOT = folders.DATA.parent
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Reader(HTMLParser):
    """Ids, links and visible words of a page; complains when tags are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a":
            assert values.get("href"), "a link without an address"
            self.links.append(values["href"])
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))
        assert tag != "script" or "src" not in attributes

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture(scope="module")
def pages(atlas) -> Pages:
    return Pages(atlas, "assets/site.css")


@pytest.fixture(scope="module")
def read(pages) -> dict[str, Reader]:
    return {name: Reader(pages.render(name)) for name in pages.names}


def names() -> list[str]:
    with open(folders.DATA / "learn_pages.csv", encoding="utf-8", newline="") as file:
        return [*(name for name in PAGES if name != "./"), *(row["id"] for row in csv.DictReader(file))]


@pytest.mark.parametrize("name", names())
def test_a_page_is_sound(read, pages, name):
    """One first heading, no level left out, no id twice, and every link leads to something that is there."""
    page = read[name]
    assert page.headings[0] == 1
    assert page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        target, _, place = link.partition("#")
        assert target in ("./", "", *pages.names), link
        if target != "./" and place:
            assert place in read[target or name].ids, link


def test_the_header_has_no_more_than_six_links_and_learn_leads_to_every_explaining_page(read, data):
    assert len(PAGES) <= 6
    assert set(data.learning.pages) <= set(read["learn"].links)
    for name in data.learning.pages:
        assert "learn" in read[name].links


def test_every_citation_is_a_link_to_its_reference(read, data):
    """The references of a page are those of its records; each is on the page of sources (see above)."""
    for page in data.learning.pages.values():
        cited = {link.removeprefix("sources#") for link in read[page.id].links if link.startswith("sources#")}
        assert {source.reference_id for row in page.statements for source in row.sources} <= cited
        assert cited <= set(data.references)
    assert {row.reference_id for claim in data.learning.claims for row in claim.sources} <= {
        link.removeprefix("sources#") for link in read["said-and-known"].links
    }
    assert set(data.learning.cited) <= {link.removeprefix("sources#") for page in read.values() for link in page.links}


def test_all_records_are_on_their_pages(read, data):
    for name, records in {
        "said-and-known": data.learning.claims,
        "glossary": data.learning.glossary,
        "how-pain-travels": data.learning.convergence,
        "cervicogenic-headache": (*data.learning.features, *data.learning.figures),
        "red-flags": data.red_flags,
        "patterns": data.patterns.values(),
        "sources": data.references.values(),
    }.items():
        assert {record.id for record in records} <= set(read[name].ids)
    text = " ".join(read["patterns"].words)
    for pattern in data.patterns.values():
        assert pattern.plain in text
        assert pattern.clinical in text


def test_the_nine_claims_each_have_a_verdict_and_two_sources(data):
    assert len(data.learning.claims) == 9
    assert all(len(claim.sources) >= 2 for claim in data.learning.claims)
    assert len({claim.verdict for claim in data.learning.claims}) > 4


def test_the_nerves_of_convergence_have_shapes(data, atlas):
    named = {nerve for row in data.learning.convergence for nerve in row.nerves}
    assert named
    assert named <= set(atlas.shape_ids("nerves"))


# --- reading age ----------------------------------------------------------------------------------------------

#: Flesch-Kincaid grade: 7 is the school grade of children of about 12
GRADE = 7.0


def syllables(word: str) -> int:
    """Syllables of an English word, about: groups of vowels, a silent e at the end left out."""
    count = len(re.findall(r"[aeiouy]+", word))
    if word.endswith("e") and not word.endswith(("le", "ee")) and count > 1:
        count -= 1
    return max(1, count)


def reading_grade(text: str) -> float:
    """The Flesch-Kincaid grade level: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = [part for part in re.split(r"[.!?:;]+(?:\s|$)", text) if re.search("[A-Za-z]", part)]
    words = re.findall(r"[A-Za-z']+", text)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, map(str.lower, words))) / len(words) - 15.59


def test_the_reading_grade_tells_easy_from_hard():
    assert reading_grade("The cat sat on the mat. It was warm.") < 1
    hard = "Nociceptive convergence of trigeminal and cervical afferents facilitates perception of contralateral pain."
    assert reading_grade(hard) > 15


def test_pages_for_patients_read_like_a_text_for_twelve_year_olds(data):
    for page in data.learning.pages.values():
        plain = " ".join(row.text for row in page.statements if row.kind != "detail")
        if plain:
            assert reading_grade(plain) <= GRADE, f"{page.id}: {reading_grade(plain):.1f}"
    assert reading_grade(" ".join(claim.plain for claim in data.learning.claims)) <= GRADE
    assert reading_grade(" ".join(word.plain for word in data.learning.glossary)) <= GRADE
    assert reading_grade(" ".join(flag.plain for flag in data.red_flags)) <= GRADE + 2


def test_the_plain_words_of_the_patterns_read_easily_on_the_whole(data):
    grades = sorted(reading_grade(pattern.plain) for pattern in data.patterns.values())
    assert grades[len(grades) // 2] <= GRADE
    assert grades[-1] <= GRADE + 3


def test_a_threat_on_an_explaining_page_is_told(data):
    claim = replace(data.learning.claims[0], plain="The disc is damaged.")
    broken = replace(data, learning=replace(data.learning, claims=(claim,)))
    assert any("claims.csv" in fault for fault in validate.plain_words_do_not_frighten(broken))


# --- who compared a pattern, and where an error goes --------------------------------------------------------


def test_the_authors_are_those_of_the_citation_file(data):
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    named = re.findall(r"^\s+- name: (.+)$", citation.split("authors:")[1].split("license:")[0], flags=re.MULTILINE)
    assert list(data.authors) == named


def test_every_pattern_says_when_it_was_compared_and_links_to_a_report(read, data, pages):
    text = " ".join(read["patterns"].words)
    for pattern in data.patterns.values():
        assert pages.report(pattern.id) in read["patterns"].links
        if pattern.reviewed_on:
            assert str(pattern.reviewed_on) in text
    assert data.authors[0] in text


def test_a_report_goes_where_the_setting_says_else_to_the_project_else_to_a_mail(monkeypatch):
    monkeypatch.setenv(feedback.SETTING, "")
    monkeypatch.setattr(feedback, "_project_address", lambda: None)
    assert feedback.report_address("Error in {pattern}") == "mailto:?subject=Error%20in%20{pattern}"
    monkeypatch.setattr(feedback, "_project_address", lambda: "https://example.org/us/issues")
    assert feedback.report_address("E {pattern}") == "https://example.org/us/issues/new?title=E%20{pattern}"
    monkeypatch.setenv(feedback.SETTING, "maps@example.org")
    assert feedback.report_address("E {pattern}") == "mailto:maps@example.org?subject=E%20{pattern}"
    monkeypatch.setenv(feedback.SETTING, "https://example.org/form?p={pattern}")
    assert feedback.report_address("E") == "https://example.org/form?p={pattern}"


@pytest.mark.parametrize("wrong", ["javascript:alert(1)", "nobody", "a@b", "x y@example.org", "a@b.org?cc=c@d.org"])
def test_a_setting_that_is_no_address_gets_one_line(monkeypatch, wrong):
    monkeypatch.setenv(feedback.SETTING, wrong)
    with pytest.raises(ExplorerError, match=r"give https://\.\.\. or name@example\.org"):
        feedback.report_address("E {pattern}")


def test_the_project_address_is_an_issue_tracker_or_none():
    labels = {entry.partition(", ")[0].lower() for entry in metadata("referred-pain-explorer").get_all("Project-URL")}
    assert (feedback._project_address() is not None) == bool(labels & set(feedback.LABELS))


def test_short_names_of_references(data):
    assert short(data.references["bogduk2001"]) == "Bogduk 2001"
    assert short(data.references["fdlp2006_ctth"]) == "Fernández-de-las-Peñas 2006"
    assert short(data.references["ichd3"]) == "Headache Classification Committee ... 2018"


def test_labels_of_citations_are_unique_and_stand_before_their_reference(pages, read, data):
    labels = [pages.label(reference) for reference in data.references.values()]
    assert len(labels) == len(set(labels))
    assert pages.label(data.references["fdlp2006_ctth"]) == "Fernández-de-las-Peñas 2006a"
    assert set(labels) <= {words.strip() for words in read["sources"].words}


# --- what the pages promise about privacy, held against the code -----------------------------------------------


def test_no_page_loads_anything_from_elsewhere_and_sets_no_cookie(pages):
    for name in pages.names:
        text = pages.render(name)
        assert not re.search(r"<(img|iframe|form)\b|<script[^>]*\bsrc=", text)
        assert re.findall(r'<link[^>]+href="([^"]+)"', text) == ["data:,", "assets/site.css"]
    for path in (*folders.BROWSER.glob("*.js"), *folders.BROWSER.glob("*.css")):
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"document\.cookie|sendBeacon|XMLHttpRequest|WebSocket", code)
        assert not re.search(r"(fetch|import)\(\s*[\"'`]https?:|url\(\s*[\"']?https?:|@import", code), path.name
