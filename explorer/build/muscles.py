"""Build the muscles of the left side from the measured figures.

``meshes/figures/muscles.csv`` says what each shape is made of: a measured grid, strips of which only the path
is known or drawn, the lips, or the scalp.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.fairing import fair
from explorer.anatomy.meshio import Mesh
from explorer.anatomy.sheet import Body, Floats, Sheet, Strips, face_outward, fill, from_strips, thicken, volume_mm3
from explorer.anatomy.solid import Solid
from explorer.build.lips import ring_of_the_mouth
from explorer.build.scalp import sheet_of_the_scalp

#: nothing of the left side crosses the midline
MIDLINE_CLEARANCE_MM = 0.3
#: no muscle comes nearer to the skin than this
SKIN_CLEARANCE_MM = 0.8
#: tissue between the eye and the wall of its socket
ORBIT_MARGIN_MM = 7.0
#: a sheet lies under another where it is no further than this beside a node of it, and keeps this gap, mm
COVERED_MM, GAP_MM = 8.0, 0.3
#: over so many cells of the grid a muscle gets its thickness beside a cut
EDGE_CELLS = 0.6
#: muscles that lie on both sides of the midline
MIDLINE_SHAPES = ("orbicularis_oris",)
#: muscles in front of the eye and round it, which may lie over its socket
ROUND_THE_EYE = ("orbicularis_oculi", "corrugator", "procerus", "frontalis", "nasalis", "levator_labii", "zygomaticus")


@dataclass(frozen=True, slots=True)
class Recipe:
    """One row of ``muscles.csv``.

    Attributes
    ----------
    source : str
        ``grid``, ``strips``, ``lips`` or ``scalp``.
    across_from, across_to : float or None
        The part of the grid that is taken, where a path holds more than one muscle.
    top_mm, bottom_mm : float or None
        Level of a cut, z.
    pieces : int
        How many pieces the muscle has.
    volume_cm3 : float or None
        Measured, of the whole path; None where nothing was.
    fairing : float
        How stiff the measured grid is faired, see :func:`explorer.anatomy.fairing.fair`; 0 where it serves as it is.
    under : tuple of str
        Shapes that lie over this one, where figures of different origin cross.
    status : str
        ``measured``, ``estimated`` or ``drawn``.
    note : str
        Why it is as it is, where that needs saying.
    """

    shape_id: str
    path_id: str
    source: str
    across_from: float | None
    across_to: float | None
    top_mm: float | None
    bottom_mm: float | None
    pieces: int
    volume_cm3: float | None
    fairing: float
    under: tuple[str, ...]
    status: str
    note: str


def read_recipes(figures: Path) -> list[Recipe]:
    """Read ``muscles.csv``."""

    def number(text: str) -> float | None:
        return float(text) if text else None

    with open(figures / "muscles.csv", encoding="utf-8", newline="") as file:
        return [
            Recipe(
                row["shape_id"],
                row["path_id"],
                row["source"],
                number(row["across_from"]),
                number(row["across_to"]),
                number(row["top_mm"]),
                number(row["bottom_mm"]),
                int(row["pieces"]),
                number(row["volume_cm3"]),
                float(row["fairing"] or 0.0),
                tuple(row["under"].split()),
                row["status"],
                row["note"],
            )
            for row in csv.DictReader(file)
        ]


@dataclass(frozen=True)
class Surroundings:
    """What muscles must respect.

    Attributes
    ----------
    skin : Enclosure
    skin_mesh : Mesh
    eye : (n, 3) float
        Vertices of the left eye.
    """

    skin: Enclosure
    skin_mesh: Mesh
    eye: Floats


def build_sheet(
    recipe: Recipe,
    grids: Mapping[str, Sheet],
    strips: Mapping[str, Strips],
    around: Surroundings,
    built: Mapping[str, Sheet],
) -> Sheet:
    """The sheet of one muscle: whole, of its measured volume, its superficial face to the skin, under the skin.

    Parameters
    ----------
    recipe : Recipe
    grids, strips : mapping of path id to Sheet, to Strips
    around : Surroundings
    built : mapping of shape id to Sheet
        The sheets of the recipes before this one; those that lie over it press it in.
    """
    if recipe.source == "grid":
        sheet = fair(grids[recipe.path_id], recipe.fairing)
    elif recipe.source == "strips":
        sheet = from_strips(strips[recipe.path_id])
    elif recipe.source == "scalp":
        sheet = sheet_of_the_scalp(around.skin)
    else:
        sheet = ring_of_the_mouth(around.skin_mesh)
    if recipe.volume_cm3 is not None:
        sheet = fill(sheet, 1000 * recipe.volume_cm3, recipe.pieces)
    sheet = _filled_part(sheet, recipe)
    half = np.clip(sheet.half, 0, None)[..., None]
    ahead, behind = (around.skin.depth((sheet.points + s * half * sheet.normal).reshape(-1, 3)) for s in (1, -1))
    sheet = face_outward(sheet, ahead.reshape(sheet.half.shape), behind.reshape(sheet.half.shape))
    if not recipe.shape_id.startswith(ROUND_THE_EYE):
        sheet = _out_of_orbit(sheet, around.eye)
    for over in recipe.under:
        sheet = _under(sheet, built[over])
    return _under_skin(sheet, around.skin)


def _filled_part(sheet: Sheet, recipe: Recipe) -> Sheet:
    """The recipe's part of a sheet, made up for what its edge loses where it is cut."""
    part = _part(sheet, recipe)
    if part is sheet:
        return sheet
    kept = np.clip(np.where(part.half > 0, sheet.half, 0.0), 0, None).sum() / np.clip(sheet.half, 0, None).sum()
    return fill(part, kept * volume_mm3(thicken(sheet, recipe.pieces)), recipe.pieces)


