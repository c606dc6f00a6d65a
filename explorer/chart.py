"""The chart on paper: the body from four sides, painted; the twin of ``browser/chart.js`` and ``browser/project.js``.

It gives plain marks (lines and areas in millimetres on paper), which a PDF, a figure or :func:`to_svg` draws.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.meshio import Mesh
from explorer.anatomy.surface import Surface
from explorer.assets import DOT_SHARE, dot_spacing, even_dots
from explorer.catalogue import catalogue, style
from explorer.scene import Selection, scene_of

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_MM = 1.0
NEAR_MM = 3.0  # a line is seen when nothing lies so much nearer to the eye
HEAD_TO_MM = 238.0  # how far below the origin the chart reaches when no paint lies lower
MARGIN_MM = 26.0
DEEP_MM = 75.0  # a deep place is marked on the sides from which it lies no deeper than this
DEEP_SLACK_MM = 6.0
POINT_MM = 32.0  # and a trigger point where it lies no deeper than this
LEVEL = 0.5
TONES = (0.42, 0.72)
OPPOSITE = {"front": "back", "back": "front", "left": "right", "right": "left"}

BODY, OUTLINE, TONE, EYE_LINE, IRIS, LINE = "#f3ebe2", "#6b6259", "#8a6a50", "#9a8f84", "#6f665d", "#9a8f84"
LETTER, CROSS, HALO = "#545d66", "#14181d", "#ffffff"


@dataclass(frozen=True)
class Side:
    """A side of the body on paper: unit vectors to the right of the paper and to the eye, LPS."""

    right: tuple[float, float, float]
    to_eye: tuple[float, float, float]

    def on_paper(self, points: Floats) -> Floats:
        """(n, 3) places to the right, down, and towards the eye, mm, of (n, 3) points, mm, LPS."""
        axes = np.array([self.right, -np.cross(self.to_eye, self.right), self.to_eye])
        return np.atleast_2d(points) @ axes.T


#: in the order in which they stand on the chart
SIDES = {
    "right": Side((0, -1, 0), (-1, 0, 0)),
    "front": Side((1, 0, 0), (0, -1, 0)),
    "left": Side((0, 1, 0), (1, 0, 0)),
    "back": Side((-1, 0, 0), (0, 1, 0)),
}


@dataclass(frozen=True)
class Mark:
    """Something drawn.

    Attributes
    ----------
    kind : str
        ``body``, ``tone``, ``eye``, ``feature``, ``spillover``, ``dots``, ``core``, ``deep``, ``halo``, ``point``.
    lines : tuple of (k, 2) float
        To the right and down, mm; several closed lines are one area with holes (even-odd).
    closed : bool
    fill, stroke : str or None
        ``#rrggbb``.
    opacity : float
        Of the filling.
    width_mm : float
        Of the stroke.
    dash : tuple of float
        mm drawn and left out.
    """

    kind: str
    lines: tuple[Floats, ...]
    closed: bool = True
    fill: str | None = None
    stroke: str | None = None
    opacity: float = 1.0
    width_mm: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True)
class ChartFigure:
    """The body from one side.

    Attributes
    ----------
    name : str
        A key of :data:`SIDES`.
    box : (4,) float
        Left, top, width and height of what is shown, mm; what lies outside is cut off.
    marks : tuple of Mark
        From the lowest to the uppermost.
    letters : tuple of (str, float, float)
        ``left`` or ``right`` of the subject and where its letter stands (middle, foot of the line), mm.
    painted : bool
        Whether core or spillover is seen from this side.
    shown : tuple of str
        Which of ``core``, ``spillover``, ``deep``, ``trigger`` are seen from this side.
    """

    name: str
    box: tuple[float, float, float, float]
    marks: tuple[Mark, ...]
    letters: tuple[tuple[str, float, float], ...]
    painted: bool
    shown: tuple[str, ...]


@dataclass(frozen=True)
class _Grid:
    """What is nearest to the eye at each millimetre: depth (-inf: nothing), three corners and their shares."""

    left: float
    top: float
    depth: Floats  # (rows, columns)
    corner: Ints  # (rows, columns, 3)
    share: Floats  # (rows, columns, 3)

    def values(self, of_vertices: Floats) -> Floats:
        """Values of the vertices at each place; 0 where nothing is."""
        values = (self.share * of_vertices[self.corner]).sum(axis=2)
        return np.where(np.isfinite(self.depth), values, 0.0)

    def under(self, places: Floats) -> Floats:
        """(n,) how deep places on paper lie under what is seen, mm; -inf beside the body."""
        column = np.floor((places[:, 0] - self.left) / STEP_MM + 0.5).astype(int)
        row = np.floor((places[:, 1] - self.top) / STEP_MM + 0.5).astype(int)
        rows, columns = self.depth.shape
        inside = (column >= 0) & (row >= 0) & (column < columns) & (row < rows)
        out = np.full(len(places), -np.inf)
        out[inside] = self.depth[row[inside], column[inside]] - places[inside, 2]
        return out

    def loops(self, values: Floats, level: float) -> list[Floats]:
        """Closed lines around everything above a level, smoothed; mm on paper."""
        import contourpy

        if not (values > level).any():
            return []
        lines: list[Any] = contourpy.contour_generator(z=values).lines(level)
        return [
            _rounded(np.asarray(line)[:-1] * STEP_MM + (self.left, self.top), True) for line in lines if len(line) > 5
        ]


def _grid(mesh: Mesh, side: Side) -> _Grid:
    """Draw a mesh without perspective, a place for each millimetre."""
    flat = side.on_paper(mesh.vertices)
    low, high = flat[:, :2].min(axis=0) - 2 * STEP_MM, flat[:, :2].max(axis=0)
    columns, rows = (np.ceil((high - low) / STEP_MM).astype(int) + 3).tolist()
    xy = (flat[:, :2] - low) / STEP_MM
    a, b, c = (xy[mesh.faces[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    faces = np.flatnonzero(area < 0)  # down is positive, so what faces the eye runs the other way
    corners = np.stack([a, b, c])[:, faces]
    first = np.ceil(corners.min(axis=0)).astype(int)
    last = np.floor(corners.max(axis=0)).astype(int)
    found: list[tuple[Ints, Floats, Ints, Floats]] = []
    for dy in range(int((last[:, 1] - first[:, 1]).max(initial=-1)) + 1):
        in_row = first[:, 1] + dy <= last[:, 1]
        for dx in range(int((last[in_row, 0] - first[in_row, 0]).max(initial=-1)) + 1):
            own = np.flatnonzero(in_row & (first[:, 0] + dx <= last[:, 0]))
            x, y = (first[own] + (dx, dy)).T
            (ax, ay), (bx, by), (cx, cy) = (corners[k, own].T for k in range(3))
            u = ((bx - x) * (cy - y) - (by - y) * (cx - x)) / area[faces[own]]
            v = ((cx - x) * (ay - y) - (cy - y) * (ax - x)) / area[faces[own]]
            w = 1 - u - v
            inside = (u >= 0) & (v >= 0) & (w >= 0)
            share = np.column_stack([u, v, w])[inside]
            face = faces[own[inside]]
            depth = (share * flat[mesh.faces[face], 2]).sum(axis=1)
            found.append((y[inside] * columns + x[inside], depth, face, share))
    place, depth, face, share = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.lexsort((depth, place))
    nearest = order[np.append(np.diff(place[order]) > 0, True)]
    grid_depth = np.full(rows * columns, -np.inf)
    grid_corner = np.zeros((rows * columns, 3), np.int64)
    grid_share = np.zeros((rows * columns, 3))
    grid_depth[place[nearest]] = depth[nearest]
    grid_corner[place[nearest]] = mesh.faces[face[nearest]]
    grid_share[place[nearest]] = share[nearest]
    return _Grid(
        float(low[0]),
        float(low[1]),
        grid_depth.reshape(rows, columns),
        grid_corner.reshape(rows, columns, 3),
        grid_share.reshape(rows, columns, 3),
    )


def _rounded(points: Floats, closed: bool, rounds: int = 2) -> Floats:
    """Smooth a line; the ends of an open one stay."""
    for _ in range(rounds):
        before, after = np.roll(points, 1, axis=0), np.roll(points, -1, axis=0)
        moved = 0.5 * points + 0.25 * (before + after)
        if not closed:
            moved[[0, -1]] = points[[0, -1]]
        points = moved
    return points


def _normals(mesh: Mesh) -> Floats:
    """(n, 3) unit normals of the vertices, weighted by area."""
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    own = np.cross(b - a, c - a)
    normals = np.zeros_like(mesh.vertices)
    for k in range(3):
        np.add.at(normals, mesh.faces[:, k], own)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(length > 0, length, 1)


def _chains(mesh: Mesh, values: Floats, level: float) -> list[tuple[Floats, bool]]:
    """Where a value of the vertices crosses a level, as chains of points on the mesh, and whether each is closed."""
    inside = values[mesh.faces] > level
    crossing = np.flatnonzero((inside.sum(axis=1) > 0) & (inside.sum(axis=1) < 3))
    corners = mesh.faces[crossing]
    odd = np.where(
        inside[crossing].sum(axis=1) == 1, np.argmax(inside[crossing], axis=1), np.argmin(inside[crossing], axis=1)
    )
    rows = np.arange(len(crossing))
    apex = corners[rows, odd]
    nodes: dict[tuple[int, int], int] = {}
    points: list[Floats] = []
    links: list[list[int]] = []

    def node(one: int, other: int) -> int:
        low, high = min(one, other), max(one, other)
        if (low, high) not in nodes:
            nodes[low, high] = len(points)
            t = (level - values[low]) / (values[high] - values[low])
            points.append(mesh.vertices[low] + t * (mesh.vertices[high] - mesh.vertices[low]))
            links.append([])
        return nodes[low, high]

    for k in rows:
        first = node(int(apex[k]), int(corners[k, (odd[k] + 1) % 3]))
        second = node(int(apex[k]), int(corners[k, (odd[k] + 2) % 3]))
        links[first].append(second)
        links[second].append(first)
    chains = []
    seen: set[int] = set()
    for start in sorted(range(len(points)), key=lambda k: len(links[k])):  # open ends first
        if start in seen:
            continue
        chain = [start]
        seen.add(start)
        while onward := next((other for other in links[chain[-1]] if other not in seen), None):
            seen.add(onward)
            chain.append(onward)
        if len(chain) > 2:
            closed = start in links[chain[-1]]
            chains.append((_rounded(np.array([points[k] for k in chain]), closed), closed))
    return chains


def _feature_lines(mesh: Mesh, normals: Floats, side: Side, grid: _Grid) -> list[Floats]:
    """Lines where the skin turns away from the eye, as far as they are seen."""
    out: list[Floats] = []
    for chain, closed in _chains(mesh, normals @ np.array(side.to_eye, float), 0.02):
        points = side.on_paper(np.vstack([chain, chain[:1]]) if closed else chain)
        seen = np.zeros(len(points), bool)
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                seen |= ~(grid.under(points + np.array([dx * STEP_MM, dy * STEP_MM, 0.0])) > NEAR_MM)
        ends = np.flatnonzero(np.diff(np.concatenate([[0], seen.astype(int), [0]])))
        out += [points[first:last, :2] for first, last in zip(ends[::2], ends[1::2], strict=True)]
    return [_rounded(line, False) for line in out if np.linalg.norm(np.diff(line, axis=0), axis=1).sum() > 7]


class _Body:
    """The unpainted body from one side."""

    def __init__(self, atlas: Atlas, name: str, normals: Floats) -> None:
        self.side = side = SIDES[name]
        skin = atlas.skin_mesh
        self.grid = grid = _grid(skin, side)
        light = 0.86 * np.array(side.to_eye, float) + (0, 0, 0.5)
        dark = grid.values(1 - normals @ light)
        self.marks = [
            Mark("body", tuple(grid.loops(np.isfinite(grid.depth).astype(float), 0.5)), True, BODY, OUTLINE, 1, 1.6)
        ]
        for level in TONES:
            loops = [loop for loop in grid.loops(dark, level) if len(loop) > 14]
            self.marks.append(Mark("tone", tuple(loops), True, TONE, None, 0.1))
        self.marks += self._eyes(atlas)
        lines = _feature_lines(skin, normals, side, grid)
        self.marks.append(Mark("feature", tuple(lines), False, None, LINE, 1, 1.2))

    def _eyes(self, atlas: Atlas) -> list[Mark]:
        """What the lids leave free of the eyes, and the iris in it."""
        white, iris = np.zeros(self.grid.depth.shape), np.zeros(self.grid.depth.shape)
        sight = self.side.on_paper(np.array([0.0, -1.0, 0.0]))[0]
        for mesh in (atlas.eye_mesh, atlas.eye_mesh.mirrored()):
            own = _grid(mesh, self.side)
            middle = self.side.on_paper(mesh.vertices.mean(axis=0))[0]
            row, column = np.nonzero(np.isfinite(own.depth))
            places = np.column_stack([own.left + column * STEP_MM, own.top + row * STEP_MM, own.depth[row, column]])
            free = places[self.grid.under(places) < 0]
            free = free[np.isfinite(self.grid.under(free))]
            at = np.floor((free[:, :2] - (self.grid.left, self.grid.top)) / STEP_MM + 0.5).astype(int)
            white[at[:, 1], at[:, 0]] = 1
            near = np.hypot(free[:, 0] - middle[0] - 10.5 * sight[0], free[:, 1] - middle[1]) < 5.6
            iris[at[near, 1], at[near, 0]] = 1
        return [
            Mark("eye", tuple(self.grid.loops(white, 0.5)), True, "#ffffff", EYE_LINE, 1, 1.2),
            Mark("eye", tuple(self.grid.loops(iris, 0.5)), True, IRIS),
        ]


@lru_cache(maxsize=4)
def _bodies(atlas: Atlas) -> dict[str, _Body]:
    normals = _normals(atlas.skin_mesh)
    return {name: _Body(atlas, name, normals) for name in SIDES}


def chart(atlas: Atlas, selection: Selection) -> list[ChartFigure]:
    """The whole pattern of a selection on paper.

    Parameters
    ----------
    atlas : Atlas
    selection : Selection
        Its structures, pattern and side count.

    Returns
    -------
    list of ChartFigure
        From right to left as in :data:`SIDES`, all cut off at the same height.
    """
    scene = scene_of(catalogue(atlas), selection)
    core, spillover = painted(atlas, scene["paint"])
    bodies = _bodies(atlas)
    lowest = _lowest(atlas, scene, core, spillover)
    return [_figure(atlas, name, scene, core, spillover, bodies, lowest) for name in SIDES]


def painted(atlas: Atlas, entries: Iterable[dict[str, str]]) -> tuple[Floats, Floats]:
    """Core and spillover of patterns on sides together, 0..1 on the skin's vertices; as ``paint.js`` joins them."""
    count = len(atlas.skin_mesh.vertices)
    core, spillover = np.zeros(count), np.zeros(count)
    for entry in entries:
        own_core, own_spillover = atlas.paint(entry["pattern"], entry["side"])
        core, spillover = np.maximum(core, own_core), np.maximum(spillover, own_spillover)
    return core, np.minimum(spillover, 1 - core)


