"""The hand-out as a PDF of one page: real text, tags in reading order, alternative text for pictures.

How everything fits on one page: it is measured first, and set as large as it fits. First pictures and type shrink and fewer
sources are named (:data:`LEVELS`); then the note is cut to :data:`NOTE_FIRST` letters; then words about the last patterns are
left out, as few as need be; then the note is cut further (:data:`NOTE_LAST`). Warning signs, disclaimer, licence and credits
always stay whole. What was left out is said on the page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import segno
from fontTools.ttLib import TTFont
from fpdf import FPDF, ViewerPreferences, XPos, YPos
from fpdf.enums import MethodReturnValue
from PIL import Image

from explorer import __version__
from explorer.catalogue import style
from explorer.chart import CROSS, HALO, LETTER, ChartFigure, Mark, chart, thinned
from explorer.export.handout import HandoutContent, HandoutRequest, chosen, clean, handout_content
from explorer.export.render import Picture, render, telling_views
from explorer.export.whole import whole_file
from explorer.scene import Selection

if TYPE_CHECKING:
    from explorer.atlas import Atlas

#: width and height, mm
PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
MARGIN = 13.0
INK, QUIET, ACCENT, WARN, PALE, PALE_WARN = "#22282f", "#545d66", "#1d5878", "#8c2f14", "#eef3f6", "#fbf1ec"
FONT = "dejavu"
MM_PT = 25.4 / 72
BULLET = 2.2
QR_MM = 24.0
#: the smallest square of a QR code that a telephone reads from paper; a link that needs smaller ones gets none
QR_LEAST_MM = 0.35
MISSING = "\u25a1"  # stands for a letter that the font does not have


@dataclass(frozen=True)
class Level:
    """How tightly the page is set.

    Attributes
    ----------
    share : float
        Of the width, for pictures and chart; the words stand beside.
    chart : float
        Greatest height of the chart, mm.
    type, warnings : float
        Size of type of the words and of the warning signs, pt.
    sources : int
        How many are named.
    """

    share: float
    chart: float
    type: float
    warnings: float
    sources: int


LEVELS = (
    Level(0.60, 42, 9.6, 7.8, 12),
    Level(0.58, 40, 9.2, 7.6, 10),
    Level(0.56, 38, 8.8, 7.4, 8),
    Level(0.53, 36, 8.4, 7.2, 6),
    Level(0.50, 34, 8.2, 7.0, 6),
    Level(0.47, 32, 8.0, 7.0, 5),
    Level(0.44, 30, 7.8, 7.0, 4),
    Level(0.42, 28, 7.6, 6.8, 3),
)
#: for when the words alone are too much: only structures with very long names and notes get here
LAST = Level(0.34, 22, 7.0, 6.4, 2)
NOTE_FIRST = 500
NOTE_LAST = (300, 120)
NOTE_LINE = 40  # letters that a line of a note counts for, however short it is


def write_pdf(atlas: Atlas, request: HandoutRequest, path: Path) -> None:
    """Write a hand-out as a PDF of one page, whole or not at all.

    Parameters
    ----------
    atlas : Atlas
    request : HandoutRequest
    path : Path

    Raises
    ------
    DataError
        When the request cannot be used, see :func:`explorer.export.handout.handout_content`.
    ExplorerError
        When the file cannot be written there.
    """
    content = handout_content(atlas, request)
    with whole_file(path) as part:
        part.write_bytes(pdf_of(atlas, request, content))


def pdf_of(atlas: Atlas, request: HandoutRequest, content: HandoutContent) -> bytes:
    """The page as the bytes of a PDF file."""
    selection = Selection(tuple(structure.id for structure in chosen(atlas, request)), side=request.side)
    views = telling_views(atlas, selection)
    pictures = render(atlas, selection, views, (720, 760) if len(views) < 3 else (600, 800))
    sides = chart(atlas, selection)
    common = (atlas, content, request, pictures, sides, _Ruler(_document(content)))
    total = sum(len(structure.patterns) for structure in content.structures)
    tightest = LEVELS[-1]
    plans: list[tuple[Level, int, int | None]] = [(level, total, None) for level in LEVELS]
    plans += [(tightest, count, NOTE_FIRST) for count in range(total, -1, -1)]
    plans += [(LAST, count, most) for most in NOTE_LAST for count in (1, 0)]
    plan = next((plan for plan in plans if _Page(*common, *plan, trial=True).set()), plans[-1])
    page = _Page(*common, *plan)
    page.set()
    return page.bytes()


class _Tagged(FPDF):
    """A PDF whose content is tagged: each piece is an element of the structure, or decoration.

    fpdf2 tags images that have an alternative text, and nothing else; this uses the same builder for all.
    """

    @contextmanager
    def tag(self, kind: str, alt: str | None = None) -> Iterator[None]:
        """Everything inside is one element, such as ``H1``, ``P``, ``Figure``."""
        number = self.struct_builder.next_mcid_for_page(self.page)
        self._add_marked_content(struct_type=f"/{kind}", mcid=number, alt_text=alt)
        self._out(f"/{kind} <</MCID {number}>> BDC")
        yield
        self._out("EMC")

    @contextmanager
    def decoration(self) -> Iterator[None]:
        """Everything inside is passed over by who reads aloud."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def _document(content: HandoutContent) -> _Tagged:
    """An empty document with one page and its fonts."""
    pdf = _Tagged(format=PAPERS[content.paper], unit="mm")
    fonts = Path(mpl.get_data_path()) / "fonts" / "ttf"
    for look, name in (("", "DejaVuSans"), ("B", "DejaVuSans-Bold"), ("I", "DejaVuSans-Oblique")):
        pdf.add_font(FONT, look, fonts / f"{name}.ttf")
    pdf.set_auto_page_break(False)
    pdf.set_margins(MARGIN, MARGIN)
    pdf.c_margin = 0
    pdf.add_page()
    return pdf


