"""The PDF hand-out, read back: one page, real text, tags, alternative text; hostile text is text."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pypdf
import pypdfium2
import pytest

from explorer.errors import DataError, ExplorerError
from explorer.export import handout_pdf
from explorer.export.handout import HandoutRequest, handout_content, link_to
from explorer.export.handout_pdf import LEVELS, PAPERS, _columns, _cut, _Page, _qr, write_pdf
from explorer.export.render import Picture

LINK = link_to("https://atlas.example.org/pain/", ["trapezius_upper"])
ASKED = HandoutRequest(("trapezius_upper",), clinic="Riverside Clinic", note="Twice a day.\nThen rest.", link=LINK)


@pytest.fixture(scope="module")
def pdf(atlas, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pdf") / "handout.pdf"
    write_pdf(atlas, ASKED, path)
    return path


def text_of(path: Path) -> str:
    """All text of all pages, white space evened out."""
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pypdf.PdfReader(path).pages))


def elements(path: Path) -> list[pypdf.generic.DictionaryObject]:
    """The structure's elements in reading order."""
    root = pypdf.PdfReader(path).trailer["/Root"]["/StructTreeRoot"]
    document = root["/K"][0].get_object()
    assert document["/S"] == "/Document"
    return [kid.get_object() for kid in document["/K"]]


def told(content) -> list[str]:
    """Everything that must stand on the page, whatever is shortened."""
    signs = [part for group in content.warnings for part in (group.title, group.lead, *group.signs, *group.others)]
    return [content.title[:420], content.disclaimer, content.version, content.licence, *content.credits, *signs]


def test_one_page_of_the_paper_with_everything_on_it(atlas, pdf):
    [page] = pypdf.PdfReader(pdf).pages
    assert np.allclose([float(x) * 25.4 / 72 for x in page.mediabox[2:]], PAPERS["a4"], atol=0.1)
    content, text = handout_content(atlas, ASKED), text_of(pdf)
    for wanted in (*told(content), *content.paragraphs, "Riverside Clinic", "Twice a day.", "Then rest.", LINK):
        assert re.sub(r"\s+", " ", wanted) in text
    for _, words in content.legend:
        assert words in text
    assert content.sources[0].citation in text


