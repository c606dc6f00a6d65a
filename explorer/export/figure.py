"""A figure for a paper: rendered views, the chart, legend, scale and caption, as PNG or SVG.

>>> from explorer import load_atlas
>>> from explorer.export.figure import draw_figure
>>> drawn = draw_figure(load_atlas(), ["temporalis"])  # doctest: +SKIP
>>> drawn.savefig("temporalis.png", dpi=300)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Ellipse, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from explorer import __version__
from explorer.catalogue import style
from explorer.chart import CROSS, HALO, LETTER, ChartFigure, Mark, chart, thinned
from explorer.errors import DataError, ExplorerError, unknown
from explorer.export.handout import clean
from explorer.export.options import own_credits
from explorer.export.render import Picture, render, telling_views
from explorer.export.whole import whole_file
from explorer.scene import Selection

if TYPE_CHECKING:
    from explorer.atlas import Atlas

FORMATS = ("png", "svg")
SIDES = ("left", "right", "both")
LEAST_MM, MOST_MM = 60.0, 400.0
LEAST_DPI, MOST_DPI = 72, 1200
INK, QUIET = "#22282f", "#59626c"
EDGE_MM = 4.0
GAP_MM = 3.0
LINE_MM = 3.9  # of the caption
MM = 72 / 25.4  # points in a millimetre
MOST_SOURCES = 6
_SMALL = FontProperties(family="DejaVu Sans", size=7.5)


class PaperFigure(Figure):
    """A figure that a notebook shows by itself; ``savefig`` writes it."""

    def _repr_png_(self) -> bytes:
        out = BytesIO()
        self.savefig(out, format="png", dpi=min(110, self.dpi))
        return out.getvalue()


def _selection(atlas: Atlas, structures: Sequence[str], side: str, pattern: str | None) -> Selection:
    if side not in SIDES:
        raise DataError(unknown("side", side, SIDES))
    if not structures:
        raise DataError("no structure is given; name at least one, such as trapezius_upper")
    chosen = tuple(dict.fromkeys(atlas[name].id for name in structures))
    own = [entry.id for name in chosen for entry in atlas[name].patterns]
    if pattern is not None and pattern not in own:
        raise DataError(unknown("pattern", pattern, own, where=", ".join(chosen)))
    return Selection(structures=chosen, side=side, pattern=pattern)


def caption_of(
    atlas: Atlas, structures: Sequence[str], side: str = "left", pattern: str | None = None, bar_mm: int = 50
) -> str:
    """The caption of a figure: what is shown, how sure it is, who says so, how to cite it.

    Parameters
    ----------
    atlas : Atlas
    structures : sequence of str
    side : {'left', 'right', 'both'}
    pattern : str, optional
        One pattern; None means all.
    bar_mm : int
        Length of the scale bar of the views.
    """
    data = atlas.dataset
    selection = _selection(atlas, structures, side, pattern)
    shown = [p for name in selection.structures for p in atlas[name].patterns if pattern in (None, p.id)]
    names = ", ".join(atlas[name].name for name in selection.structures)
    grades = "; ".join(f"{p.id}: {p.grade}{', disputed' if p.status == 'disputed' else ''}" for p in shown)
    cited = list(dict.fromkeys(e.reference.citation for p in shown for e in p.evidence if e.stance == "supports"))
    more = f" And {len(cited) - MOST_SOURCES} more, see the dataset." if len(cited) > MOST_SOURCES else ""
    texts = data.texts["en"]
    sides = texts[f"side.{side}"].lower()
    own = "".join(f"Shapes of {line}. " for line in own_credits(atlas))
    text = (
        f"Documented referred pain: {names} ({sides}). Above, the body rendered without perspective, scale bar {bar_mm} mm; "
        f"below, the whole pattern from four sides, scale bar 100 mm; L and R are the subject's sides. Solid: core, where the "
        f"pain is mostly described; dotted: spillover, where some people feel it; cross: trigger point. Grade of the map: "
        f"{grades or 'no pattern'}. Sources: {' '.join(cited[:MOST_SOURCES])}{more} Drawn with Referred Pain Explorer "
        f"{__version__}, dataset {data.version} (CC BY 4.0), body: {atlas.body}; the shapes are illustrations. "
        f"{texts['handout.credit_skin']} {texts['handout.credit_bones']} {texts['handout.credit_muscles']} {own}"
        "Educational; not for diagnosis."
    )
    return clean(text, 4000)


def draw_figure(
    atlas: Atlas,
    structures: Sequence[str],
    *,
    side: str = "left",
    pattern: str | None = None,
    views: Sequence[str] = (),
    dpi: int = 300,
    width_mm: float = 170,
    caption: bool = True,
) -> PaperFigure:
    """Draw a figure for a paper.

    Parameters
    ----------
    atlas : Atlas
    structures : sequence of str
    side : {'left', 'right', 'both'}
    pattern : str, optional
        One pattern; None means all.
    views : sequence of str
        Of :data:`explorer.export.render.KEY_VIEWS`; none means those that show most.
    dpi : int
        For which the rendered views are made.
    width_mm : float
    caption : bool
        Whether the caption is drawn below.

    Returns
    -------
    PaperFigure
        A :class:`matplotlib.figure.Figure`.

    Raises
    ------
    DataError
        For an unknown structure, side, pattern or view.
    ExplorerError
        For a size that cannot be drawn.
    """
    if not LEAST_MM <= width_mm <= MOST_MM:
        raise ExplorerError(f"--width-mm {width_mm:g} cannot be drawn; give {LEAST_MM:g} to {MOST_MM:g}")
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise ExplorerError(f"--dpi {dpi} cannot be drawn; give {LEAST_DPI} to {MOST_DPI}")
    if len(views) > 6:
        raise ExplorerError(f"{len(views)} views do not fit into one figure; give at most 6")
    selection = _selection(atlas, structures, side, pattern)
    shown = tuple(dict.fromkeys(views)) or telling_views(atlas, selection)
    inner = width_mm - 2 * EDGE_MM
    cell = (inner - GAP_MM * (len(shown) - 1)) / len(shown)
    cell_high = min(cell, 70.0)
    size = (round(cell / 25.4 * dpi), round(cell_high / 25.4 * dpi))
    pictures = render(atlas, selection, shown, size)
    sides = chart(atlas, selection)
    chart_wide = sum(figure.box[2] for figure in sides) + 20 * (len(sides) - 1)
    shrink = min(inner / chart_wide, 90 / sides[0].box[3])  # mm on paper for a millimetre of the body
    chart_high = sides[0].box[3] * shrink
    bar_mm = _bar(pictures[0].mm_per_pixel * size[0])
    legend = _legend(atlas, sides)
    words = caption_of(atlas, structures, side, pattern, bar_mm) if caption else ""
    lines = _broken(words, inner)
    legend_rows = int(np.ceil(len(legend) / 2))
    height = EDGE_MM + cell_high + 7 + chart_high + 13 + legend_rows * 5 + 2 + len(lines) * LINE_MM + EDGE_MM
    figure = PaperFigure(figsize=(width_mm / 25.4, height / 25.4), dpi=dpi, facecolor="white")
    FigureCanvasAgg(figure)
    page = figure.add_axes((0, 0, 1, 1))  # all places are in mm on paper, from the upper left
    page.set_xlim(0, width_mm)
    page.set_ylim(height, 0)
    page.axis("off")
    texts = atlas.dataset.texts["en"]
    y = EDGE_MM
    for k, picture in enumerate(pictures):
        _picture(page, picture, EDGE_MM + k * (cell + GAP_MM), y, cell, cell_high, texts)
    y += cell_high
    _scale(page, EDGE_MM, y + 1.5, bar_mm / (pictures[0].mm_per_pixel * size[0]) * cell, f"{bar_mm} mm")
    y += 7
    x = EDGE_MM + (inner - chart_wide * shrink) / 2
    for entry in sides:
        _side(page, entry, x, y, shrink, texts)
        x += (entry.box[2] + 20) * shrink
    y += chart_high + 10
    _scale(page, EDGE_MM, y - 3, 100 * shrink, "100 mm")
    for k, (kind, text) in enumerate(legend):
        place = (EDGE_MM + (k % 2) * inner / 2, y + 3 + (k // 2) * 5)
        _swatch(page, kind, *place)
        _text(page, place[0] + 8, place[1], text, 7.5, va="center")
    y += 3 + legend_rows * 5 + 2
    for k, line in enumerate(lines):
        _text(page, EDGE_MM, y + k * LINE_MM, line, 7.5, va="top", colour=INK)
    return figure


def write_figure(
    atlas: Atlas, structures: Sequence[str], path: Path, *, kind: str = "png", dpi: int = 300, **wishes: Any
) -> str:
    """Write a figure for a paper, whole or not at all.

    Parameters
    ----------
    atlas : Atlas
    structures : sequence of str
    path : Path
    kind : {'png', 'svg'}
    dpi : int
    **wishes
        As for :func:`draw_figure`.

    Returns
    -------
    str
        The caption.
    """
    if kind not in FORMATS:
        raise ExplorerError(unknown("format", kind, FORMATS))
    with whole_file(path) as part, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "referred-pain"}):
        figure = draw_figure(atlas, structures, dpi=dpi, **wishes)
        words = caption_of(atlas, structures, wishes.get("side", "left"), wishes.get("pattern"))
        title = clean(", ".join(atlas[name].name for name in structures), 300)
        rights = "Painting: CC BY 4.0. Shapes of muscles and bones: CC BY-SA 2.1 JP, see the description."
        if kind == "png":
            software = f"Referred Pain Explorer {__version__}"
            metadata: dict[str, Any] = {"Title": title, "Description": words, "Copyright": rights, "Software": software}
        else:
            creator = f"Referred Pain Explorer {__version__}"
            metadata = {"Title": title, "Description": words, "Rights": rights, "Creator": creator, "Date": None}
        figure.savefig(part, format=kind, dpi=dpi, metadata=metadata)
    return words


def _bar(shown_mm: float) -> int:
    """A round length of about a fifth of what is shown."""
    return max(
        (20, 50, 100, 200),
        key=lambda length: (length <= 0.3 * shown_mm, length if length <= 0.3 * shown_mm else -length),
    )


def _legend(atlas: Atlas, sides: Sequence[ChartFigure]) -> list[tuple[str, str]]:
    """Kinds that are seen, and what they mean."""
    seen = {kind for entry in sides for kind in entry.shown} | {"muscle"}
    texts = atlas.dataset.texts["en"]
    return [
        (kind, texts[f"legend.{kind}_long"])
        for kind in ("core", "spillover", "trigger", "muscle", "deep")
        if kind in seen
    ]


def _text(
    page: Any, x: float, y: float, text: str, size: float, va: str, ha: str = "left", colour: str = INK, **more: Any
) -> None:
    font = FontProperties(family="DejaVu Sans", size=size, **more)
    page.text(x, y, clean(text, 500), fontproperties=font, va=va, ha=ha, color=colour, parse_math=False)


def _picture(
    page: Any, picture: Picture, x: float, y: float, wide: float, high: float, texts: Mapping[str, str]
) -> None:
    page.imshow(picture.pixels, extent=(x, x + wide, y + high, y), aspect="auto", interpolation="none", zorder=1)
    shrink = wide / picture.pixels.shape[1]
    for px, py in picture.points:
        _cross(page, x + px * shrink, y + py * shrink, max(0.7, min(1.3, 7 / picture.mm_per_pixel * shrink)))
    for k, side in enumerate(picture.letters):
        _text(
            page,
            x + (1.5, wide - 1.5)[k],
            y + 4,
            texts[f"letter.{side}"],
            9,
            "center",
            ("left", "right")[k],
            LETTER,
            weight="bold",
        )
    _text(page, x + wide / 2, y + high + 4.5, texts[f"view.{picture.view}"], 7.5, "center", "center", QUIET)
    page.set_xlim(page.get_xlim())


def _cross(page: Any, x: float, y: float, arm: float) -> None:
    for colour, width in ((HALO, 3.2), (CROSS, 1.4)):
        for dy in (-arm, arm):
            page.plot(
                [x - arm, x + arm], [y - dy, y + dy], color=colour, linewidth=width, solid_capstyle="round", zorder=5
            )


def _side(page: Any, entry: ChartFigure, x: float, y: float, shrink: float, texts: Mapping[str, str]) -> None:
    left, top, wide, high = entry.box
    frame = Rectangle((x, y), wide * shrink, high * shrink, transform=page.transData)

    def on_page(line: Any) -> Any:
        return (np.asarray(line) - (left, top)) * shrink + (x, y)

    for mark in entry.marks:
        lines = [line for line in mark.lines if len(line) > 1 and line[:, 1].min() < top + high]
        if not lines:
            continue
        patch = PathPatch(_outline(mark, [on_page(thinned(line, mark.closed, 0.9)) for line in lines]), zorder=2)
        patch.set_facecolor((*mpl.colors.to_rgb(mark.fill), mark.opacity) if mark.fill else "none")
        patch.set_edgecolor(mark.stroke or "none")
        patch.set_linewidth(mark.width_mm * shrink * MM if mark.stroke else 0)
        if mark.dash and mark.stroke:
            patch.set_linestyle((0, tuple(length * shrink * MM for length in mark.dash)))
            patch.set_linewidth(mark.width_mm * shrink * MM)
        patch.set_joinstyle("round")
        patch.set_capstyle("round")
        page.add_patch(patch)
        patch.set_clip_path(frame)
    for side, at, foot in entry.letters:
        place = on_page((at, foot))
        _text(page, place[0], place[1], texts[f"letter.{side}"], 8, "baseline", "center", LETTER, weight="bold")
    _text(
        page,
        x + wide * shrink / 2,
        y + high * shrink + 2.5,
        texts[f"view.{entry.name}"],
        7.5,
        "center",
        "center",
        QUIET,
    )


def _outline(mark: Mark, lines: Sequence[Any]) -> Outline:
    """Several lines as one path, which leaves holes free."""
    vertices, codes = [], []
    for line in lines:
        closed = np.vstack([line, line[:1]]) if mark.closed else line
        vertices.append(closed)
        codes += [Outline.MOVETO] + [Outline.LINETO] * (len(closed) - 1)
        if mark.closed:
            codes[-1] = Outline.CLOSEPOLY
    return Outline(np.vstack(vertices), codes)


def _scale(page: Any, x: float, y: float, length: float, text: str) -> None:
    page.plot([x, x + length], [y, y], color=INK, linewidth=1.2, solid_capstyle="butt", zorder=4)
    for end in (x, x + length):
        page.plot([end, end], [y - 0.8, y + 0.8], color=INK, linewidth=0.8, zorder=4)
    _text(page, x + length + 1.5, y, text, 7, "center")


def _swatch(page: Any, kind: str, x: float, y: float) -> None:
    look = style()
    if kind == "trigger":
        _cross(page, x + 3, y, 1.1)
        return
    if kind == "deep":
        page.add_patch(
            Ellipse((x + 3, y), 3, 3, facecolor=(*mpl.colors.to_rgb(look["deep"]), 0.6), edgecolor=look["deep"])
        )
        return
    box = ((x + 0.5, y - 1.4), 5.0, 2.8)
    if kind == "spillover":
        tint = (*mpl.colors.to_rgb(look["spillover"]), 0.22)
        page.add_patch(
            Rectangle(*box, facecolor=tint, edgecolor=look["spillover_line"], linewidth=0.8, linestyle=(0, (2.5, 1.5)))
        )
        for dx in (1.6, 3.0, 4.4):
            for dy in (-0.6, 0.6):
                page.add_patch(Ellipse((x + dx, y + dy), 0.6, 0.6, facecolor=look["spillover_line"], zorder=3))
        return
    colours = {"core": (look["core"], look["core_line"]), "muscle": (look["muscle_chosen"], "#8a5a1c")}[kind]
    page.add_patch(Rectangle(*box, facecolor=colours[0], edgecolor=colours[1], linewidth=1))


def _broken(text: str, wide_mm: float) -> list[str]:
    """A text in lines of a width."""
    canvas = FigureCanvasAgg(Figure(dpi=72))
    renderer = canvas.get_renderer()
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and renderer.get_text_width_height_descent(longer, _SMALL, False)[0] > wide_mm * MM:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines
