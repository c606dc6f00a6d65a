"""Turn strokes and patches on the skin into soft weights on its vertices.

A *stroke* is a smooth path with a half width that may change along it. A *patch* is a smooth closed
outline. Both are given by points measured from landmarks. A weight is 0.5 on the drawn outline, 1 well
inside, 0 well outside, and linear in the distance between, so that an outline drawn at 0.5 is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.surface import Surface
from explorer.errors import DataError, unknown
from explorer.records import AreaShape, PatternShape, ShapePoint

Floats = NDArray[np.float64]

#: over this distance a weight falls from 1 to 0, at least; on a coarse part of the mesh over more
SOFT_EDGE_MM = 8.0
SOFT_EDGE_SPACINGS = 2.2
#: paint of one side ends softly over this distance at the midline
MIDLINE_EDGE_MM = 6.0
_SAMPLE_MM = 2.0


@dataclass(frozen=True)
class Canvas:
    """What shapes are painted on.

    Attributes
    ----------
    surface : Surface
        The skin.
    landmarks : mapping of id to (3,) float
        mm, LPS; the left one of a pair.
    mirror : (n,) int
        For each vertex its mirror image.
    """

    surface: Surface
    landmarks: Mapping[str, Floats]
    mirror: NDArray[np.int64]

    @property
    def soft_edge(self) -> Floats:
        """(n,) mm over which weights fall at each vertex."""
        return np.maximum(SOFT_EDGE_MM, SOFT_EDGE_SPACINGS * self.surface.spacing)


def place(point: ShapePoint, landmarks: Mapping[str, Floats]) -> Floats:
    """(3,) where a shape point lies before it is put on the skin, mm, LPS.

    Raises
    ------
    DataError
        When a landmark is not known.
    """
    for name in (point.landmark, point.toward):
        if name is not None and name not in landmarks:
            raise DataError(unknown("landmark", name, landmarks, where=f"{point.shape_id} point {point.point}"))
    start = landmarks[point.landmark]
    if point.toward is not None:
        start = start + (point.fraction if point.fraction is not None else 0.5) * (landmarks[point.toward] - start)
    return start + np.array([point.left_mm or 0.0, point.back_mm or 0.0, point.up_mm or 0.0])


def _smooth(points: Floats, closed: bool) -> Floats:
    """Sample a centripetal Catmull-Rom curve through (k, d) points about every 2 mm."""
    if len(points) == 1:
        return points
    if len(points) == 2 and not closed:
        count = max(2, int(np.linalg.norm(points[1, :3] - points[0, :3]) / _SAMPLE_MM) + 1)
        return np.linspace(points[0], points[1], count)
    ring = (
        np.vstack([points[-1], points, points[:2]])
        if closed
        else np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    )
    out = []
    for a, b, c, d in zip(ring, ring[1:], ring[2:], ring[3:], strict=False):
        t = np.cumsum(
            [0.0, *(max(float(np.linalg.norm(q[:3] - p[:3])), 1e-6) ** 0.5 for p, q in ((a, b), (b, c), (c, d)))]
        )
        count = max(2, int(np.linalg.norm(c[:3] - b[:3]) / _SAMPLE_MM) + 1)
        s = np.linspace(t[1], t[2], count, endpoint=False)[:, None]
        a1 = (t[1] - s) / (t[1] - t[0]) * a + (s - t[0]) / (t[1] - t[0]) * b
        a2 = (t[2] - s) / (t[2] - t[1]) * b + (s - t[1]) / (t[2] - t[1]) * c
        a3 = (t[3] - s) / (t[3] - t[2]) * c + (s - t[2]) / (t[3] - t[2]) * d
        b1 = (t[2] - s) / (t[2] - t[0]) * a1 + (s - t[0]) / (t[2] - t[0]) * a2
        b2 = (t[3] - s) / (t[3] - t[1]) * a2 + (s - t[1]) / (t[3] - t[1]) * a3
        out.append((t[2] - s) / (t[2] - t[1]) * b1 + (s - t[1]) / (t[2] - t[1]) * b2)
    if not closed:
        out.append(points[-1:])
    return np.vstack(out)


def _stroke_distance(canvas: Canvas, points: Floats, half_width: Floats) -> Floats:
    """(n,) signed distance to the edge of a stroke, negative inside; +inf where the surface does not lead there."""
    curve = _smooth(np.c_[points, half_width], closed=False)
    path, radius = canvas.surface.project(curve[:, :3]), np.maximum(curve[:, 3], 0.5)
    seeds = canvas.surface.nearest(path)
    reach = canvas.soft_edge[seeds].max()
    near = canvas.surface.within(seeds, 1.35 * (radius.max() + reach) + 6.0)
    offset = np.linalg.norm(canvas.surface.vertices[near][:, None] - path[None], axis=2) - radius[None]
    out = np.full(len(canvas.surface.vertices), np.inf)
    out[near] = offset.min(axis=1)
    return out


def _patch_distance(canvas: Canvas, points: Floats) -> Floats:
    """(n,) signed distance to the outline of a patch, seen along its mean normal; negative inside."""
    surface = canvas.surface
    corners = surface.project(points)
    vertices = surface.nearest(corners)
    centre = corners.mean(axis=0)
    normal = surface.normals[np.r_[vertices, surface.nearest(centre[None])]].mean(axis=0)
    normal /= np.linalg.norm(normal)
    helper = np.array([0.0, 0.0, 1.0]) if abs(normal[2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    right = np.cross(helper, normal)
    right /= np.linalg.norm(right)
    up = np.cross(normal, right)
    frame = np.c_[right, up]

    outline = _smooth((corners - centre) @ frame, closed=True)
    extent = np.linalg.norm(corners - centre, axis=1).max()
    reach = canvas.soft_edge[vertices].max()
    near = surface.within(np.r_[vertices, surface.nearest(centre[None])], 1.3 * extent + reach + 6.0)
    near = near[surface.normals[near] @ normal > -0.15]
    flat = (surface.vertices[near] - centre) @ frame
    out = np.full(len(surface.vertices), np.inf)
    out[near] = _polygon_distance(flat, outline)
    return out


def _polygon_distance(points: Floats, polygon: Floats) -> Floats:
    """(k,) signed distance of plane points to a closed polygon, negative inside."""
    start, end = polygon, np.roll(polygon, -1, axis=0)
    edge = end - start
    to = points[:, None] - start[None]
    t = np.clip(np.einsum("pek,ek->pe", to, edge) / np.maximum((edge**2).sum(axis=1), 1e-12), 0, 1)
    distance = np.linalg.norm(to - t[..., None] * edge[None], axis=2).min(axis=1)
    y = points[:, None, 1]
    crosses = (start[None, :, 1] > y) != (end[None, :, 1] > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        where = start[None, :, 0] + (y - start[None, :, 1]) * edge[None, :, 0] / edge[None, :, 1]
    inside = (crosses & (points[:, None, 0] < where)).sum(axis=1) % 2 == 1
    return np.where(inside, -distance, distance)


def paint_shape(canvas: Canvas, shape: AreaShape | PatternShape) -> Floats:
    """Weights of one shape as drawn, without regard to the midline.

    Parameters
    ----------
    canvas : Canvas
    shape : AreaShape or PatternShape

    Returns
    -------
    (n,) float
        0..1 on the skin's vertices.

    Raises
    ------
    DataError
        When the shape has too few points, a stroke point has no width, or a landmark is not known.
    """
    least = 1 if shape.kind == "stroke" else 3
    if len(shape.points) < least:
        raise DataError(f"{shape.id}: a {shape.kind} needs at least {least} points, it has {len(shape.points)}")
    points = np.array([place(point, canvas.landmarks) for point in shape.points])
    if shape.kind == "stroke":
        for point in shape.points:
            if point.half_width_mm is None:
                raise DataError(f"{shape.id} point {point.point}: half_width_mm is empty; a stroke needs a width")
        distance = _stroke_distance(canvas, points, np.array([point.half_width_mm for point in shape.points]))
    else:
        distance = _patch_distance(canvas, points)
    return np.clip(0.5 - distance / canvas.soft_edge, 0.0, 1.0)


def own_side(canvas: Canvas) -> Floats:
    """(n,) 1 on the left half of the body, 0 on the right, soft at the midline."""
    return np.clip(0.5 + canvas.surface.vertices[:, 0] / MIDLINE_EDGE_MM, 0.0, 1.0)


def paint_area(canvas: Canvas, shapes: Iterable[AreaShape], midline: bool = False) -> Floats:
    """(n,) weights of a named area on the left side; a midline area keeps both halves."""
    weights = _union(canvas, [paint_shape(canvas, shape) for shape in shapes])
    return np.maximum(weights, weights[canvas.mirror]) if midline else np.minimum(weights, own_side(canvas))


def paint_pattern(canvas: Canvas, shapes: Sequence[PatternShape]) -> tuple[Floats, Floats]:
    """Paint a pattern of a structure on the left.

    Returns
    -------
    core, spillover : (n,) float
        0..1 on the skin's vertices; spillover is what lies outside the core.
    """
    out = {}
    for role in ("core", "spillover"):
        layers = []
        for shape in shapes:
            if shape.role == role:
                weights = paint_shape(canvas, shape)
                if shape.side in ("same", "opposite", "both"):
                    weights = np.minimum(weights, own_side(canvas))
                layers += {
                    "same": [weights],
                    "opposite": [weights[canvas.mirror]],
                    "both": [weights, weights[canvas.mirror]],
                    "midline": [weights],
                }[shape.side]
        out[role] = _union(canvas, layers)
    return out["core"], np.minimum(out["spillover"], 1.0 - out["core"])


def _union(canvas: Canvas, layers: list[Floats]) -> Floats:
    return np.max(layers, axis=0) if layers else np.zeros(len(canvas.surface.vertices))