def test_the_file_says_what_it_is(atlas, pdf):
    reader = pypdf.PdfReader(pdf)
    root = reader.trailer["/Root"]
    assert reader.metadata.title == handout_content(atlas, ASKED).title
    assert reader.metadata.author == ", ".join(atlas.dataset.authors)
    assert "CC BY-SA" in reader.metadata["/Keywords"]
    assert atlas.dataset.version in reader.metadata["/Keywords"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    # what the clinician typed is on the page and nowhere else
    assert "Riverside" not in str(reader.metadata)


def test_all_content_is_tagged_or_decoration(pdf):
    """Every text and every picture stands in an element; elements come in the order in which a person reads."""
    reader = pypdf.PdfReader(pdf)
    depth, marked, outside = 0, 0, []
    for operands, operator in pypdf.generic.ContentStream(reader.pages[0].get_contents(), reader).operations:
        if operator in (b"BDC", b"BMC"):
            depth += 1
            marked += operator == b"BDC"
        elif operator == b"EMC":
            depth -= 1
        elif operator in (b"Tj", b"TJ", b"Do", b"f", b"f*", b"B", b"B*", b"S") and not depth:
            outside.append((operator, operands))
        assert 0 <= depth <= 1
    assert outside == []
    kinds = [element["/S"] for element in elements(pdf)]
    assert len(kinds) == marked
    assert kinds[:2] == ["/P", "/H1"]
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 3  # words, note, warning signs
    assert kinds.count("/LI") > 20


def test_every_picture_is_told_in_words(atlas, pdf):
    figures = [element for element in elements(pdf) if element["/S"] == "/Figure"]
    alts = [element["/Alt"] for element in figures]
    assert len(figures) == 2 + 4 + 1  # views, sides of the chart, QR code
    assert all(len(alt) > 15 for alt in alts)
    pattern = atlas["trapezius_upper"].patterns[0]
    for area in pattern.areas:
        assert all(atlas.dataset.areas[area.area_id].plain in alt for alt in alts[:2])
    assert [alt for alt in alts if alt.startswith("Left side: Core")]
    assert alts[-1].endswith(LINK)


def test_the_link_can_be_followed_and_the_code_says_the_same(pdf):
    links = {
        note.get_object()["/A"]["/URI"]
        for note in pypdf.PdfReader(pdf).pages[0]["/Annots"]
        if "/A" in note.get_object()
    }
    assert links == {LINK}
    import segno

    code = segno.make(LINK, error="m", micro=False, boost_error=False)
    assert [list(map(bool, row)) for row in code.matrix_iter(border=2)] == [list(row) for row in _qr(LINK)]


def test_a_link_too_long_for_a_code_that_can_be_read_gets_none():
    assert _qr("https://example.org/" + "a" * 150) is not None
    for length in (400, 5000):
        assert _qr("https://example.org/" + "a" * length) is None


def pixels(path: Path) -> np.ndarray:
    return np.asarray(pypdfium2.PdfDocument(path)[0].render(scale=2).to_pil().convert("RGB")).astype(int)


def test_the_painting_is_on_the_paper_and_the_margins_are_free(atlas, pdf):
    """Rendered by another library: core's blue and the muscle's orange in the pictures, nothing at the edge."""
    page = pixels(pdf)
    upper = page[: len(page) // 2]
    blue = (upper[..., 2] > upper[..., 0] + 60) & (upper[..., 2] > 120)
    orange = (upper[..., 0] > 180) & (upper[..., 2] < 100)
    assert blue.mean() > 0.006
    assert orange.mean() > 0.002
    edge = math.floor(8 / 25.4 * 144)
    for strip in (page[:edge], page[-edge:], page[:, :edge], page[:, -edge:]):
        assert (strip == 255).all()


HOSTILE = {
    "script": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "pdf": (") Tj ET /JavaScript (app.alert(1)) ( \\", ") Tj ET /JavaScript (app.alert(1)) ( \\"),
    "control": ("be\x00\x1b[31mfo\x08re", "be[31mfore"),
    "direction": ("user\u202etxt.exe\u202c\u2066x", "usertxt.exex"),
    "markdown": ("**bold** __under__ [x](javascript:1)", "**bold** __under__ [x](javascript:1)"),
    "unknown letters": ("\u8a3a\u7642\u6240 \U0001f9e0", "\u25a1\u25a1\u25a1 \u25a1"),
}


@pytest.fixture
def drawn_once(monkeypatch, atlas):
    """Pictures and chart of one selection for all, for tests that are about text."""
    blank = [Picture("left", np.full((760, 720, 3), 255, np.uint8), 0.5, (), ())] * 2
    monkeypatch.setattr(handout_pdf, "render", lambda *_: blank)
    monkeypatch.setattr(handout_pdf, "telling_views", lambda *_: ("left", "back"))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_comes_out_as_text(atlas, tmp_path, drawn_once, name):
    given, shown = HOSTILE[name]
    path = tmp_path / "x.pdf"
    write_pdf(atlas, HandoutRequest(("temporalis",), clinic=given, note=given), path)
    assert text_of(path).count(shown) == 2
    reader = pypdf.PdfReader(path)
    assert len(reader.pages) == 1
    raw = path.read_bytes()
    for object_ in range(1, len(reader.xref[0]) + 1):
        found = reader.get_object(object_)
        if isinstance(found, dict):
            assert not {"/JS", "/JavaScript", "/AA", "/Launch", "/EmbeddedFile"} & set(found)
    assert b"\x1b[31m" not in raw
    # a place to show, no action
    assert not isinstance(reader.trailer["/Root"].get("/OpenAction"), pypdf.generic.DictionaryObject)


def test_a_million_letters_are_cut_with_a_word_about_it(atlas, tmp_path, drawn_once):
    path = tmp_path / "x.pdf"
    write_pdf(atlas, HandoutRequest(("temporalis",), clinic="c" * 10**6, note="word " * 200_000), path)
    text = text_of(path)
    assert len(pypdf.PdfReader(path).pages) == 1
    assert path.stat().st_size < 1_500_000
    assert atlas.dataset.texts["en"]["pdf.cut"] in text
    for wanted in told(handout_content(atlas, HandoutRequest(("temporalis",)))):
        assert re.sub(r"\s+", " ", wanted) in text


def plan_that_fits(atlas, request) -> tuple[int, bool]:
    """How many patterns are told in words, and whether the page fits at all; nothing is drawn."""
    seen: list[tuple[bool, _Page]] = []
    original = _Page.set

    def watched(page: _Page) -> bool:
        done = original(page)
        seen.append((done, page))
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Page, "set", watched)
        patch.setattr(_Page, "bytes", lambda page: b"")
        handout_pdf.pdf_of(atlas, request, handout_content(atlas, request))
    return seen[-1][1].patterns, seen[-1][0]


LONG = "A long word about what to do, and when to do it. " * 40


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("note", ["", LONG, "x\n" * 300], ids=["no note", "long note", "many lines"])
def test_everything_fits_one_page(atlas, drawn_once, paper, note):
    """The structures with the most to tell, one by one and twelve at once."""
    most = sorted(atlas, key=lambda s: -sum(len(p.plain) + len(p.dispute or "") for p in s.patterns))
    for names in ((most[0].id,), (most[1].id,), tuple(s.id for s in most[:12])):
        whole = tuple(dict.fromkeys(atlas[name].part_of or name for name in names))
        request = HandoutRequest(whole, side="both", clinic="C" * 200, note=note, paper=paper, link=LINK)
        _, fits = plan_that_fits(atlas, request)
        assert fits, (names, paper)


def test_no_words_are_left_out_without_need(atlas, drawn_once):
    """With a short note, a muscle with two patterns keeps both; twelve structures keep at least one."""
    assert plan_that_fits(atlas, ASKED) == (2, True)
    most = tuple(structure.id for structure in atlas if structure.patterns)[:12]
    kept, fits = plan_that_fits(atlas, HandoutRequest(most, link=LINK))
    assert fits
    assert kept >= 1


def test_a_note_is_cut_by_letters_and_by_lines():
    assert _cut("short\nnote", 500) == "short\nnote"
    assert len(_cut("a" * 900, 500)) <= 501
    assert _cut("a" * 900, 500).endswith("…")
    assert _cut("x\n" * 300, 500).count("\n") < 15


def test_columns_are_even_and_no_heading_ends_one():
    heights = [4.0, 3, 3, 3, 4, 3, 3, 3, 3, 3, 3]
    may_end = [False, True, True, True, False, True, True, True, True, True, True]
    columns = _columns(heights, may_end, 3)
    assert [number for column in columns for number in column] == list(range(len(heights)))
    assert len(columns) <= 3
    assert all(may_end[column[-1]] for column in columns)
    sums = [sum(heights[k] for k in column) for column in columns]
    assert max(sums) <= sum(heights) / 3 + max(heights)


def test_levels_go_from_loose_to_tight():
    for name in ("share", "chart", "type", "warnings", "sources"):
        values = [getattr(level, name) for level in LEVELS]
        assert values == sorted(values, reverse=True)


def test_an_interrupted_export_leaves_nothing(atlas, tmp_path, monkeypatch):
    def break_off(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(handout_pdf, "pdf_of", break_off)
    path = tmp_path / "x.pdf"
    path.write_text("older")
    with pytest.raises(KeyboardInterrupt):
        write_pdf(atlas, ASKED, path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.pdf"]
    assert path.read_text() == "older"


def test_what_cannot_be_used_is_said_before_anything_is_written(atlas, tmp_path):
    with pytest.raises(DataError, match="did you mean 'temporalis'"):
        write_pdf(atlas, HandoutRequest(("temporals",)), tmp_path / "x.pdf")
    with pytest.raises(ExplorerError, match="does not exist"):
        write_pdf(atlas, HandoutRequest(("temporalis",)), tmp_path / "no" / "x.pdf")
    assert not list(tmp_path.iterdir())
