"""Closed shapes for places that do not lie on the skin, lofted through measured level sections.

A piece (one tooth, the tongue, the orbit behind the eye) is a row of *stations*: the middle of the piece there,
half its width along the width axis, half its thickness at right angles to that. The loft runs through the
stations and ends in a rounded cap. Whatever would lie beyond the midline is pressed flat against it, so that the
mirrored shape completes a midline organ.

Frame and unit everywhere: mm, LPS, left side.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from explorer.anatomy.meshio import Mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: height of the rounded end of a piece, as a share of the smaller half axis there
CAP_SHARE = 0.6
#: rings of a cap
CAP_RINGS = 4
#: no shape of the left side comes nearer to the midline than this, mm
MIDLINE_GAP_MM = 0.3
NUMBERS = ("x_mm", "y_mm", "z_mm", "half_width_mm", "half_thickness_mm", "wx", "wy", "wz")


@dataclass(frozen=True, slots=True)
class DeepStation:
    """One level section of one piece of a deep area."""

    area_id: str
    piece: int
    station: int
    x_mm: float
    y_mm: float
    z_mm: float
    half_width_mm: float
    half_thickness_mm: float
    wx: float
    wy: float
    wz: float
    source: str


def read_outlines(path: Path) -> dict[str, list[DeepStation]]:
    """Read ``deep_outlines.csv``: area id -> its stations in their order."""
    out: dict[str, list[DeepStation]] = defaultdict(list)
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            x, y, z, half_width, half_thickness, wx, wy, wz = (float(row[name]) for name in NUMBERS)
            place = row["area_id"], int(row["piece"]), int(row["station"])
            out[row["area_id"]].append(
                DeepStation(*place, x, y, z, half_width, half_thickness, wx, wy, wz, row["source"])
            )
    return dict(out)


def outline_shape(stations: Sequence[DeepStation], spacing_mm: float = 1.2, sides: int = 24) -> Mesh:
    """Loft all pieces of one deep area.

    Parameters
    ----------
    stations : sequence of DeepStation
        Of one area, in their order.
    spacing_mm : float
        Between the rings.
    sides : int
        Vertices of one ring.

    Returns
    -------
    Mesh
        Closed, wound outward, one connected part for each piece.
    """
    vertices: list[Floats] = []
    faces: list[NDArray[np.int64]] = []
    count = 0
    for number in dict.fromkeys(s.piece for s in stations):
        piece = [s for s in stations if s.piece == number]
        if len(piece) < 2:
            raise ValueError(f"deep_outlines.csv: {piece[0].area_id}, piece {number}: needs two stations or more")
        points, triangles = loft_piece(
            np.array([[s.x_mm, s.y_mm, s.z_mm] for s in piece]),
            np.array([[s.half_width_mm, s.half_thickness_mm] for s in piece]),
            np.array([[s.wx, s.wy, s.wz] for s in piece]),
            spacing_mm,
            sides,
        )
        points[:, 0] = np.maximum(points[:, 0], MIDLINE_GAP_MM)
        vertices.append(points)
        faces.append(triangles + count)
        count += len(points)
    return Mesh(np.vstack(vertices), np.vstack(faces), {})


def loft_piece(
    centre: Floats, half: Floats, width_axis: Floats, spacing_mm: float, sides: int
) -> tuple[Floats, NDArray[np.int64]]:
    """Loft one piece through its sections.

    Parameters
    ----------
    centre : (n, 3) float
    half : (n, 2) float
        Half width and half thickness.
    width_axis : (n, 3) float

    Returns
    -------
    vertices : (v, 3) float
    faces : (f, 3) int
        Closed, wound outward.
    """
    length = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(centre, axis=0), axis=1))]
    if (np.diff(length) <= 0).any():
        raise ValueError("deep_outlines.csv: two stations of one piece lie on the same point")
    curve = PchipInterpolator(length, centre, axis=0)
    fine = np.linspace(0.0, length[-1], max(6, int(np.ceil(length[-1] / spacing_mm)) + 1))
    middle, size = curve(fine), PchipInterpolator(length, half, axis=0)(fine)
    along = _unit(np.gradient(middle, fine, axis=0))
    wide = PchipInterpolator(length, width_axis, axis=0)(fine)
    wide = _unit(wide - np.sum(wide * along, axis=1)[:, None] * along)
    thick = np.cross(along, wide)

    turn = np.linspace(0.0, 2 * np.pi, sides, endpoint=False)
    cap = np.arange(1, CAP_RINGS + 1) / CAP_RINGS * np.pi / 2
    rings = []
    for first, outward in ((0, -1.0), (-1, 1.0)):
        height = CAP_SHARE * size[first].min() * outward
        rings.append(
            [
                (middle[first] + np.sin(a) * height * along[first], np.cos(a) * size[first], wide[first], thick[first])
                for a in cap
            ]
        )
    tip_start, tip_end = rings[0][-1][0], rings[1][-1][0]
    rows = [*rings[0][-2::-1], *zip(middle, size, wide, thick, strict=True), *rings[1][:-1]]
    body = np.array([c + np.outer(np.cos(turn), h[0] * w) + np.outer(np.sin(turn), h[1] * t) for c, h, w, t in rows])
    count = len(rows)
    vertices = np.vstack([body.reshape(-1, 3), tip_start, tip_end])
    faces = tube_faces(count, sides)
    p, q, r = vertices[faces].transpose(1, 0, 2)
    if np.einsum("ij,ij->i", p, np.cross(q, r)).sum() < 0:
        faces = faces[:, ::-1]
    return vertices, faces


def tube_faces(count: int, sides: int) -> Ints:
    """(k, 3) faces of a tube of rings, closed by a tip at either end.

    Parameters
    ----------
    count, sides : int
        How many rings there are, and vertices in each; they are numbered ring by ring, then come the first and the last tip.
    """
    here = np.arange(count * sides).reshape(count, sides)
    a, b = here[:-1], np.roll(here, -1, axis=1)[:-1]
    c, d = here[1:], np.roll(here, -1, axis=1)[1:]
    return np.vstack(
        [
            np.stack([a, b, d], axis=-1).reshape(-1, 3),
            np.stack([a, d, c], axis=-1).reshape(-1, 3),
            np.c_[np.roll(here[0], -1), here[0], np.full(sides, count * sides)],
            np.c_[here[-1], np.roll(here[-1], -1), np.full(sides, count * sides + 1)],
        ]
    )


def _unit(vectors: Floats) -> Floats:
    return vectors / np.linalg.norm(vectors, axis=1)[:, None]