def _lowest(atlas: Atlas, scene: dict[str, Any], core: Floats, spillover: Floats) -> float:
    """How far down the chart reaches, mm on paper."""
    paint = -atlas.skin_mesh.vertices[np.maximum(core, spillover) > LEVEL, 2]
    points = [-marker["xyz_mm"][2] for marker in scene["markers"]]
    return max(HEAD_TO_MM - MARGIN_MM, paint.max(initial=0), *points) + MARGIN_MM


def _figure(
    atlas: Atlas,
    name: str,
    scene: dict[str, Any],
    core: Floats,
    spillover: Floats,
    bodies: dict[str, _Body],
    lowest: float,
) -> ChartFigure:
    look = style()
    body = bodies[name]
    grid, side = body.grid, body.side
    inner = grid.loops(grid.values(core), LEVEL)
    spread = grid.values(spillover)
    outer = grid.loops(np.minimum(1, grid.values(core) + spread), LEVEL) if (spread > LEVEL).any() else []
    marks = list(body.marks)
    if outer:
        line = look["spillover_line"]
        marks.append(Mark("spillover", tuple(outer), True, look["spillover"], line, 0.22, 1.8, (5, 4)))
        marks.append(Mark("dots", tuple(_dots(atlas, body, spillover)), True, line))
    if inner:
        marks.append(Mark("core", tuple(inner), True, look["core"], look["core_line"], 1, 2.4))
    deep = [mark for entry in scene["deep"] for mark in _deep(atlas, entry, name, bodies)]
    marks += deep
    crosses = []
    for marker in scene["markers"]:
        place = side.on_paper(np.array(marker["xyz_mm"]))
        if marker["chosen"] and grid.under(place)[0] < POINT_MM:
            x, y = place[0, :2]
            crosses += [np.array([[x - 7, y - 7], [x + 7, y + 7]]), np.array([[x - 7, y + 7], [x + 7, y - 7]])]
    if crosses:
        marks.append(Mark("halo", tuple(crosses), False, None, HALO, 1, 8))
        marks.append(Mark("point", tuple(crosses), False, None, CROSS, 1, 3.6))
    box = _box(grid, lowest)
    letters = ("right", "left") if name == "front" else ("left", "right") if name == "back" else ()
    places = (box[0] + 22, box[0] + box[2] - 22)
    seen = (("core", inner), ("spillover", outer), ("deep", deep), ("trigger", crosses))
    return ChartFigure(
        name,
        box,
        tuple(marks),
        tuple((letter, x, box[1] + 44) for letter, x in zip(letters, places, strict=False)),
        bool(inner or outer),
        tuple(kind for kind, there in seen if there),
    )


