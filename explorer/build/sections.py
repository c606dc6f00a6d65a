"""Build a bone from the outlines of its parallel sections.

A section is read as a field of signed distances to its outline; between two sections the fields are blended, and
the bone is where the blended field is below zero. Outlines of the left half are enough for a bone of the midline: the
other half is its mirror image, vertex by vertex.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvista as pv
import trimesh
import vtk
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.interpolate import PchipInterpolator
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import Floats, Ints, Mesh
from explorer.errors import ExplorerError

SECTION_COLUMNS = ("bone", "axis", "level_mm", "outline", "points_mm")
AXES = "xyz"
#: depths are not told apart beyond these: inside, so that a wide section ends in a low dome and not in a tent;
#: outside, so that a section with nothing above it ends
DEEPEST_MM, FURTHEST_MM = 4.0, 3.0
#: points of an outline nearer to the midline than this lie on it
MIDLINE_MM = 1e-6


@dataclass(frozen=True, slots=True)
class Sections:
    """Parallel sections of one bone.

    Attributes
    ----------
    axis : int
        The sections are planes of constant x (0), y (1) or z (2).
    levels : (k,) float
        Where they lie, mm, rising.
    outlines : tuple of k tuples of (n, 2) float
        Closed outlines in each plane (the two other coordinates in their order), mm, LPS; inside is what an odd number
        of them encloses. Only the half ``x >= 0``.
    """

    axis: int
    levels: Floats
    outlines: tuple[tuple[Floats, ...], ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a bone is made from its sections.

    Attributes
    ----------
    triangles : int
        About so many in the whole bone.
    cell_mm : float
        Step of the sampling grid.
    blur_mm : float
        Standard deviation of the blur of the field: takes out the steps between sections.
    rounds : int
        Rounds of smoothing of the surface that keep its volume.
    """

    triangles: int
    cell_mm: float = 0.6
    blur_mm: float = 0.45
    rounds: int = 12


#: how each bone of the table is made
RECIPES: dict[str, Recipe] = (
    {f"vertebra_c{k}": Recipe(3800, rounds=16) for k in (1, 2, 3)}
    | {f"vertebra_c{k}": Recipe(2600, rounds=16) for k in (4, 5, 6)}
    # the bar before its foramen is thin
    | {"vertebra_c7": Recipe(2600, cell_mm=0.5, blur_mm=0.25, rounds=16)}
    | {f"vertebra_t{k}": Recipe(2600, rounds=16) for k in range(1, 5)}
    | {f"disc_c{k}_c{k + 1}": Recipe(500, cell_mm=0.5, blur_mm=0.25, rounds=16) for k in range(2, 7)}
    | {"disc_c7_t1": Recipe(500, cell_mm=0.5, blur_mm=0.25, rounds=16)}
    | {f"disc_t{k}_t{k + 1}": Recipe(500, cell_mm=0.5, blur_mm=0.25, rounds=16) for k in range(1, 5)}
    | {"hyoid": Recipe(1200, cell_mm=0.4, blur_mm=0.15), "thyroid_cartilage": Recipe(2000, cell_mm=0.4, blur_mm=0.15)}
    | {"skull_base": Recipe(3000, rounds=16)}
)


def read_sections(path: Path) -> dict[str, Sections]:
    """Read ``bone_sections.csv``.

    Returns
    -------
    dict of bone id to Sections
    """
    found: dict[str, tuple[int, dict[float, list[Floats]]]] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if row["axis"] not in AXES:
                raise ExplorerError(f"{path.name}:{line}:axis {row['axis']!r} is not one of x, y, z")
            _, levels = found.setdefault(row["bone"], (AXES.index(row["axis"]), {}))
            numbers = np.array(row["points_mm"].split(), dtype=float)
            if len(numbers) % 2 or len(numbers) < 6:
                raise ExplorerError(
                    f"{path.name}:{line}:points_mm holds {len(numbers)} numbers, not pairs of 3 points or more"
                )
            levels.setdefault(float(row["level_mm"]), []).append(numbers.reshape(-1, 2))
    out = {}
    for bone, (axis, levels) in found.items():
        places = sorted(levels)
        out[bone] = Sections(axis, np.array(places), tuple(tuple(levels[place]) for place in places))
    return out