def _part(sheet: Sheet, recipe: Recipe) -> Sheet:
    """Cut a sheet to the recipe's part: a share across the fibres, a stretch of height."""
    square = sheet.half * np.abs(sheet.half)
    thick = float(np.median(sheet.half[sheet.half > 0])) ** 2
    across, height = np.broadcast_to(sheet.across, square.shape), sheet.points[..., 2]
    step = np.broadcast_to(np.gradient(sheet.across), square.shape)
    # how far a node lies inside each cut, in cells or in 4 mm: the signed square passes through zero at the cut
    inward = []
    if recipe.across_from is not None:
        inward.append((across - recipe.across_from) / step)
    if recipe.across_to is not None:
        inward.append((recipe.across_to - across) / step)
    if recipe.top_mm is not None:
        inward.append((recipe.top_mm - height) / 4.0)
    if recipe.bottom_mm is not None:
        inward.append((height - recipe.bottom_mm) / 4.0)
    if not inward:
        return sheet
    for cells in inward:
        share = np.clip(cells / EDGE_CELLS, -1, 1)
        square = np.minimum(square, np.where(share > 0, square * share, thick * share))
    return replace(sheet, half=np.sign(square) * np.sqrt(np.abs(square)))


def _out_of_orbit(sheet: Sheet, eye: Floats) -> Sheet:
    """Push the sheet out of the socket around the eye."""
    centre = 0.5 * (eye.min(axis=0) + eye.max(axis=0))
    radius = 0.5 * np.ptp(eye[:, 2]) + ORBIT_MARGIN_MM
    away = sheet.points - centre
    distance = np.linalg.norm(away, axis=2, keepdims=True)
    need = radius + np.clip(sheet.half, 0, None)[..., None] - distance
    return replace(sheet, points=sheet.points + np.clip(need, 0, None) * away / np.maximum(distance, 1e-6))


def _under(sheet: Sheet, over: Sheet, rounds: int = 4) -> Sheet:
    """Press a sheet in where it reaches into one that lies over it, smoothly."""
    inside = over.half > 0
    places, normals, halves = over.points[inside], over.normal[inside], over.half[inside]
    tree = cKDTree(places)
    for _ in range(rounds):
        beside, near = tree.query(sheet.points)
        height = np.einsum("rci,rci->rc", places[near] - sheet.points, normals[near])
        covered = np.sqrt(np.maximum(beside**2 - height**2, 0.0)) < COVERED_MM
        wanted = halves[near] + np.clip(sheet.half, 0, None) + GAP_MM
        lack = ndimage.gaussian_filter(np.where(covered, np.clip(wanted - height, 0, None), 0.0), 1.0)
        sheet = replace(sheet, points=sheet.points - lack[..., None] * normals[near])
    return sheet


def _under_skin(sheet: Sheet, skin: Enclosure, rounds: int = 3) -> Sheet:
    """Push the sheet in where its superficial face comes too near to the skin, and off the midline."""
    half = np.clip(sheet.half, 0, None)
    for _ in range(rounds):
        face = sheet.points + half[..., None] * sheet.normal
        depth, inward = skin.depth_and_inward(face.reshape(-1, 3))
        lack = np.clip(SKIN_CLEARANCE_MM - depth, 0, None).reshape(face.shape[:2])
        points = sheet.points + lack[..., None] * inward.reshape(face.shape)
        if not sheet.ring:
            lowest = points[..., 0] - np.abs(half * sheet.normal[..., 0])
            points[..., 0] += np.where(half > 0, np.clip(MIDLINE_CLEARANCE_MM - lowest, 0, None), 0.0)
        sheet = replace(sheet, points=points)
    return sheet


def close(sheet: Sheet, recipe: Recipe, skin: Enclosure, rounds: int = 20) -> Body:
    """Close a sheet, and press in what is still too near to the skin or over the midline."""
    body = thicken(sheet, pieces=recipe.pieces)
    vertices = body.vertices.copy()
    for _ in range(rounds):
        depth, inward = skin.depth_and_inward(vertices)
        lack = np.clip(SKIN_CLEARANCE_MM - depth, 0, None)
        if lack.max() == 0:
            break
        vertices += 0.8 * lack[:, None] * inward
    if recipe.source == "scalp":  # all tendon
        body = replace(body, along=np.zeros_like(body.along))
    if recipe.source != "lips":
        vertices[:, 0] = np.maximum(vertices[:, 0], 0.1)
    return replace(body, vertices=vertices)


def carried(place: Floats, before: Body, after: Body) -> Floats:
    """Carry a point in a muscle along with the muscle, and keep it inside.

    Parameters
    ----------
    place : (3,) float
    before, after : Body
        The muscle before and after its vertices moved.

    Returns
    -------
    (3,) float
    """
    near = np.argsort(np.linalg.norm(before.vertices - place, axis=1))[:12]
    moved = place + (after.vertices[near] - before.vertices[near]).mean(axis=0)
    solid = Solid(after.vertices, after.faces)
    # between the two faces of the muscle, at the nearest pair that has the middle inside
    middles = 0.5 * (after.vertices + after.vertices[after.partner])
    if moved not in solid:
        for k in np.argsort(np.linalg.norm(middles - moved, axis=1)):
            if middles[k] in solid and after.partner[k] != k:
                return np.asarray(middles[k])
    return np.asarray(moved)


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