def _dots(atlas: Atlas, body: _Body, spillover: Floats) -> list[Floats]:
    """The dots of spillover that are seen, as small octagons."""
    vertices, radii = _dot_places(atlas)
    places = body.side.on_paper(atlas.skin_mesh.vertices[vertices])
    seen = (spillover[vertices] >= 110 / 255) & (body.grid.under(places) < 1.5)
    turn = 2 * np.pi * np.arange(8) / 8
    unit = np.column_stack([np.cos(turn), np.sin(turn)])
    return [place[:2] + radius * unit for place, radius in zip(places[seen], radii[seen], strict=True)]


@lru_cache(maxsize=4)
def _dot_places(atlas: Atlas) -> tuple[Ints, Floats]:
    skin = atlas.skin_mesh
    spacing = dot_spacing(Surface(skin.vertices, skin.faces))
    dots = even_dots(skin.vertices, spacing)
    return dots, np.round(10 * DOT_SHARE * spacing[dots]) / 10


def _deep(atlas: Atlas, entry: dict[str, str], name: str, bodies: dict[str, _Body]) -> list[Mark]:
    """A soft ellipse where a deep place lies, on the sides of the body from which it is not far."""
    colour = style()["deep"]
    if entry["area"] not in atlas.shape_ids("deep"):
        return []
    out = []
    for side in ["left", "right"] if entry["side"] == "midline" else [entry["side"]]:
        mesh = atlas.deep_mesh(entry["area"], side)
        if mesh is None:
            continue
        places = bodies[name].side.on_paper(mesh.vertices)
        middle = places.mean(axis=0)
        depth = bodies[name].grid.under(middle[None])[0]
        through = bodies[OPPOSITE[name]].grid.under(np.array([[-middle[0], middle[1], -middle[2]]]))[0]
        if depth == -np.inf or depth > DEEP_MM or depth > through + DEEP_SLACK_MM:
            continue
        radii = np.maximum(5, 1.7 * places[:, :2].std(axis=0))
        turn = 2 * np.pi * np.arange(40) / 40
        ring = np.column_stack([np.cos(turn), np.sin(turn)]) * radii
        core = entry["role"] == "core"
        weight = 1.0 if core else 0.7
        dash = () if core else (4.0, 3.0)
        out.append(Mark("deep", (middle[:2] + ring,), True, colour, colour, 0.3 * weight, 1.4, dash))
        out.append(Mark("deep", (middle[:2] + 0.6 * ring,), True, colour, None, 0.5 * weight))
    return out