def _outline_distance(outline: Floats, points: Floats, nearest: Floats) -> Floats:
    """(k,) distance to one closed outline, never more than ``nearest``; its run along the midline does not count."""
    following = np.roll(outline, -1, axis=0)
    free = (outline[:, 0] > MIDLINE_MM) | (following[:, 0] > MIDLINE_MM)
    a, b = outline[free], following[free]
    if not len(a):
        return nearest
    # the nearest of the middles finds the right segment or a neighbour of it: segments are about equally long
    _, close = cKDTree((a + b) / 2).query(points, k=min(3, len(a)))
    for k in np.atleast_2d(close.T):
        along = b[k] - a[k]
        t = np.clip(((points - a[k]) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(points - a[k] - t[:, None] * along, axis=1))
    return nearest


def _enclosed(outlines: tuple[Floats, ...], first: Floats, second: Floats) -> NDArray[np.bool_]:
    """(len(first), len(second)) bool, whether an odd number of outlines encloses each node of a grid."""
    crossings = np.zeros((len(first) + 1, len(second)), dtype=int)
    for a in outlines:
        b = np.roll(a, -1, axis=0)
        for (u0, v0), (u1, v1) in zip(a, b, strict=True):
            rows = np.flatnonzero((min(v0, v1) <= second) & (second < max(v0, v1)))
            if len(rows):
                at = u0 + (second[rows] - v0) / (v1 - v0) * (u1 - u0)
                crossings[np.searchsorted(first, at), rows] += 1
    # a node is inside when an odd number of crossings lies beyond it
    beyond = crossings[::-1].cumsum(axis=0)[::-1][1:]
    return np.asarray(beyond % 2 == 1)


def level_field(outlines: tuple[Floats, ...], first: Floats, second: Floats, midline: bool) -> Floats:
    """Signed distance to the outlines of one section, at the nodes of a grid, negative inside.

    Parameters
    ----------
    outlines : tuple of (n, 2) float
    first, second : (p,), (q,) float
        Coordinates of the grid.
    midline : bool
        The first coordinate is x, and what lies on the midline is no border.

    Returns
    -------
    (p, q) float
        Within ``-DEEPEST_MM`` and ``FURTHEST_MM``.
    """
    grid = np.stack(np.meshgrid(first, second, indexing="ij"), axis=-1).reshape(-1, 2)
    distance = np.full(len(grid), max(DEEPEST_MM, FURTHEST_MM))
    for outline in outlines:
        # outlines that do not touch the midline are moved past it and back, so that one rule serves for both
        shift = np.array([0.0 if midline else 1e4, 0.0])
        distance = _outline_distance(outline + shift, grid + shift, distance)
    signed = np.where(
        _enclosed(outlines, first, second), -distance.reshape(len(first), -1), distance.reshape(len(first), -1)
    )
    return np.clip(signed, -DEEPEST_MM, FURTHEST_MM)


def _grid(sections: Sections, cell: float) -> list[Floats]:
    """Coordinates of a grid about the half bone: it begins on the midline and passes the bone by a little."""
    flat = np.vstack([outline for level in sections.outlines for outline in level])
    step = float(np.median(np.diff(sections.levels)))
    low, high = np.empty(3), np.empty(3)
    others = [k for k in range(3) if k != sections.axis]
    low[others], high[others] = flat.min(axis=0), flat.max(axis=0)
    low[sections.axis], high[sections.axis] = sections.levels[0] - step, sections.levels[-1] + step
    low, high = low - 2 * cell, high + 2 * cell
    low[0] = 0.0 if low[0] < 5 * cell else low[0]
    return [low[k] + cell * np.arange(int(np.ceil((high[k] - low[k]) / cell)) + 1) for k in range(3)]


def half_field(sections: Sections, axes: list[Floats]) -> Floats:
    """The blended field of the left half at the nodes of a grid, (nx, ny, nz), negative inside."""
    first, second = (axes[k] for k in range(3) if k != sections.axis)
    step = float(np.median(np.diff(sections.levels)))
    layers = [level_field(outlines, first, second, sections.axis != 0) for outlines in sections.outlines]
    nothing = np.full_like(layers[0], FURTHEST_MM)
    levels, stack = list(sections.levels), layers
    if sections.axis != 0 or levels[0] > 2 * step:
        levels, stack = [levels[0] - step, *levels], [nothing, *stack]
    levels, stack = [*levels, levels[-1] + step], [*stack, nothing]
    at = np.clip(axes[sections.axis], levels[0], levels[-1])
    blended = PchipInterpolator(np.array(levels), np.array(stack), axis=0)(at)
    return np.moveaxis(np.asarray(blended), 0, sections.axis)


def contour(field: Floats, axes: list[Floats]) -> tuple[Floats, Ints]:
    cell = float(axes[1][1] - axes[1][0])
    image = pv.ImageData(dimensions=field.shape, spacing=(cell,) * 3, origin=[a[0] for a in axes])
    image["field"] = field.ravel(order="F")
    surface = image.contour([0.0], scalars="field", method="flying_edges", compute_normals=False)
    return np.asarray(surface.points, dtype=float), surface.regular_faces.astype(np.int64)


def welded(vertices: Floats, faces: Ints, digits: int = 5) -> tuple[Floats, Ints]:
    """One vertex for each place, no empty triangles."""
    _, first, number = np.unique(np.round(vertices, digits), axis=0, return_index=True, return_inverse=True)
    faces = number.ravel()[faces]
    whole = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 2] != faces[:, 0])
    return vertices[first], faces[whole]


