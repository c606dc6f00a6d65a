"""Loft a muscle through its measured strips: one closed body, with fibre coordinates.

A muscle is measured as *strips* that run side by side from origin to insertion; each strip is a row of
*stations* (centre, half width, half thickness, width axis). The loft lays one grid over all strips: rows
run along the fibres, columns across. Where two strips touch, they share a column; where they part (the
slips of a muscle), the grid is slit. Thickening the grid by the measured half thickness closes it: front
and back meet at every border of the grid.

Frame and unit everywhere: mm, LPS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: two strips are joined where the gap between their edges is below this share of their half widths
JOIN_SHARE = 0.6
#: half thickness at a joint and at the middle of a strip, as shares of the measured ellipse's half thickness;
#: together they keep the measured cross-section (an ellipse fills pi/4 of its box)
JOINT_THICKNESS = 0.72
MIDDLE_THICKNESS = 0.84
#: over this share of the length at either end the body thins towards its attachment
TAPER_SHARE = 0.14
TAPER_END = 0.45


@dataclass(frozen=True)
class Strips:
    """Measured strips of one muscle, all with the same number of stations.

    Attributes
    ----------
    centre : (s, n, 3) float
    half_width, half_thickness : (s, n) float
    width_axis : (s, n, 3) float
        Unit vectors across the strip.
    """

    centre: Floats
    half_width: Floats
    half_thickness: Floats
    width_axis: Floats

    def __post_init__(self) -> None:
        s, n = self.half_width.shape
        for name, shape in (("centre", (s, n, 3)), ("half_thickness", (s, n)), ("width_axis", (s, n, 3))):
            found = getattr(self, name).shape
            if found != shape:
                raise ValueError(f"strips: {name} has shape {found}, expected {shape}")

    def part(self, first: int, last: int) -> Strips:
        """The strips ``first`` to ``last``, inclusive."""
        chosen = slice(first, last + 1)
        return Strips(
            self.centre[chosen], self.half_width[chosen], self.half_thickness[chosen], self.width_axis[chosen]
        )


@dataclass(frozen=True)
class Body:
    """A lofted muscle.

    Attributes
    ----------
    vertices : (n, 3) float
    faces : (m, 3) int
        Wound outward.
    along : (n,) float
        0 at the origin, 1 at the insertion.
    across : (n,) float
        mm across the fibres at the belly, from the first strip's outer edge.
    grid : Grid
        The sheet that was thickened.
    """

    vertices: Floats
    faces: Ints
    along: Floats
    across: Floats
    grid: Grid


@dataclass(frozen=True)
class Grid:
    """The middle sheet of a muscle.

    Attributes
    ----------
    points : (rows, columns, 3) float
    half_thickness : (rows, columns) float
        0 on every border.
    normal : (rows, columns, 3) float
        Unit; points to the superficial face once :func:`face_outward` has been applied.
    along : (rows,) float
    across : (columns,) float
        0..1 over all strips; a joint is one column, listed once for each of its strips.
    joined : (strips - 1, rows) bool
        Where neighbouring strips share their column.
    per_strip : int
        Columns of one strip.
    """

    points: Floats
    half_thickness: Floats
    normal: Floats
    along: Floats
    across: Floats
    joined: NDArray[np.bool_]
    per_strip: int

    def locate(self, along: float, across: float, depth: float) -> Floats:
        """(3,) a point in the muscle.

        Parameters
        ----------
        along, across : float
            0..1 from origin to insertion, and over the strips in their order.
        depth : float
            0 deep face, 1 superficial face.
        """
        row = np.interp(along, self.along, np.arange(len(self.along)))
        order = np.arange(len(self.across))
        column = np.interp(across, self.across, order)
        r0, c0 = min(int(row), len(self.along) - 2), min(int(column), len(order) - 2)
        r, c = row - r0, column - c0
        weights = np.array([[(1 - r) * (1 - c), (1 - r) * c], [r * (1 - c), r * c]])

        def blend(values: Floats) -> Floats:
            corner = values[r0 : r0 + 2, c0 : c0 + 2]
            return (
                np.tensordot(weights, corner, axes=2) if corner.ndim == 2 else np.einsum("ij,ijk->k", weights, corner)
            )

        normal = blend(self.normal)
        normal /= np.linalg.norm(normal)
        return blend(self.points) + (2 * depth - 1) * float(blend(self.half_thickness)) * normal


def loft(strips: Strips, sheet: bool = False, spacing_mm: float = 4.0) -> Grid:
    """Lay the grid of a muscle over its strips.

    Parameters
    ----------
    strips : Strips
    sheet : bool
        True: the strips are samples of one sheet and are joined everywhere. False: they are joined where they touch.
    spacing_mm : float
        Wanted distance of rows and columns.
    """
    axis = _consistent_axes(strips)
    length = np.linalg.norm(np.diff(strips.centre, axis=1), axis=2).sum(axis=1).mean()
    rows = int(np.clip(round(length / spacing_mm), 12, 64)) + 1
    per_strip = int(np.clip(round(2 * strips.half_width.mean() / spacing_mm), 4, 12))
    per_strip += per_strip % 2 == 0  # a column through the middle
    along = _border_dense(rows)
    centre, half_width, half_thickness, axis = _resample(strips, axis, along)

    left, right = centre - half_width[..., None] * axis, centre + half_width[..., None] * axis
    joined = np.ones((len(centre) - 1, rows), bool) if sheet else _joints(left, right, half_width, axis)
    for k, together in enumerate(joined):
        middle = 0.5 * (right[k] + left[k + 1])
        right[k][together] = left[k + 1][together] = middle[together]

    q = np.sin(np.linspace(-1, 1, per_strip) * np.pi / 2)
    # a parabola through left edge, centre and right edge of each strip
    weights = np.stack([q * (q - 1) / 2, 1 - q * q, q * (q + 1) / 2])
    points = np.einsum("kq,ksrx->rsqx", weights, np.stack([left, centre, right]))
    thickness = _thickness(half_thickness, joined, q, along)

    columns = len(centre) * per_strip
    points, thickness = points.reshape(rows, columns, 3), thickness.reshape(rows, columns)
    grid_across = ((np.arange(len(centre))[:, None] + (q + 1) / 2) / len(centre)).ravel()
    points = _relax(points, joined, per_strip)
    thickness[[0, -1]] = 0.0
    return Grid(points, thickness, _normals(points, per_strip), along, grid_across, joined, per_strip)


def _consistent_axes(strips: Strips) -> Floats:
    """Turn width axes so that all point from the first strip to the last (or stay as the first station's)."""
    axis = strips.width_axis.copy()
    if len(axis) > 1:
        across = np.gradient(strips.centre, axis=0)
        axis[np.einsum("snx,snx->sn", axis, across) < 0] *= -1
    else:
        for k in range(1, axis.shape[1]):
            if axis[0, k] @ axis[0, k - 1] < 0:
                axis[0, k] *= -1
    return axis


def _border_dense(count: int) -> Floats:
    """(count,) 0..1, closer together towards both ends."""
    even = np.linspace(0, 1, count)
    return 0.65 * even + 0.35 * (1 - np.cos(np.pi * even)) / 2


def _resample(strips: Strips, axis: Floats, along: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Carry every strip from its stations to the rows.

    Stations are the centres of n bins of the length, so each end of the muscle lies half a bin further on.
    """
    s, n = strips.half_width.shape
    out = []
    for k in range(s):
        path = strips.centre[k]
        travelled = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
        reach = travelled[-1] / (2 * n)
        wanted = along * (travelled[-1] + 2 * reach) - reach
        inside = np.clip(wanted, 0, travelled[-1])
        before, after = np.minimum(wanted, 0), np.maximum(wanted - travelled[-1], 0)
        start = (path[1] - path[0]) / np.linalg.norm(path[1] - path[0])
        end = (path[-1] - path[-2]) / np.linalg.norm(path[-1] - path[-2])
        point = PchipInterpolator(travelled, path)(inside) + before[:, None] * start + after[:, None] * end
        turn = PchipInterpolator(travelled, axis[k])(inside)
        turn /= np.linalg.norm(turn, axis=1)[:, None]
        width = PchipInterpolator(travelled, strips.half_width[k])(inside)
        thick = PchipInterpolator(travelled, strips.half_thickness[k])(inside)
        out.append((point, width, thick, turn))
    point, width, thick, turn = (np.stack(parts) for parts in zip(*out, strict=True))
    return point, width, thick, turn


def _joints(left: Floats, right: Floats, half_width: Floats, axis: Floats) -> NDArray[np.bool_]:
    """(s - 1, rows) where neighbouring strips are one sheet: a single stretch of rows for each pair."""
    out = np.zeros((len(left) - 1, left.shape[1]), bool)
    for k in range(len(left) - 1):
        step = left[k + 1] - right[k]
        gap = np.einsum("rx,rx->r", step, axis[k] + axis[k + 1]) / 2
        sideways = np.linalg.norm(step, axis=1)
        reach = JOIN_SHARE * (half_width[k] + half_width[k + 1])
        close = np.where(gap > 0, sideways < reach, sideways < 2 * reach)
        if not close.any():
            close[np.argmin(sideways / reach)] = True
        edge = np.flatnonzero(np.diff(np.r_[0, close.astype(int), 0]))
        starts, ends = edge[::2], edge[1::2]
        longest = np.argmax(ends - starts)
        first, last = starts[longest], ends[longest]
        if last - first < 4:  # a bridge must be wide enough to hold
            first, last = max(0, first - 2), min(len(close), last + 2)
        # a slit shorter than a tenth of the length is noise of the measurement
        if first < 0.1 * len(close):
            first = 0
        if last > 0.9 * len(close):
            last = len(close)
        out[k, first:last] = True
    return out


def _thickness(half_thickness: Floats, joined: NDArray[np.bool_], q: Floats, along: Floats) -> Floats:
    """(rows, strips, columns) half thickness over the grid; an ellipse where a strip runs alone."""
    s, rows = half_thickness.shape
    hold = np.zeros((s, 2, rows))  # 1 where the strip's (left, right) edge is a joint, fading towards a slit's end
    joint_thickness = np.zeros((s, 2, rows))
    for k, together in enumerate(joined):
        distance = (
            np.minimum.reduce([np.abs(np.arange(rows)[:, None] - np.flatnonzero(~together)[None, :]).min(axis=1)])
            if not together.all()
            else np.full(rows, rows)
        )
        strength = np.clip(distance / 3.0, 0, 1) * together
        mean = 0.5 * (half_thickness[k] + half_thickness[k + 1])
        hold[k, 1], hold[k + 1, 0] = strength, strength
        joint_thickness[k, 1], joint_thickness[k + 1, 0] = mean, mean
    taper = TAPER_END + (1 - TAPER_END) * np.sin(np.pi / 2 * np.clip(np.minimum(along, 1 - along) / TAPER_SHARE, 0, 1))
    out = np.empty((rows, s, len(q)))
    ellipse = np.sqrt(np.clip(1 - q * q, 0, None))
    for k in range(s):
        middle = half_thickness[k] * (1 - (1 - MIDDLE_THICKNESS) * hold[k].mean(axis=0))
        for j, place in enumerate(q):
            side = int(place >= 0)
            strength = hold[k, side]
            edge = JOINT_THICKNESS * joint_thickness[k, side]
            flat = middle + (edge - middle) * place * place
            out[:, k, j] = strength * flat + (1 - strength) * middle * ellipse[j]
    return out * taper[:, None, None]


def _relax(points: Floats, joined: NDArray[np.bool_], per_strip: int, rounds: int = 6) -> Floats:
    """Smooth the sheet a little, along and across, without moving its borders or tearing its joints."""
    columns = points.shape[1]
    out = points.copy()
    for _ in range(rounds):
        along = out.copy()
        along[1:-1] = 0.5 * out[1:-1] + 0.25 * (out[:-2] + out[2:])
        across = along.copy()
        for c in range(columns):
            strip, place = divmod(c, per_strip)
            if 0 < place < per_strip - 1:
                across[:, c] = 0.5 * along[:, c] + 0.25 * (along[:, c - 1] + along[:, c + 1])
            elif place == per_strip - 1 and strip < len(joined):
                on = joined[strip]
                both = 0.5 * along[on, c] + 0.25 * (along[on, c - 1] + along[on, c + 2])
                across[on, c] = both
                across[on, c + 1] = both
        out = across
    return out


def _normals(points: Floats, per_strip: int) -> Floats:
    """(rows, columns, 3) unit normals of the sheet; a joint's two columns get the same."""
    rows, columns, _ = points.shape
    down = np.gradient(points, axis=0)
    strips = points.reshape(rows, -1, per_strip, 3)
    over = np.gradient(strips, axis=2).reshape(rows, columns, 3)
    normal = np.cross(down, over)
    for c in range(per_strip - 1, columns - 1, per_strip):
        mean = normal[:, c] + normal[:, c + 1]
        normal[:, c] = normal[:, c + 1] = mean
    for _ in range(4):  # measured axes jitter; the thickness should not
        normal[1:-1] = 0.5 * normal[1:-1] + 0.25 * (normal[:-2] + normal[2:])
    length = np.linalg.norm(normal, axis=2)[..., None]
    return normal / np.where(length > 1e-9, length, 1.0)


def thicken(grid: Grid) -> Body:
    """Close the grid into a body: front and back share the vertices of every border."""
    rows, columns, _ = grid.points.shape
    strips = columns // grid.per_strip
    border = np.zeros((rows, columns), bool)
    border[[0, -1]] = True
    alias = np.arange(rows * columns).reshape(rows, columns)
    for k in range(strips):
        first, last = k * grid.per_strip, (k + 1) * grid.per_strip - 1
        border[:, first] |= True if k == 0 else ~grid.joined[k - 1]
        border[:, last] |= True if k == strips - 1 else ~grid.joined[k]
        if k:
            on = grid.joined[k - 1]
            alias[on, first] = alias[on, first - 1]
            # the rows next to a slit: its end is a border point of both sheets
            border[on, first - 1] = border[on, first] = _slit_ends(on)[on] | _is_end_row(rows)[on]
    front = alias.ravel()
    back = np.where(border.ravel(), front, front + rows * columns)
    half = np.where(border, 0.0, grid.half_thickness)
    shift = half[..., None] * grid.normal
    vertices = np.concatenate([(grid.points + shift).reshape(-1, 3), (grid.points - shift).reshape(-1, 3)])

    quads = []
    for k in range(strips):
        c = np.arange(k * grid.per_strip, (k + 1) * grid.per_strip - 1)
        r = np.arange(rows - 1)
        a = (r[:, None] * columns + c[None, :]).ravel()
        quads.append(np.c_[a, a + 1, a + columns + 1, a + columns])
    cells = np.concatenate(quads)
    top, bottom = front[cells], back[front[cells]]
    faces = np.vstack([top[:, [0, 1, 2]], top[:, [0, 2, 3]], bottom[:, [0, 2, 1]], bottom[:, [0, 3, 2]]])
    # a triangle with all its corners on the border would be its own back side
    faces = faces[~border.ravel()[faces % (rows * columns)].all(axis=1)]
    used, compact = np.unique(faces, return_inverse=True)
    faces = compact.reshape(-1, 3)
    vertices = vertices[used]
    if _volume(vertices, faces) < 0:
        faces = faces[:, ::-1]
    node = used % (rows * columns)
    belly = grid.points[rows // 2]
    travelled = np.r_[0, np.cumsum(np.linalg.norm(np.diff(belly, axis=0), axis=1))]
    return Body(vertices, faces, grid.along[node // columns], travelled[node % columns], grid)


def _slit_ends(joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(rows,) the joined rows that touch an open one."""
    open_before = np.r_[False, ~joined[:-1]]
    open_after = np.r_[~joined[1:], False]
    return joined & (open_before | open_after)


def _is_end_row(rows: int) -> NDArray[np.bool_]:
    out = np.zeros(rows, bool)
    out[[0, -1]] = True
    return out


def _volume(vertices: Floats, faces: Ints) -> float:
    """Signed volume of a closed surface, mm3."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def fill(grid: Grid, wanted_mm3: float) -> Grid:
    """Scale the thickness of a grid so that its body has the measured volume.

    Tapered ends and rounded borders take volume away; the belly gives it back.
    """
    for _ in range(3):
        factor = wanted_mm3 / volume_mm3(thicken(grid))
        grid = replace(grid, half_thickness=grid.half_thickness * np.clip(factor, 0.5, 2.0))
    return grid


def volume_mm3(body: Body) -> float:
    """Volume of a lofted body, mm3."""
    return _volume(body.vertices, body.faces)


def face_outward(grid: Grid, skin_distance: Floats) -> Grid:
    """Turn the grid's normals so that the superficial face is the one nearer to the skin.

    Parameters
    ----------
    grid : Grid
    skin_distance : (2, rows, columns) float
        Distance to the skin from the face along the normal, and from the face against it.
    """
    if skin_distance[0].mean() <= skin_distance[1].mean():
        return grid
    return replace(grid, normal=-grid.normal)