def _box(grid: _Grid, lowest: float) -> tuple[float, float, float, float]:
    rows = min(len(grid.depth), int(np.ceil((lowest - grid.top) / STEP_MM)))
    columns = np.flatnonzero(np.isfinite(grid.depth[:rows]).any(axis=0))
    first, last = int(columns[0]), int(columns[-1])
    return (grid.left + (first - 3) * STEP_MM, grid.top, (last - first + 6) * STEP_MM, rows * STEP_MM)


def thinned(line: Floats, closed: bool, least_mm: float = 0.7) -> Floats:
    """A line without points that are closer than ``least_mm`` to the one before."""
    kept = [0]
    for k in range(1, len(line)):
        last = k == len(line) - 1
        if last or np.hypot(*(line[k] - line[kept[-1]])) >= least_mm:
            kept.append(k)
    return line[kept]


def _path(mark: Mark) -> str:
    parts = []
    for line in mark.lines:
        points = thinned(line, mark.closed)
        parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if mark.closed else ""))
    return "".join(parts)


def to_svg(figures: Sequence[ChartFigure], captions: dict[str, str], letters: dict[str, str], title: str = "") -> str:
    """The chart as an SVG file that needs nothing else.

    Parameters
    ----------
    figures : sequence of ChartFigure
    captions : dict
        Side of the chart -> words under its figure.
    letters : dict
        ``left`` and ``right`` -> letter.
    title : str
        What the picture shows, for who does not see it.
    """
    x = 0.0
    parts = []
    for figure in figures:
        left, top, width, height = figure.box
        clip = f"clip-{figure.name}"
        shapes = []
        for mark in figure.marks:
            dash = f' stroke-dasharray="{" ".join(f"{d:g}" for d in mark.dash)}"' if mark.dash else ""
            stroke = (
                f'stroke="{mark.stroke}" stroke-width="{mark.width_mm:g}"{dash} stroke-linejoin="round" '
                'stroke-linecap="round"'
                if mark.stroke
                else 'stroke="none"'
            )
            fill = (
                f'fill="{mark.fill}" fill-opacity="{mark.opacity:g}" fill-rule="evenodd"'
                if mark.fill
                else 'fill="none"'
            )
            shapes.append(f'<path class="{mark.kind}" d="{_path(mark)}" {fill} {stroke}/>')
        marks = [
            f'<text x="{at:.1f}" y="{foot:.1f}" text-anchor="middle" font-size="30" font-weight="700" fill="{LETTER}">'
            f"{escape(letters[side])}</text>"
            for side, at, foot in figure.letters
        ]
        parts.append(
            f'<g transform="translate({x - left:.1f} {-top:.1f})" data-side="{figure.name}">'
            f'<clipPath id="{clip}"><rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}"/></clipPath>'
            f'<g clip-path="url(#{clip})">{"".join(shapes)}</g>{"".join(marks)}'
            f'<text x="{left + width / 2:.1f}" y="{top + height + 30:.1f}" text-anchor="middle" font-size="22" '
            f'fill="#22282f">{escape(captions[figure.name])}</text></g>'
        )
        x += width + 20
    wide, high = x - 20, max(figure.box[3] for figure in figures) + 44
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.1f} {high:.1f}" role="img" '
        f'font-family="system-ui, sans-serif"><title>{escape(title)}</title>{"".join(parts)}</svg>\n'
    )