def mirror_and_weld(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Add the mirror image of a half and join the two where the half touches the midline.

    Returns
    -------
    vertices, faces
        The half comes first, vertex by vertex; vertices on the midline are not doubled.
    """
    middle = vertices[:, 0] == 0.0
    number = np.arange(len(vertices))
    other = np.where(middle, number, 0)
    other[~middle] = len(vertices) + np.arange(int((~middle).sum()))
    whole = np.vstack([vertices, vertices[~middle] * [-1.0, 1.0, 1.0]])
    return whole, np.vstack([faces, other[faces][:, ::-1]])


def taubin(vertices: Floats, faces: Ints, rounds: int, forth: float = 0.5, back: float = -0.53) -> Floats:
    """Smooth a closed surface and keep its volume (Taubin's two steps)."""
    pairs = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ones = np.ones(2 * len(pairs))
    graph = sparse.csr_matrix((ones, (np.r_[pairs[:, 0], pairs[:, 1]], np.r_[pairs[:, 1], pairs[:, 0]])))
    graph.data[:] = 1.0
    mean = sparse.diags(1.0 / np.asarray(graph.sum(axis=1)).ravel()) @ graph
    for _ in range(rounds):
        for share in (forth, back):
            vertices = vertices + share * (mean @ vertices - vertices)
    return vertices


def largest_piece(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    pairs = faces[:, [0, 1, 1, 2]].reshape(-1, 2)
    graph = sparse.coo_matrix((np.ones(len(pairs)), pairs.T), shape=(len(vertices),) * 2)
    _, piece = sparse.csgraph.connected_components(graph, directed=False)
    keep = piece[faces[:, 0]] == np.bincount(piece[faces[:, 0]]).argmax()
    used, number = np.unique(faces[keep], return_inverse=True)
    return vertices[used], number.reshape(-1, 3)


def decimate(vertices: Floats, faces: Ints, triangles: int) -> tuple[Floats, Ints]:
    """Fewer triangles; an open border on the midline stays there."""
    if triangles >= len(faces):
        return vertices, faces
    engine = vtk.vtkQuadricDecimation()
    engine.SetInputData(pv.PolyData.from_regular_faces(vertices, faces))
    engine.SetTargetReduction(1.0 - triangles / len(faces))
    engine.VolumePreservationOn()
    engine.SetWeighBoundaryConstraintsByLength(True)
    engine.SetBoundaryWeightFactor(20.0)
    engine.Update()
    thin = pv.wrap(engine.GetOutput())
    return np.asarray(thin.points, dtype=float), thin.regular_faces.astype(np.int64)


def _border(faces: Ints) -> Ints:
    """Vertices of edges that only one triangle has."""
    edges = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    edges, count = np.unique(edges, axis=0, return_counts=True)
    return np.unique(edges[count == 1])


def from_sections(sections: Sections, recipe: Recipe) -> Mesh:
    """Build a midline bone from the sections of its left half.

    Returns
    -------
    Mesh
        Closed, one piece, wound outward, its own mirror image.
    """
    axes = _grid(sections, recipe.cell_mm)
    field = half_field(sections, axes)
    # blurred as a whole bone, so that the midline gets no crease
    whole = np.concatenate([field[:0:-1], field])
    field = ndimage.gaussian_filter(whole, recipe.blur_mm / recipe.cell_mm, mode="nearest")[len(field) - 1 :]
    vertices, faces = contour(field, axes)
    vertices, faces = welded(vertices, faces)
    vertices[vertices[:, 0] < 1e-4, 0] = 0.0
    vertices, faces = largest_piece(*mirror_and_weld(vertices, faces))
    vertices = taubin(vertices, faces, recipe.rounds)
    return _light(vertices, faces, recipe.triangles)


def _light(vertices: Floats, faces: Ints, triangles: int) -> Mesh:
    """Halve a symmetric surface, make the half light, and mirror it."""
    half = vertices[faces].max(axis=1)[:, 0] > 1e-6
    used, number = np.unique(faces[half], return_inverse=True)
    vertices, faces = vertices[used], number.reshape(-1, 3)
    light = _mirrored(*_unbridged(*welded(*decimate(vertices, faces, triangles // 2))))
    if not _closed(light.faces):
        raise ExplorerError(
            f"the surface of about {triangles} triangles is not closed; ask for another number of triangles"
        )
    return light


def _unbridged(vertices: Floats, faces: Ints) -> tuple[Floats, Ints]:
    """Split the edges that join two places of the border: mirrored they would have four triangles."""
    corners = np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    edges, count = np.unique(np.sort(corners, axis=1), axis=0, return_counts=True)
    bridges = edges[(count == 2) & np.isin(edges, _border(faces)).all(axis=1)]
    for a, b in bridges:
        middle = (vertices[a] + vertices[b]) / 2
        vertices = np.vstack([vertices, middle])
        both = (faces == a).any(axis=1) & (faces == b).any(axis=1)
        halves = [np.where(faces[both] == end, len(vertices) - 1, faces[both]) for end in (a, b)]
        faces = np.vstack([faces[~both], *halves])
    return vertices, faces


def _mirrored(vertices: Floats, faces: Ints) -> Mesh:
    """The whole of a half whose border is on the midline, wound outward."""
    border = _border(faces)
    vertices[:, 0] = np.maximum(vertices[:, 0], 0.02)
    vertices[border, 0] = 0.0
    vertices, faces = mirror_and_weld(vertices, faces)
    if trimesh.Trimesh(vertices, faces, process=False).volume < 0:
        faces = faces[:, ::-1]
    return Mesh(vertices, faces, {})


def _closed(faces: Ints) -> bool:
    """Whether every edge has two triangles."""
    edges = np.sort(np.vstack([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return bool((np.unique(edges, axis=0, return_counts=True)[1] == 2).all())
