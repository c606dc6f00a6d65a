"""Nerves, the trigeminocervical nucleus and the upper cord, as smooth tubes through cited points. Schematic.

``nerves.csv`` names each, ``nerve_points.csv`` holds its course: a row of points for each branch. A nerve is a
round tube of one radius; a nucleus or the cord is a tube with a half width and a half thickness at every point.
Left side (the cord and brainstem: midline), mm, LPS.
"""

from __future__ import annotations

import csv
from collections.abc import Container
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from explorer.anatomy.meshio import Mesh
from explorer.anatomy.outline import loft_piece, tube_faces
from explorer.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NerveKind = Literal["nerve", "nucleus", "cord"]

SIDES = 8
SPACING_MM = 1.6
#: a nerve thins to this share of its radius over its last part
END_RADIUS = 0.45
THINNING_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class NervePoint:
    """One point of the course of a nerve; the half axes are given for a nucleus or the cord only."""

    nerve_id: str
    branch: str
    point: int
    x_mm: float
    y_mm: float
    z_mm: float
    half_width_mm: float | None
    half_thickness_mm: float | None
    where: str
    reference_id: str

    @property
    def place(self) -> tuple[float, float, float]:
        return self.x_mm, self.y_mm, self.z_mm


def build_nerves(figures: Path) -> dict[str, Mesh]:
    """Build every nerve of ``nerves.csv``.

    Parameters
    ----------
    figures : Path
        Folder of ``nerves.csv`` and ``nerve_points.csv``.

    Returns
    -------
    dict of nerve id to Mesh
        Closed, wound outward, one connected part for each branch.
    """
    with open(figures / "nerves.csv", encoding="utf-8", newline="") as file:
        nerves = list(csv.DictReader(file))
    points = read_nerve_points(figures / "nerve_points.csv")
    known = {nerve["id"] for nerve in nerves}
    for point in points:
        if point.nerve_id not in known:
            raise DataError(f"nerve_points.csv: nerve {point.nerve_id!r} is not in nerves.csv; add it there")
    starts = {point.place for point in points if point.point == 1}
    out: dict[str, Mesh] = {}
    for nerve in nerves:
        course = [point for point in points if point.nerve_id == nerve["id"]]
        if not course:
            raise DataError(f"nerves.csv: nerve {nerve['id']!r} has no points; add them to nerve_points.csv")
        pieces = [
            _piece(list(branch), nerve["kind"], float(nerve["radius_mm"]), starts)
            for _, branch in groupby(course, key=lambda point: point.branch)
        ]
        out[nerve["id"]] = _join(pieces)
    return out


def read_nerve_points(path: Path) -> list[NervePoint]:
    """Read ``nerve_points.csv``."""
    with open(path, encoding="utf-8", newline="") as file:
        return [
            NervePoint(
                row["nerve_id"],
                row["branch"],
                int(row["point"]),
                float(row["x_mm"]),
                float(row["y_mm"]),
                float(row["z_mm"]),
                float(row["half_width_mm"]) if row["half_width_mm"] else None,
                float(row["half_thickness_mm"]) if row["half_thickness_mm"] else None,
                row["where"],
                row["reference_id"],
            )
            for row in csv.DictReader(file)
        ]


def catmull_rom(points: Floats, spacing_mm: float) -> Floats:
    """(n, 3) a smooth curve through points: centripetal Catmull-Rom, without loops or overshoot at tight bends.

    Parameters
    ----------
    points : (k, 3) float
        Two or more.
    """
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    out = [points[:1]]
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        knots = np.cumsum([0.0, *(np.sqrt(np.linalg.norm(b - a)) for a, b in ((p0, p1), (p1, p2), (p2, p3)))])
        steps = max(2, int(np.ceil(np.linalg.norm(p2 - p1) / spacing_mm)))
        t = np.linspace(knots[1], knots[2], steps + 1)[1:, None]

        def mix(a: Floats, b: Floats, i: int, j: int, t: Floats = t, knots: Floats = knots) -> Floats:
            return ((knots[j] - t) * a + (t - knots[i]) * b) / (knots[j] - knots[i])

        a1, a2, a3 = mix(p0, p1, 0, 1), mix(p1, p2, 1, 2), mix(p2, p3, 2, 3)
        out.append(mix(mix(a1, a2, 0, 2), mix(a2, a3, 1, 3), 1, 2))
    return np.vstack(out)


def tube(curve: Floats, radius: Floats, sides: int = SIDES) -> tuple[Floats, Ints]:
    """A closed round tube about a curve, its rings carried along without twist.

    Parameters
    ----------
    curve : (n, 3) float
    radius : (n,) float
        mm.
    """
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1)[:, None]
    side = np.cross(along[0], np.eye(3)[np.abs(along[0]).argmin()])
    turn = np.linspace(0.0, 2 * np.pi, sides, endpoint=False)
    rings = []
    for centre, direction, r in zip(curve, along, radius, strict=True):
        side = side - (side @ direction) * direction
        side /= np.linalg.norm(side)
        other = np.cross(direction, side)
        rings.append(centre + r * (np.outer(np.cos(turn), side) + np.outer(np.sin(turn), other)))
    count = len(curve)
    vertices = np.vstack([*rings, curve[0] - 0.7 * radius[0] * along[0], curve[-1] + 0.7 * radius[-1] * along[-1]])
    return vertices, tube_faces(count, sides)


def _piece(
    branch: list[NervePoint], kind: str, radius_mm: float, starts: Container[tuple[float, float, float]]
) -> tuple[Floats, Ints]:
    """One branch; it keeps its radius where it goes on into another."""
    points = np.array([[p.x_mm, p.y_mm, p.z_mm] for p in branch])
    name = f"nerve_points.csv: {branch[0].nerve_id}, branch {branch[0].branch!r}"
    if len(branch) < 2:
        raise DataError(f"{name}: needs two points or more")
    if kind != "nerve":
        half = np.array([[p.half_width_mm or 0.0, p.half_thickness_mm or 0.0] for p in branch])
        if not half.all():
            raise DataError(f"{name}: a {kind} needs half_width_mm and half_thickness_mm at every point")
        return loft_piece(points, half, np.tile([1.0, 0.0, 0.0], (len(branch), 1)), 2.0, 16)
    curve = catmull_rom(points, SPACING_MM)
    share = np.linspace(0.0, 1.0, len(curve))
    last = 1.0 if branch[-1].place in starts else END_RADIUS
    thin = PchipInterpolator([0.0, 1.0 - THINNING_SHARE, 1.0], [1.0, 1.0, last])(share)
    return tube(curve, radius_mm * thin)


def _join(pieces: list[tuple[Floats, Ints]]) -> Mesh:
    vertices, faces, count = [], [], 0
    for points, triangles in pieces:
        vertices.append(points)
        faces.append(triangles + count)
        count += len(points)
    return Mesh(np.vstack(vertices), np.vstack(faces), {})