class _Ruler:
    """Measures texts, each once, in a document that is thrown away."""

    def __init__(self, pdf: _Tagged) -> None:
        self.pdf = pdf
        self._known: dict[Any, float] = {}

    def height(self, text: str, wide: float, size: float, look: str, lead: float) -> float:
        """How high a text is, mm."""
        key = (text, round(wide, 3), size, look, lead)
        if key not in self._known:
            self.pdf.set_font(FONT, look, size)
            high: Any = self.pdf.multi_cell(
                wide, size * MM_PT * lead, text, align="L", dry_run=True, output=MethodReturnValue.HEIGHT
            )
            self._known[key] = float(high)
        return self._known[key]


class _Page:
    """One attempt to set the page at one level; a trial leaves the drawings out."""

    def __init__(
        self,
        atlas: Atlas,
        content: HandoutContent,
        request: HandoutRequest,
        pictures: Sequence[Picture],
        sides: Sequence[ChartFigure],
        ruler: _Ruler,
        level: Level,
        patterns: int,
        note: int | None,
        trial: bool = False,
    ) -> None:
        self.trial = trial
        self.texts = atlas.dataset.texts["en"]
        self.content, self.level, self.pictures, self.sides = content, level, pictures, sides
        self.ruler, self.patterns = ruler, patterns
        self.wide, self.high = PAPERS[content.paper]
        self.inner = self.wide - 2 * MARGIN
        self.note = content.note if note is None else _cut(content.note, note)
        self.note_cut = self.note != content.note or len(clean(request.note, 10**7, lines=True)) > len(content.note)
        if trial:
            self.pdf = ruler.pdf
            return
        pdf = self.pdf = _document(content)
        pdf.set_lang("en")
        pdf.set_title(content.title)
        pdf.set_subject(content.disclaimer)
        pdf.set_author(", ".join(atlas.dataset.authors))
        pdf.set_creator(f"{content.app} {__version__}")
        pdf.set_keywords(f"referred pain; {content.version} {content.licence}")
        pdf.viewer_preferences = ViewerPreferences(display_doc_title=True)

    def bytes(self) -> bytes:
        return bytes(self.pdf.output())

    # --- setting text ---------------------------------------------------------------------------------------

    def height(self, text: str, wide: float, size: float, look: str = "", lead: float = 1.32) -> float:
        """How high a text is, mm."""
        if not text:
            return 0.0
        return self.ruler.height(_shown(text), wide, size, look, lead)

    def text(
        self,
        kind: str,
        text: str,
        x: float,
        y: float,
        wide: float,
        size: float,
        look: str = "",
        colour: str = INK,
        align: str = "L",
        lead: float = 1.32,
        link: str = "",
    ) -> float:
        """Set a text as one element of the structure; the place below it."""
        if not text:
            return y
        if self.trial:
            return y + self.height(text, wide, size, look, lead)
        pdf = self.pdf
        pdf.set_font(FONT, look, size)
        pdf.set_text_color(colour)
        pdf.set_xy(x, y)
        with pdf.tag(kind):
            pdf.multi_cell(
                wide, size * MM_PT * lead, _shown(text), align=align, new_x=XPos.LEFT, new_y=YPos.NEXT, link=link
            )
        return float(pdf.get_y())

    # --- the page -------------------------------------------------------------------------------------------

    def set(self) -> bool:
        """Set the page; False when it does not fit."""
        foot = self.high - MARGIN - self._foot_height()
        gap = 7.0
        left = self.level.share * self.inner - gap / 2
        y = self._head(MARGIN) + 2.5
        below = self._legend(self._chart(self._pictures(y, left) + 2, left) + 1.5, left)
        below = max(below, self._words(MARGIN + left + gap, y, self.inner - left - gap))
        below = self._warnings(below + 3)
        self.left_over = foot - 1.5 - below
        if below > foot - 1.5:
            return False
        self._foot(foot)
        return True

    def _head(self, y: float) -> float:
        content = self.content
        name = content.clinic or content.app
        y = self.text("P", name, MARGIN, y, self.inner, 11, "B", ACCENT)
        with self.pdf.decoration():
            self.pdf.set_draw_color(ACCENT)
            self.pdf.set_line_width(0.5)
            self.pdf.line(MARGIN, y + 0.8, self.wide - MARGIN, y + 0.8)
        size = 16 if len(content.title) < 70 else 12 if len(content.title) < 200 else 8.5
        y = self.text("H1", clean(content.title, 420), MARGIN, y + 3, self.inner, size, "B", INK, lead=1.15)
        if len(content.structures) == 1:
            y = self.text("P", content.structures[0].plain, MARGIN, y + 0.3, self.inner, 9.5, "", QUIET)
        return y

    def _pictures(self, y: float, room: float) -> float:
        pdf, texts = self.pdf, self.texts
        count = len(self.pictures)
        gap = 3.0
        wide = (room - gap * (count - 1)) / count
        rows, columns, _ = self.pictures[0].pixels.shape
        shrink = wide / columns
        high = rows * shrink
        for k, picture in enumerate(self.pictures):
            x = MARGIN + k * (wide + gap)
            with pdf.tag("Figure", alt=self._seen(picture)):
                if not self.trial:
                    pdf.image(Image.fromarray(picture.pixels), x, y, wide, high)
                for px, py in picture.points:
                    self._cross(x + px * shrink, y + py * shrink, max(0.6, min(1.5, 7 * shrink / picture.mm_per_pixel)))
            for place, side in enumerate(picture.letters):
                self.text("P", texts[f"letter.{side}"], x, y + 0.03 * high, wide, 9, "B", LETTER, "LR"[place])
            self.text("Caption", texts[f"view.{picture.view}"], x, y + high + 0.3, wide, 8, "", QUIET, "C")
        return y + high + 4

    def _seen(self, picture: Picture) -> str:
        """A picture in words: from where it is seen, and what is shown in all of them."""
        first = self.texts["pdf.seen"].replace("{view}", self.texts[f"view.{picture.view}"].lower())
        return clean(f"{first} {self._reach()}", 1500)

    def _reach(self) -> str:
        return " ".join(
            f"{structure.name}, {pattern.label}. " + " ".join(f"{role}: {areas}." for role, areas in pattern.reach)
            for structure in self.content.structures
            for pattern in structure.patterns
        )

    def _cross(self, x: float, y: float, arm: float) -> None:
        strokes = [np.array([(x - arm, y - dy), (x + arm, y + dy)]) for dy in (-arm, arm)]
        for colour, width in ((HALO, 0.75 * arm), (CROSS, 0.36 * arm)):
            self._lines(strokes, False, None, colour, width)

    def _chart(self, y: float, room: float) -> float:
        texts = self.texts
        gap = 20.0
        total = sum(side.box[2] for side in self.sides) + gap * (len(self.sides) - 1)
        shrink = min(room / total, self.level.chart / self.sides[0].box[3])
        high = self.sides[0].box[3] * shrink
        x = MARGIN + (room - total * shrink) / 2
        for side in self.sides:
            left, top, wide, _ = side.box
            kinds = ", ".join(texts[f"legend.{kind}"] for kind in side.shown) or texts["chart.nothing"]
            view = texts[f"view.{side.name}"]
            alt = texts["chart.figure"].replace("{view}", view).replace("{shown}", kinds)
            with self.pdf.tag("Figure", alt=alt), self.pdf.rect_clip(x, y, wide * shrink, high):
                for mark in () if self.trial else side.marks:
                    self._mark(mark, (left, top), (x, y), shrink, top + side.box[3])
            for letter, at, foot in side.letters:
                place = x + (at - left) * shrink
                self.text(
                    "P", texts[f"letter.{letter}"], place - 3, y + (foot - top) * shrink - 3.0, 6, 7, "B", LETTER, "C"
                )
            self.text("Caption", view, x - 5, y + high + 0.3, wide * shrink + 10, 8, "", QUIET, "C")
            x += (wide + gap) * shrink
        return y + high + 4

    def _mark(self, mark: Mark, corner: Any, place: Any, shrink: float, lowest: float) -> None:
        least = 1.4 if mark.kind in ("body", "tone", "feature") else 0.8
        pieces = []
        for line in mark.lines:
            if len(line) < 2 or line[:, 1].min() > lowest:
                continue
            # what is cut off anyway is drawn as a straight line below the edge
            kept = np.column_stack([line[:, 0], np.minimum(line[:, 1], lowest + 20)])
            pieces.append((thinned(kept, mark.closed, least) - np.asarray(corner)) * shrink + np.asarray(place))
        if pieces:
            width = mark.width_mm * shrink if mark.stroke else 0.0
            dash = tuple(length * shrink for length in mark.dash)
            self._lines(pieces, mark.closed, mark.fill, mark.stroke, width, dash, mark.opacity)

    def _lines(
        self,
        lines: Sequence[Any],
        closed: bool,
        fill: str | None,
        stroke: str | None,
        width: float,
        dash: Sequence[float] = (),
        opacity: float = 1.0,
    ) -> None:
        """Draw lines, mm from the upper left of the page, as one area with holes, or as strokes.

        Written out here because fpdf2's own paths are copied point by point many times over.
        """
        pdf = self.pdf
        unit = pdf.k
        path = []
        for line in lines:
            steps = [f"{x * unit:.2f} {(pdf.h - y) * unit:.2f} {'l' if k else 'm'}" for k, (x, y) in enumerate(line)]
            path.append(" ".join(steps) + (" h" if closed else ""))
        with pdf.local_context(fill_opacity=opacity):
            if fill:
                pdf._out(f"{_rgb(fill)} rg")
            if stroke:
                pdf._out(f"{_rgb(stroke)} RG {width * unit:.3f} w")
                pdf._out(f"1 j 1 J [{' '.join(f'{length * unit:.2f}' for length in dash)}] 0 d")
            pdf._out("\n".join(path))
            pdf._out("B*" if fill and stroke else "f*" if fill else "S")

    def _legend(self, y: float, room: float) -> float:
        x, row = MARGIN, 4.4
        size = 7.8
        for kind, text in self.content.legend:
            self.pdf.set_font(FONT, "", size)
            wide = self.pdf.get_string_width(text) + 8
            if x + wide > MARGIN + room and x > MARGIN:
                x, y = MARGIN, y + row
            with self.pdf.decoration():
                self._swatch(kind, x, y + row / 2)
            self.text("P", text, x + 7, y + 0.6, wide, size)
            x += wide + 5
        return y + row

    def _swatch(self, kind: str, x: float, y: float) -> None:
        look, pdf = style(), self.pdf
        if kind == "trigger":
            self._cross(x + 2.8, y, 1.1)
            return
        with pdf.local_context():
            pdf.set_line_width(0.3)
            if kind == "deep":
                pdf.set_draw_color(look["deep"])
                pdf.set_fill_color("#a899cc")
                pdf.ellipse(x + 1.2, y - 1.5, 3, 3, style="DF")
                return
            pairs = {
                "core": (look["core"], look["core_line"]),
                "muscle": (look["muscle_chosen"], "#8a5a1c"),
                "spillover": ("#e4ebf6", look["spillover_line"]),
            }
            fill, line = pairs[kind]
            pdf.set_fill_color(fill)
            pdf.set_draw_color(line)
            if kind == "spillover":
                pdf.set_dash_pattern(0.9, 0.6)
            pdf.rect(x + 0.3, y - 1.4, 5, 2.8, style="DF")
            pdf.set_dash_pattern()
            if kind == "spillover":
                pdf.set_fill_color(line)
                for dx in (1.5, 2.8, 4.1):
                    for dy in (-0.6, 0.6):
                        pdf.ellipse(x + dx - 0.28, y + dy - 0.28, 0.56, 0.56, style="F")

    def _words(self, x: float, y: float, wide: float) -> float:
        """The patterns in plain words, then the note."""
        size = self.level.type
        told = [(structure, pattern) for structure in self.content.structures for pattern in structure.patterns]
        y = self.text("H2", self.texts["about.meaning"], x, y, wide, size + 1.5, "B", ACCENT)
        kept = told[: self.patterns]
        for structure, pattern in kept:
            several = len(self.content.structures) > 1
            label = (
                f"{structure.name}: {pattern.label}" if several and pattern.label != structure.name else pattern.label
            )
            y = self.text("P", f"{label} - {pattern.grade}", x, y + 0.8, wide, size - 0.5, "B", INK)
            y = self.text("P", pattern.plain, x, y, wide, size)
            y = self.text("P", pattern.disputed, x, y + 0.2, wide, size - 1, "I", QUIET)
        if len(kept) < len(told):
            more = self.texts["pdf.more"].replace("{count}", str(len(told) - len(kept)))
            y = self.text("P", more, x, y + 0.8, wide, size - 0.5, "I", QUIET)
        if self.note:
            y = self._note(x, y + 2.5, wide)
        return y

    def _note(self, x: float, y: float, wide: float) -> float:
        size, pad = self.level.type, 2.5
        inside = wide - 2 * pad
        title, cut = self.texts["pdf.note"], self.texts["pdf.cut"] if self.note_cut else ""
        high = (
            self.height(title, inside, size, "B")
            + self.height(self.note, inside, size)
            + self.height(cut, inside, size - 1, "I")
            + 2 * pad
        )
        with self.pdf.decoration():
            self.pdf.set_fill_color(PALE)
            self.pdf.rect(x, y, wide, high, style="F", round_corners=True, corner_radius=1.5)
        below = self.text("H2", title, x + pad, y + pad, inside, size, "B", ACCENT)
        below = self.text("P", self.note, x + pad, below, inside, size)
        self.text("P", cut, x + pad, below, inside, size - 1, "I", QUIET)
        return y + high

    def _warnings(self, y: float) -> float:
        """The red flags over the whole width, in columns; always all of them."""
        size, pad, gap, count = self.level.warnings, 2.5, 5.0, 3
        wide = (self.inner - 2 * pad - gap * (count - 1)) / count
        title = self.height(self.content.warnings_title, self.inner, size + 1.6, "B") + 0.6
        lines: list[_Line] = []
        for group in self.content.warnings:
            lines.append(_Line("H3", group.title, size + 0.4, "B", 0.9))
            if group.lead:
                lines.append(_Line("P", f"{group.lead} ...", size, "I", 0.0))
            lines += [_Line("LI", sign, size, "", 0.3) for sign in (*group.signs, *group.others)]
        heights = [
            self.height(line.text, wide - BULLET * (line.kind == "LI"), line.size, line.look, 1.24) + line.gap
            for line in lines
        ]
        columns = _columns(heights, [line.kind == "LI" for line in lines], count)
        high = title + 2 * pad + max(sum(heights[k] for k in column) for column in columns)
        with self.pdf.decoration():
            self.pdf.set_fill_color(PALE_WARN)
            self.pdf.set_draw_color(WARN)
            self.pdf.set_line_width(0.3)
            self.pdf.rect(MARGIN, y, self.inner, high, style="DF", round_corners=True, corner_radius=1.5)
        self.text("H2", self.content.warnings_title, MARGIN + pad, y + pad, self.inner - 2 * pad, size + 1.6, "B", WARN)
        for k, column in enumerate(columns):
            x, at = MARGIN + pad + k * (wide + gap), y + pad + title
            for number in column:
                line = lines[number]
                colour = WARN if line.look == "B" else INK
                indent = BULLET if line.kind == "LI" else 0.0
                if indent:
                    with self.pdf.decoration():
                        self.pdf.set_fill_color(INK)
                        self.pdf.ellipse(x + 0.4, at + line.gap + 0.55 * line.size * MM_PT, 0.8, 0.8, style="F")
                below = at + line.gap
                at = self.text(
                    line.kind, line.text, x + indent, below, wide - indent, line.size, line.look, colour, lead=1.24
                )
        return y + high

    # --- the foot -------------------------------------------------------------------------------------------

    def _foot_lines(self) -> list[tuple[str, str, float, str, str, str]]:
        """Kind, text, size, look, colour and link of what stands at the foot."""
        content = self.content
        kept = content.sources[: self.level.sources]
        sources = " ".join(f"{k}. {source.citation}" for k, source in enumerate(kept, 1))
        if len(kept) < len(content.sources):
            more = self.texts["picture.more"].replace("{count}", str(len(content.sources) - len(kept)))
            sources = f"{sources} {more}"
        small = 6.2
        lines = [("P", content.disclaimer, 8.0, "B", INK, "")]
        if sources:
            lines.append(("P", f"{content.sources_title}: {sources}", small, "", QUIET, ""))
        lines.append(("P", f"{content.version} {content.licence} {' '.join(content.credits)}", small, "", QUIET, ""))
        if content.link:
            lines.append(("P", f"{content.link_label}: {_short(content.link)}", 7.0, "", ACCENT, content.link))
        return lines

    def _foot_height(self) -> float:
        wide = self._foot_wide()
        text = sum(self.height(text, wide, size, look, 1.25) + 0.7 for _, text, size, look, _, _ in self._foot_lines())
        return max(text, QR_MM if self._code() is not None else 0) + 2.2

    def _foot_wide(self) -> float:
        return self.inner - (QR_MM + 4 if self._code() is not None else 0)

    def _code(self) -> Any:
        return _qr(self.content.link) if self.content.link else None

    def _foot(self, y: float) -> None:
        with self.pdf.decoration():
            self.pdf.set_draw_color("#c9ced3")
            self.pdf.set_line_width(0.25)
            self.pdf.line(MARGIN, y, self.wide - MARGIN, y)
        at = y + 1.6
        for kind, text, size, look, colour, link in self._foot_lines():
            at = self.text(kind, text, MARGIN, at, self._foot_wide(), size, look, colour, lead=1.25, link=link) + 0.7
        code = self._code()
        if code is None:
            return
        module = QR_MM / len(code)
        left, top = self.wide - MARGIN - QR_MM, y + 2
        squares = [
            np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * module + (left + column * module, top + row * module)
            for row, cells in enumerate(code)
            for column, dark in enumerate(cells)
            if dark
        ]
        with self.pdf.tag("Figure", alt=f"{self.texts['pdf.qr']} {self.content.link}"):
            self._lines(squares, True, "#000000", None, 0)


