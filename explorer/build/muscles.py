"""Build the muscles of the left side from the measured figures.

``meshes/figures/muscles.csv`` says which strips make which structure; ``muscle_paths.csv`` holds the strips.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.loft import Body, Floats, Grid, Strips, face_outward, fill, loft, thicken
from explorer.anatomy.meshio import Mesh

#: no muscle comes nearer to the skin than this
SKIN_CLEARANCE_MM = 0.8
#: tissue between the eye and the wall of its socket
ORBIT_MARGIN_MM = 7.0
#: nothing of the left side crosses the midline
MIDLINE_CLEARANCE_MM = 0.3


@dataclass(frozen=True)
class Recipe:
    """One row of ``muscles.csv``: which strips make a structure."""

    structure_id: str
    path_id: str
    first_strip: int
    last_strip: int
    form: str
    volume_cm3: float
    status: str


def read_recipes(figures: Path) -> list[Recipe]:
    """Read ``muscles.csv``; the volume is that of all strips of the path."""
    with open(figures / "muscles.csv", encoding="utf-8", newline="") as file:
        return [
            Recipe(
                row["structure_id"],
                row["path_id"],
                int(row["first_strip"]),
                int(row["last_strip"]),
                row["form"],
                float(row["volume_cm3"]),
                row["status"],
            )
            for row in csv.DictReader(file)
        ]


def read_strips(figures: Path) -> dict[str, Strips]:
    """Read ``muscle_paths.csv``: path id -> all its strips."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with open(figures / "muscle_paths.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["muscle_id"]].append(row)

    def values(of: list[dict[str, str]], *columns: str) -> Floats:
        stations = len({row["station"] for row in of})
        return np.array([[float(row[column]) for column in columns] for row in of]).reshape(-1, stations, len(columns))

    return {
        path: Strips(
            values(own, "x", "y", "z"),
            values(own, "half_width")[..., 0],
            values(own, "half_thickness")[..., 0],
            values(own, "wx", "wy", "wz"),
        )
        for path, own in rows.items()
    }


def _volume_share(strips: Strips, first: int, last: int) -> float:
    """Share of the whole that some strips hold, by cross-section and length."""
    section = (strips.half_width * strips.half_thickness)[:, 1:]
    steps = np.linalg.norm(np.diff(strips.centre, axis=1), axis=2)
    volume = (section * steps).sum(axis=1)
    return float(volume[first : last + 1].sum() / volume.sum())


def build_muscle(recipe: Recipe, strips: dict[str, Strips], skin: Enclosure, eye: Floats) -> Body:
    """Loft one muscle, give it its measured volume, keep it under the skin and out of the orbit.

    Parameters
    ----------
    recipe : Recipe
    strips : dict of path id to Strips
    skin : Enclosure
    eye : (n, 3) float
        Vertices of the left eye.

    Returns
    -------
    Body
        With the superficial face of its grid turned to the skin.
    """
    whole = strips[recipe.path_id]
    own = whole.part(recipe.first_strip, recipe.last_strip)
    wanted = 1000 * recipe.volume_cm3 * _volume_share(whole, recipe.first_strip, recipe.last_strip)
    grid = fill(loft(own, sheet=recipe.form == "sheet"), wanted)
    half = grid.half_thickness[..., None]
    faces = np.stack([grid.points + half * grid.normal, grid.points - half * grid.normal])
    grid = face_outward(grid, skin.depth(faces.reshape(-1, 3)).reshape(faces.shape[:-1]))
    return _nowhere_out(thicken(_under_skin(_out_of_orbit(grid, eye), skin)), skin)


def _out_of_orbit(grid: Grid, eye: Floats) -> Grid:
    """Push the sheet out of the socket around the eye: only the eye's own muscles lie there."""
    centre = 0.5 * (eye.min(axis=0) + eye.max(axis=0))
    radius = 0.5 * np.ptp(eye[:, 2]) + ORBIT_MARGIN_MM
    away = grid.points - centre
    distance = np.linalg.norm(away, axis=2, keepdims=True)
    need = radius + grid.half_thickness[..., None] - distance
    return replace(grid, points=grid.points + np.clip(need, 0, None) * away / np.maximum(distance, 1e-6))


def _under_skin(grid: Grid, skin: Enclosure, rounds: int = 3) -> Grid:
    """Push the sheet in where its superficial face comes too near to the skin or to the midline."""
    for _ in range(rounds):
        face = grid.points + grid.half_thickness[..., None] * grid.normal
        depth, inward = skin.depth_and_inward(face.reshape(-1, 3))
        lack = np.clip(SKIN_CLEARANCE_MM - depth, 0, None).reshape(face.shape[:2])
        points = grid.points + lack[..., None] * inward.reshape(face.shape)
        lowest = points[..., 0] - np.abs(grid.half_thickness * grid.normal[..., 0])
        points[..., 0] += np.clip(MIDLINE_CLEARANCE_MM - lowest, 0, None)
        grid = replace(grid, points=points)
    return grid


def _nowhere_out(body: Body, skin: Enclosure, rounds: int = 12) -> Body:
    """Press in what is still too near to the skin: edges of a wide sheet that the push of its middle left behind."""
    vertices = body.vertices.copy()
    for _ in range(rounds):
        depth, inward = skin.depth_and_inward(vertices)
        lack = np.clip(SKIN_CLEARANCE_MM - depth, 0, None)
        if lack.max() == 0:
            break
        vertices += lack[:, None] * inward
    return replace(body, vertices=vertices)


def to_mesh(body: Body) -> Mesh:
    """A body as it is kept: fibre coordinates as 0..255 along and tenths of a millimetre across."""
    return Mesh(
        body.vertices,
        body.faces,
        {
            "along": np.round(255 * body.along).astype(np.uint8),
            "across": np.round(10 * body.across).astype(np.uint16),
        },
    )
