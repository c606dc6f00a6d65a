"""Measure muscles and bones on a reference atlas that is registered to our skin.

Writes tables of figures, never meshes: for a muscle the middle and the thickness at the nodes of a grid laid
through its measured strips; for a bone the outlines of level sections. Run by whoever has the reference::

    referred-pain measure --reference DIR
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyvista as pv
import trimesh
import vtk
from scipy import ndimage
from scipy.spatial import cKDTree

from explorer.anatomy.sheet import Body, Floats, Sheet, Strips, grid_normals, lay_grid, smooth_grid, thicken, unit
from explorer.build.figures_io import read_strips
from explorer.errors import ExplorerError

ROW_MM, COLUMN_MM = 6.0, 3.5
ROWS, COLUMNS = (11, 35), (9, 27)
#: how far past the ends and the edges of the strips a grid may reach, mm: the outermost fibres lie beyond the
#: strips, which are means, and how far beyond differs from muscle to muscle
PAST_ENDS, PAST_EDGES = (5.0, 12.0, 25.0), (5.0, 12.0, 30.0, 45.0)
#: a larger grid must be better by this share
WORTH_WHILE = 0.05
#: a border between a node inside and one outside is found by this many halvings
HALVINGS = 4
GRID_COLUMNS = ("path_id", "row", "column", "along", "across", "x", "y", "z", "nx", "ny", "nz", "half")

#: muscles round an opening: path id -> rows round it, columns from its inner to its outer edge
RINGS = {"orbicularis_oculi_orbital": (28, 9), "orbicularis_oculi_palpebral": (28, 11)}
#: not measured: what is no structure of ours, sets of many small pieces, muscles whose reference is open or hooked,
#: and the muscle of the mouth, which the reference shows open
SKIPPED = (
    "interspinales_cervicis", "interspinales_thoracis", "anterior_cervical_intertransversarii",
    "posterior_cervical_intertransversarii", "levatores_costarum_longi", "levatores_costarum_breves",
    "thoracic_rotatores", "superior_oblique", "inferior_oblique", "superior_rectus", "inferior_rectus", "lateral_rectus",
    "medial_rectus", "levator_palpebrae_superioris", "orbicularis_oris", "serratus_posterior_inferior", "thyro_arytenoid",
    "superior_pharyngeal_constrictor", "middle_pharyngeal_constrictor", "inferior_pharyngeal_constrictor",
    "stylopharyngeus", "palatopharyngeus", "levator_veli_palatini", "tensor_veli_palatini", "genioglossus", "hyoglossus",
    "depressor_septi_nasi",
)  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """A registered reference: a folder of meshes with an ``index.csv`` of ``id, file, group``."""

    folder: Path

    def table(self) -> dict[str, dict[str, str]]:
        """Rows of the index by id."""
        path = self.folder / "index.csv"
        if not path.exists():
            raise ExplorerError(f"{self.folder}: no index.csv; give the folder of the registered reference meshes")
        with open(path, encoding="utf-8", newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    def mesh(self, name: str) -> trimesh.Trimesh:
        """One mesh, merged and wound outward."""
        mesh = trimesh.load(self.folder / Path(self.table()[name]["file"]).name, process=False)
        mesh.merge_vertices()
        if mesh.volume < 0:
            mesh.invert()
        return mesh


class Probe:
    """Asks a closed mesh where straight lines run inside it."""

    def __init__(self, mesh: trimesh.Trimesh) -> None:
        self._surface = pv.PolyData.from_regular_faces(np.asarray(mesh.vertices), np.asarray(mesh.faces))
        self._tree = vtk.vtkOBBTree()
        self._tree.SetDataSet(self._surface)
        self._tree.BuildLocator()

    def span(self, point: Floats, direction: Floats, reach: float) -> tuple[float, float] | None:
        """The stretch inside the mesh that is nearest to a point: (middle, half length) along a unit direction, mm."""
        hits = vtk.vtkPoints()
        self._tree.IntersectWithLine(point - reach * direction, point + reach * direction, hits, None)
        places = sorted(
            float((np.array(hits.GetPoint(k)) - point) @ direction) for k in range(hits.GetNumberOfPoints())
        )
        merged: list[float] = []
        for place in places:
            if not merged or place - merged[-1] > 1e-4:
                merged.append(place)
        spans = list(zip(merged[::2], merged[1::2], strict=False))
        if not spans:
            return None
        low, high = min(spans, key=lambda s: 0.0 if s[0] <= 0 <= s[1] else min(abs(s[0]), abs(s[1])))
        if not low <= 0 <= high and min(abs(low), abs(high)) > 0.6 * reach:
            return None
        return (low + high) / 2, (high - low) / 2


def measure_sheet(probe: Probe, sheet: Sheet, reach: float) -> Sheet:
    """Measure the middle and the thickness of a muscle at the nodes of a grid.

    Parameters
    ----------
    probe : Probe
    sheet : Sheet
        A grid through the muscle and past its borders.
    reach : float
        How far to look along the normals, mm.
    """
    middle, half = _through(probe, sheet, reach)
    if (half > 0).sum() < 6:
        raise ExplorerError("the grid misses the muscle: fewer than 6 nodes lie in it")
    # lay the grid into the middle of the muscle and look once more, now straight through it
    nearest = _nearest_inside(half > 0, sheet.ring)
    shift = ndimage.gaussian_filter(middle[nearest], 1.0, mode="nearest")
    points = smooth_grid(sheet.points + shift[..., None] * sheet.normal, 1, sheet.ring)
    sheet = replace(sheet, points=points, normal=grid_normals(points, sheet.ring))
    middle, half = _through(probe, sheet, reach)
    nearest = _nearest_inside(half > 0, sheet.ring)
    points = sheet.points + middle[nearest][..., None] * sheet.normal
    return replace(sheet, points=points, half=_borders(probe, replace(sheet, points=points), half, reach))


def _through(probe: Probe, sheet: Sheet, reach: float) -> tuple[Floats, Floats]:
    rows, columns = sheet.half.shape
    middle, half = np.zeros((rows, columns)), np.zeros((rows, columns))
    for r in range(rows):
        for c in range(columns):
            found = probe.span(sheet.points[r, c], sheet.normal[r, c], reach)
            if found is not None:
                middle[r, c], half[r, c] = found
    return middle, half


def _nearest_inside(inside: np.ndarray, ring: bool) -> tuple[np.ndarray, np.ndarray]:
    """For each node the nearest one inside, as an index."""
    tiled = np.concatenate([inside] * 3) if ring else inside
    r, c = ndimage.distance_transform_edt(~tiled, return_distances=False, return_indices=True)
    if ring:
        rows = len(inside)
        r, c = r[rows : 2 * rows] % rows, c[rows : 2 * rows]
    return r, c


def _borders(probe: Probe, sheet: Sheet, half: Floats, reach: float) -> Floats:
    """Give nodes outside a negative thickness, so that the squared thickness is zero where the muscle ends."""
    rows, columns = half.shape
    out = half.copy()
    squares: dict[tuple[int, int], list[float]] = {}
    for r, c in np.argwhere(half > 0):
        for dr, dc in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            q, s = r + dr, c + dc
            if sheet.ring:
                q %= rows
            if not (0 <= q < rows and 0 <= s < columns) or half[q, s] > 0:
                continue
            low, high = 0.0, 1.0
            for _ in range(HALVINGS):
                t = (low + high) / 2
                point = (1 - t) * sheet.points[r, c] + t * sheet.points[q, s]
                normal = unit((1 - t) * sheet.normal[r, c] + t * sheet.normal[q, s])
                found = probe.span(point, normal, reach)
                low, high = (t, high) if found and abs(found[0]) < 2 * half[r, c] + 1 else (low, t)
            end = np.clip((low + high) / 2, 0.06, 0.94)
            squares.setdefault((int(q), int(s)), []).append(half[r, c] ** 2 * (1 - end) / end)
    thin = float(np.median(half[half > 0]))
    far = ndimage.distance_transform_edt(half <= 0)
    out[half <= 0] = -thin * np.sqrt(np.maximum(far[half <= 0], 1.0))
    for (q, s), values in squares.items():
        out[q, s] = -np.sqrt(np.median(values))
    return out


def ring_grid(mesh: trimesh.Trimesh, rows: int, columns: int) -> Sheet:
    """A grid round the opening of a ring-shaped muscle."""
    points = trimesh.sample.sample_surface(mesh, 4000, seed=3)[0]
    _, _, axes = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    across, up, through = axes
    if through[1] > 0:
        through = -through  # to the front
    if up[2] < 0:
        up = -up
    across = np.cross(up, through)
    centre = points.min(axis=0) / 2 + points.max(axis=0) / 2
    flat = (points - centre) @ np.c_[across, up]
    angle, radius = np.arctan2(flat[:, 1], flat[:, 0]), np.linalg.norm(flat, axis=1)
    grid = np.empty((rows, columns, 3))
    for r, turn in enumerate(np.linspace(-np.pi, np.pi, rows, endpoint=False)):
        near = np.abs((angle - turn + np.pi) % (2 * np.pi) - np.pi) < np.pi / rows * 1.3
        low, high = np.quantile(radius[near], [0.01, 0.99])
        for c, length in enumerate(np.linspace(low - 2.5, high + 2.5, columns)):
            grid[r, c] = centre + length * (np.cos(turn) * across + np.sin(turn) * up)
    height = (points - centre) @ through
    grid = grid + height.mean() * through
    across_ = np.linspace(-0.1, 1.1, columns)
    return Sheet(grid, grid_normals(grid, True), np.zeros((rows, columns)), np.arange(rows) / rows, across_, True)


def measure_muscle(name: str, mesh: trimesh.Trimesh, strips: Strips) -> Sheet:
    """Measure one muscle of the reference with grids that reach less and more far; keep the one that follows it best."""
    probe = Probe(mesh)
    if name in RINGS:
        return measure_sheet(probe, ring_grid(mesh, *RINGS[name]), 12.0)
    length = np.linalg.norm(np.diff(strips.centre, axis=1), axis=2).sum(axis=1).mean()
    breadth = 2 * strips.half_width.sum(axis=0).mean()
    best, least = None, np.inf
    for past_ends, past_edges in itertools.product(PAST_ENDS, PAST_EDGES):
        rows = int(np.clip((length + 2 * past_ends) / ROW_MM, *ROWS))
        columns = int(np.clip((breadth + 2 * past_edges) / COLUMN_MM, *COLUMNS))
        grid = lay_grid(strips, rows, columns, past_ends, past_edges)
        try:
            sheet = measure_sheet(probe, grid, max(10.0, 4 * float(strips.half_thickness.max())))
        except ExplorerError:
            continue
        sheet = trimmed(sheet)
        found = misfit(mesh, thicken(sheet))
        if found < (1 - WORTH_WHILE) * least:
            best, least = sheet, found
    if best is None:
        raise ExplorerError("every grid misses the muscle: fewer than 6 nodes lie in it")
    return best


def trimmed(sheet: Sheet) -> Sheet:
    """Drop the rows and columns that lie more than one node outside the muscle."""
    inside = sheet.half > 0
    kept = []
    for axis in (0, 1):
        used = np.flatnonzero(inside.any(axis=1 - axis))
        kept.append(slice(max(int(used[0]) - 1, 0), int(used[-1]) + 2))
    rows, columns = kept
    return replace(
        sheet,
        points=sheet.points[rows, columns],
        normal=sheet.normal[rows, columns],
        half=sheet.half[rows, columns],
        along=sheet.along[rows],
        across=sheet.across[columns],
    )


def misfit(mesh: trimesh.Trimesh, body: Body) -> float:
    """How far a body is from what was measured: mean distances both ways, the farthest parts missed, the centres; mm."""
    own = trimesh.Trimesh(body.vertices, body.faces, process=False)
    few = [trimesh.sample.sample_surface(surface, 3000, seed=1)[0] for surface in (mesh, own)]
    many = [trimesh.sample.sample_surface(surface, 20000, seed=2)[0] for surface in (mesh, own)]
    missed, added = cKDTree(many[1]).query(few[0])[0], cKDTree(many[0]).query(few[1])[0]
    centres = np.linalg.norm(own.center_mass - mesh.center_mass)
    return float(missed.mean() + added.mean() + 0.1 * np.quantile(missed, 0.98) + 0.15 * centres)


def grid_rows(name: str, sheet: Sheet) -> Iterable[list[str]]:
    """The rows of ``muscle_grids.csv`` for one muscle."""
    for r, along in enumerate(sheet.along):
        for c, across in enumerate(sheet.across):
            place = [f"{x:.1f}" for x in sheet.points[r, c]]
            normal = [f"{x:.2f}" for x in sheet.normal[r, c]]
            yield [name, str(r), str(c), f"{along:.3f}", f"{across:.3f}", *place, *normal, f"{sheet.half[r, c]:.2f}"]


def measure(reference: Path, figures: Path, progress: Callable[[str, int, int], None]) -> list[str]:
    """Measure every muscle that has strips and a reference mesh; writes ``muscle_grids.csv``.

    Returns
    -------
    list of str
        One line for each muscle that could not be measured.
    """
    source = Reference(reference)
    known = source.table()
    strips = read_strips(figures)
    names = [name for name in strips if name in known and name not in SKIPPED]
    faults = []
    part = figures / "muscle_grids.csv.part"
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(GRID_COLUMNS)
        for k, name in enumerate(names):
            progress("muscles", k, len(names))
            try:
                writer.writerows(grid_rows(name, measure_muscle(name, source.mesh(name), strips[name])))
            except ExplorerError as error:
                faults.append(f"{name}: {error}")
    part.replace(figures / "muscle_grids.csv")
    progress("muscles", len(names), len(names))
    return faults
