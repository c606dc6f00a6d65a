"""Muscles as sheets with a thickness: a grid along and across the fibres, and the closed body around it.

Rows of a grid run along the fibres from origin to insertion, columns across them. Every node has a place in
the middle of the muscle, a direction through its thickness, and a *signed half thickness*: positive inside
the muscle; negative beyond its border, so large that the square of the thickness, with its sign, passes
through zero where the border lies. An elliptic edge is then straight, and slips come apart by themselves.

Frame and unit everywhere: mm, LPS.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import PchipInterpolator, RectBivariateSpline

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Strips:
    """Measured strips of one muscle, side by side from origin to insertion, all with the same number of stations.

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


@dataclass(frozen=True)
class Sheet:
    """The grid of a muscle.

    Attributes
    ----------
    points : (rows, columns, 3) float
        In the middle of the thickness.
    normal : (rows, columns, 3) float
        Unit, through the thickness, to the superficial face.
    half : (rows, columns) float
        Signed half thickness.
    along : (rows,) float
        0 origin, 1 insertion; beyond where the grid reaches past the ends.
    across : (columns,) float
        0..1 over the strips in their order; beyond where the grid reaches past the edges.
    ring : bool
        True when the last row is followed by the first (a muscle round an opening).
    """

    points: Floats
    normal: Floats
    half: Floats
    along: Floats
    across: Floats
    ring: bool = False

    def locate(self, along: float, across: float, depth: float) -> Floats:
        """(3,) a point inside the muscle.

        Parameters
        ----------
        along, across : float
            0..1 from origin to insertion, and over the strips in their order.
        depth : float
            0 deep face, 1 superficial face; the faces themselves are kept clear by a fifth of the thickness.

        Notes
        -----
        A place that falls beside the muscle, in the gap between two slips say, is taken to the nearest node inside.
        """
        rows, columns = self.half.shape
        row = float(np.interp(along, self.along, np.arange(rows)))
        column = float(np.interp(across, self.across, np.arange(columns)))
        value = ndimage.map_coordinates(self.half, [[row], [column]], order=1, mode="nearest")[0]
        if value < 0.35 * np.median(self.half[self.half > 0]):
            good = np.argwhere(self.half >= 0.5 * np.median(self.half[self.half > 0]))
            steps = self.points[good[:, 0], good[:, 1]] - self._blend(self.points, row, column)
            row, column = (float(x) for x in good[np.linalg.norm(steps, axis=1).argmin()])
            value = self.half[int(row), int(column)]
        normal = self._blend(self.normal, row, column)
        reach = 0.8 * (2 * depth - 1) * value
        return self._blend(self.points, row, column) + reach * normal / np.linalg.norm(normal)

    @staticmethod
    def _blend(values: Floats, row: float, column: float) -> Floats:
        place = [[row], [column]]
        return np.array([ndimage.map_coordinates(values[..., k], place, order=1, mode="nearest")[0] for k in range(3)])


@dataclass(frozen=True)
class Body:
    """A muscle as a closed surface.

    Attributes
    ----------
    vertices : (n, 3) float
    faces : (m, 3) int
        Wound outward.
    along : (n,) float
        0 at the origin, 1 at the insertion.
    across : (n,) float
        mm across the fibres, measured where the muscle is widest.
    partner : (n,) int
        The vertex opposite on the other face; itself on the rim.
    """

    vertices: Floats
    faces: Ints
    along: Floats
    across: Floats
    partner: Ints