@dataclass(frozen=True)
class _Line:
    """One paragraph of the warning signs; ``gap`` mm above it."""

    kind: str
    text: str
    size: float
    look: str
    gap: float


def _columns(heights: Sequence[float], may_end: Sequence[bool], count: int) -> list[list[int]]:
    """Numbers of paragraphs in columns of even height; a heading never ends a column."""

    def fill(most: float) -> list[list[int]]:
        out: list[list[int]] = [[]]
        used = 0.0
        for k, height in enumerate(heights):
            if out[-1] and used + height > most:
                carried: list[int] = []
                while len(out[-1]) > 1 and not may_end[out[-1][-1]]:
                    carried.insert(0, out[-1].pop())
                out.append(carried)
                used = sum(heights[number] for number in carried)
            out[-1].append(k)
            used += height
        return out

    most = max(max(heights, default=0.0), sum(heights) / count)
    while len(fill(most)) > count:
        most += 1.0
    return fill(most)


@lru_cache(maxsize=8)
def _qr(link: str) -> tuple[tuple[bool, ...], ...] | None:
    """Squares of a QR code with its quiet zone, or None where they would be too small to be read."""
    try:
        code = segno.make(link, error="m", micro=False, boost_error=False)
    except segno.DataOverflowError:
        return None
    rows = tuple(tuple(bool(cell) for cell in row) for row in code.matrix_iter(border=2))
    return rows if QR_MM / len(rows) >= QR_LEAST_MM else None


def _rgb(colour: str) -> str:
    """A colour as PDF writes it."""
    return " ".join(f"{int(colour[k : k + 2], 16) / 255:.4f}" for k in (1, 3, 5))


def _short(link: str) -> str:
    """A link as it is printed; the whole stays behind it."""
    return link if len(link) <= 110 else link[:107] + "..."


def _cut(note: str, most: int) -> str:
    """A note of at most so many letters; a line counts for :data:`NOTE_LINE` or more."""
    out: list[str] = []
    left = most
    for line in note.split("\n"):
        if left <= 0:
            break
        out.append(clean(line, max(2, left)))
        left -= max(len(line), NOTE_LINE)
    kept = "\n".join(out)
    return kept if kept == note or kept.endswith("…") else kept + " …"


@lru_cache(maxsize=1)
def _letters() -> frozenset[int]:
    """What the font can show."""
    path = Path(mpl.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    with TTFont(BytesIO(path.read_bytes())) as font:
        return frozenset(font.getBestCmap())


def _shown(text: str) -> str:
    """A text with a mark for each letter that the font does not have."""
    known = _letters()
    return "".join(letter if ord(letter) in known or letter == "\n" else MISSING for letter in text)