def unit(vectors: Floats) -> Floats:
    """Vectors of length one, along the last axis."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def grid_normals(points: Floats, ring: bool = False) -> Floats:
    """(rows, columns, 3) unit normals of a grid of points."""
    if ring:
        closed = np.concatenate([points[-1:], points, points[:1]])
        return grid_normals(closed)[1:-1]
    return unit(np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1)))


def lay_grid(strips: Strips, rows: int, columns: int, past_ends: float = 5.0, past_edges: float = 5.0) -> Sheet:
    """Lay a smooth grid through strips, reaching past their ends and edges; its thickness is not set yet.

    Parameters
    ----------
    strips : Strips
    rows, columns : int
    past_ends, past_edges : float
        mm.
    """
    s, n = strips.half_width.shape
    axis = _consistent_axes(strips)
    fraction = np.linspace(0, 1, rows)
    centres, widths, axes, along = [], [], [], []
    for k in range(s):
        path = strips.centre[k]
        travelled = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
        # stations are the centres of n bins of the length: each end of the muscle lies half a bin further on
        bin_ = travelled[-1] / (2 * n)
        reach = bin_ + past_ends
        wanted = fraction * (travelled[-1] + 2 * reach) - reach
        inside = np.clip(wanted, 0, travelled[-1])
        before, after = np.minimum(wanted, 0), np.maximum(wanted - travelled[-1], 0)
        start, end = unit(path[1] - path[0]), unit(path[-1] - path[-2])
        point = PchipInterpolator(travelled, path)(inside)
        centres.append(point + before[:, None] * start + after[:, None] * end)
        widths.append(PchipInterpolator(travelled, strips.half_width[k])(inside))
        axes.append(unit(PchipInterpolator(travelled, axis[k])(inside)))
        along.append((wanted + bin_) / (travelled[-1] + 2 * bin_))
    centre, width, turn = np.array(centres), np.array(widths), np.array(axes)

    control = np.concatenate(
        [
            [centre[0] - (width[0] + past_edges)[:, None] * turn[0]],
            centre,
            [centre[-1] + (width[-1] + past_edges)[:, None] * turn[-1]],
        ]
    )
    step = np.maximum(np.linalg.norm(np.diff(control, axis=0), axis=2), 0.3)
    points = np.empty((rows, columns, 3))
    for r in range(rows):
        place = np.r_[0, np.cumsum(step[:, r])]
        points[r] = PchipInterpolator(place / place[-1], control[:, r])(np.linspace(0, 1, columns))
    mean_place = np.r_[0, np.cumsum(step.mean(axis=1))]
    beyond = 0.5 / s * past_edges / width.mean()
    known = np.r_[-beyond, (np.arange(s) + 0.5) / s, 1 + beyond]
    across = np.interp(np.linspace(0, 1, columns), mean_place / mean_place[-1], known)
    points = smooth_grid(points, 3)
    return Sheet(points, grid_normals(points), np.zeros((rows, columns)), np.mean(along, axis=0), across)


def _consistent_axes(strips: Strips) -> Floats:
    """Turn width axes so that all point from the first strip to the last (or stay as the first station's)."""
    axis = strips.width_axis.copy()
    if len(axis) > 1:
        axis[np.einsum("snx,snx->sn", axis, np.gradient(strips.centre, axis=0)) < 0] *= -1
    else:
        for k in range(1, axis.shape[1]):
            if axis[0, k] @ axis[0, k - 1] < 0:
                axis[0, k] *= -1
    return axis


def smooth_grid(values: Floats, rounds: int, ring: bool = False) -> Floats:
    """Smooth values on a grid along and across; borders keep their place."""
    out = values.copy()
    for _ in range(rounds):
        if ring:
            out = 0.5 * out + 0.25 * (np.roll(out, 1, axis=0) + np.roll(out, -1, axis=0))
        else:
            out[1:-1] = 0.5 * out[1:-1] + 0.25 * (out[:-2] + out[2:])
        out[:, 1:-1] = 0.5 * out[:, 1:-1] + 0.25 * (out[:, :-2] + out[:, 2:])
    return out


def from_strips(strips: Strips, spacing_mm: float = 5.0) -> Sheet:
    """The sheet of a muscle of which only strips are known (an estimated one): as thick as they say, with round edges."""
    s, n = strips.half_width.shape
    length = np.linalg.norm(np.diff(strips.centre, axis=1), axis=2).sum(axis=1).mean()
    breadth = 2 * strips.half_width.sum(axis=0).mean()
    rows = int(np.clip(length / spacing_mm, 11, 33))
    columns = int(np.clip(breadth / spacing_mm, 7, 33))
    sheet = lay_grid(strips, rows, columns)
    thickness = np.array([np.interp(sheet.along, (np.arange(n) + 0.5) / n, row) for row in strips.half_thickness])
    centre = (np.arange(s) + 0.5) / s
    # an ellipse fills pi/4 of its box: a sheet of even thickness with the same section is so much thinner
    even = np.pi / 4 * np.stack([np.interp(sheet.across, centre, column) for column in thickness.T])
    edge = np.minimum(np.minimum(sheet.across, 1 - sheet.across)[None, :] * breadth, length)
    end = np.minimum(sheet.along, 1 - sheet.along)[:, None] * length
    inward = np.minimum(edge, end)  # mm from the border, negative beyond it
    rounding = np.maximum(1.5 * even, 1.5)
    square = even**2 * np.clip(inward / rounding, -1, 1)
    return replace(sheet, half=np.sign(square) * np.sqrt(np.abs(square)))


def thicken(sheet: Sheet, pieces: int = 1) -> Body:
    """Close a sheet into a body: front and back meet at its border.

    Parameters
    ----------
    sheet : Sheet
    pieces : int
        How many pieces the muscle has; smaller ones are dropped.
    """
    fine = _subdivisions(sheet)
    points, normal, square = _refined(sheet, fine)
    if not sheet.ring:
        square[[0, -1]] = np.minimum(square[[0, -1]], -1e-3)
    square[:, [0, -1]] = np.minimum(square[:, [0, -1]], -1e-3)
    square = _largest(square, pieces, sheet.ring)
    return _close(sheet, points, normal, square, fine)


def _subdivisions(sheet: Sheet) -> tuple[int, int]:
    """How often a cell is divided along and across, so that small muscles are drawn finer than large ones."""
    inside = sheet.half > 0
    down = np.linalg.norm(np.diff(sheet.points, axis=0), axis=2)[inside[1:]].mean()
    over = np.linalg.norm(np.diff(sheet.points, axis=1), axis=2)[inside[:, 1:]].mean()
    length = down * inside.any(axis=1).sum()
    wanted = float(np.interp(length, [25.0, 250.0], [1.7, 6.0]))
    return int(np.clip(round(down / wanted), 1, 4)), int(np.clip(round(over / wanted), 1, 4))


def _refined(sheet: Sheet, fine: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """Places, normals and squared thickness on a finer grid."""
    wrap = 3 if sheet.ring else 0
    along, across = fine

    def spread(values: Floats, order: int) -> Floats:
        if wrap:
            values = np.concatenate([values[-wrap:], values, values[:wrap]])
        rows, columns = values.shape
        order = min(order, rows - 1, columns - 1)
        r = np.linspace(0, rows - 1, (rows - 1) * along + 1)
        c = np.linspace(0, columns - 1, (columns - 1) * across + 1)
        out = RectBivariateSpline(np.arange(rows), np.arange(columns), values, kx=order, ky=order)(r, c)
        return out[wrap * along : (wrap + sheet.half.shape[0]) * along] if wrap else out

    points = np.stack([spread(sheet.points[..., k], 3) for k in range(3)], axis=-1)
    normal = unit(np.stack([spread(sheet.normal[..., k], 3) for k in range(3)], axis=-1))
    return points, normal, spread(sheet.half * np.abs(sheet.half), 1)


def _largest(square: Floats, pieces: int, ring: bool) -> Floats:
    """Keep the largest pieces of what is inside."""
    label, count = ndimage.label(square > 0)
    if ring and count > 1:
        for low, high in zip(label[0], label[-1], strict=True):
            if low and high and low != high:
                label[label == high] = low
    sizes = np.bincount(label[label > 0], minlength=count + 1)
    keep = np.argsort(sizes)[::-1][:pieces]
    return np.where((square <= 0) | np.isin(label, keep[sizes[keep] > 0]), square, -1e-3)


def _close(sheet: Sheet, points: Floats, normal: Floats, square: Floats, fine: tuple[int, int]) -> Body:
    rows, columns = square.shape
    node = np.arange(rows * columns).reshape(rows, columns)
    lower = np.concatenate([node[1:], node[:1]]) if sheet.ring else node[1:]
    upper = node if sheet.ring else node[:-1]
    a, b, c, d = (x.ravel() for x in (upper[:, :-1], upper[:, 1:], lower[:, 1:], lower[:, :-1]))
    triangles = np.vstack([np.c_[a, b, c], np.c_[a, c, d]])
    inside = square.ravel() > 0
    number = inside[triangles].sum(axis=1)
    triangles, number = triangles[number > 0], number[number > 0]
    # turn each triangle so that its odd corner (the only one inside, or the only one outside) comes first
    odd = np.where(number[:, None] == 1, inside[triangles], ~inside[triangles]).argmax(axis=1)
    odd = np.where(number == 3, 0, odd)
    turned = triangles[np.arange(len(triangles))[:, None], (odd[:, None] + np.arange(3)) % 3]

    total = rows * columns
    edges: dict[tuple[int, int], int] = {}

    def border(p: int, q: int) -> int:
        key = (p, q) if p < q else (q, p)
        return edges.setdefault(key, 2 * total + len(edges))

    faces: list[tuple[int, int, int]] = []
    for (p, q, r), count in zip(turned.tolist(), number.tolist(), strict=True):
        if count == 3:
            faces += [(p, q, r), (total + p, total + r, total + q)]
        elif count == 1:
            e, f = border(p, q), border(p, r)
            faces += [(p, e, f), (total + p, f, e)]
        else:
            e, f = border(p, q), border(p, r)
            faces += [(e, q, r), (e, r, f), (e, total + r, total + q), (e, f, total + r)]
    index = np.array(faces)

    half = np.sqrt(np.clip(square, 0, None))[..., None]
    flat, shift = points.reshape(-1, 3), (half * normal).reshape(-1, 3)
    ends = np.array(list(edges), dtype=np.int64).reshape(-1, 2)
    values = square.ravel()
    share = values[ends[:, 0]] / (values[ends[:, 0]] - values[ends[:, 1]])

    def between(x: Floats) -> Floats:
        weight = share.reshape(-1, *[1] * (x.ndim - 1))
        return x[ends[:, 0]] * (1 - weight) + x[ends[:, 1]] * weight

    r, c = np.divmod(np.arange(total), columns)
    along = np.interp(r / fine[0], np.arange(len(sheet.along)), sheet.along)
    if sheet.ring:
        along = r / rows
    widest = points[int((square > 0).sum(axis=1).argmax())]
    travelled = np.r_[0, np.cumsum(np.linalg.norm(np.diff(widest, axis=0), axis=1))][c]
    vertices = np.concatenate([flat + shift, flat - shift, between(flat)])
    along = np.concatenate([along, along, between(along)])
    travelled = np.concatenate([travelled, travelled, between(travelled)])
    used, compact = np.unique(index, return_inverse=True)
    compact = compact.reshape(-1, 3)
    opposite = np.where(used < total, used + total, np.where(used < 2 * total, used - total, used))
    partner = np.clip(np.searchsorted(used, opposite), 0, len(used) - 1)
    partner = np.where(used[partner] == opposite, partner, np.arange(len(used)))
    vertices = vertices[used]
    p, q, s = vertices[compact].transpose(1, 0, 2)
    if np.einsum("ij,ij->i", p, np.cross(q, s)).sum() < 0:
        compact = compact[:, ::-1]
    return Body(vertices, compact, np.clip(along[used], 0, 1), travelled[used], partner)


def volume_mm3(body: Body) -> float:
    """Volume of a body, mm3."""
    a, b, c = body.vertices[body.faces].transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def fill(sheet: Sheet, wanted_mm3: float, pieces: int = 1) -> Sheet:
    """Scale the thickness of a sheet so that its body has a wanted volume."""
    for _ in range(3):
        factor = wanted_mm3 / volume_mm3(thicken(sheet, pieces=pieces))
        sheet = replace(sheet, half=sheet.half * np.clip(factor, 0.5, 2.0))
    return sheet


def face_outward(sheet: Sheet, depth_along: Floats, depth_against: Floats) -> Sheet:
    """Turn the normals to the face that lies nearer to the skin.

    Parameters
    ----------
    sheet : Sheet
    depth_along, depth_against : (rows, columns) float
        Depth under the skin of the face along the normal, and of the one against it, mm.
    """
    inside = sheet.half > 0
    turned = depth_along[inside].mean() > depth_against[inside].mean()
    return replace(sheet, normal=-sheet.normal) if turned else sheet
