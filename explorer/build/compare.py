"""Compare the built muscles with a registered reference atlas, and write the table that stands in the docs.

Distances are taken between points spread evenly over both surfaces; inside and outside are told apart by winding
numbers, which forgive small holes of a reference mesh. All samples have fixed seeds.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from scipy import ndimage
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import load_mesh
from explorer.anatomy.sheet import Floats, Ints
from explorer.build.measure import Reference
from explorer.build.muscles import Recipe, read_recipes

#: points spread over a surface: those asked, and those that answer
ASKED, ANSWERING = 4000, 40_000
#: points thrown into the space around both muscles for Dice
THROWN = 3000
#: a share of a divided muscle's surface this near to its other part is the cut between them, and not compared, mm
CUT_MM = 0.8
#: what the measured muscles must keep to: mean distance, distance of the centres, mm
FARTHEST_MEAN_MM, FARTHEST_CENTRE_MM = 3.0, 3.0


@dataclass(frozen=True)
class Fit:
    """How one muscle fits the reference.

    Attributes
    ----------
    path_id : str
        Of the reference mesh.
    shapes : tuple of str
        Our shapes that were compared with it, together.
    mean_mm, p95_mm : float
        Of the distances both ways.
    volume_ratio : float
        Ours to the reference.
    centre_mm : float
        Between the centres of mass.
    dice : float
    note : str
    """

    path_id: str
    shapes: tuple[str, ...]
    mean_mm: float
    p95_mm: float
    volume_ratio: float
    centre_mm: float
    dice: float
    note: str


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and contents of all files of a folder, in the order of their names."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def winding_numbers(points: Floats, vertices: Floats, faces: Ints, chunk: int = 300) -> Floats:
    """(k,) how often a surface winds around points: near 1 inside, near 0 outside, also where it has small holes."""
    corners = vertices[faces]
    out = np.empty(len(points))
    for start in range(0, len(points), chunk):
        a, b, c = (corners[None, :, k] - points[start : start + chunk, None] for k in range(3))
        la, lb, lc = (np.linalg.norm(x, axis=2) for x in (a, b, c))
        top = _dot(a, np.cross(b, c))
        bottom = la * lb * lc + _dot(a, b) * lc + _dot(b, c) * la + _dot(c, a) * lb
        out[start : start + chunk] = np.arctan2(top, bottom).sum(axis=1) / (2 * np.pi)
    return out


def _dot(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.einsum("pfk,pfk->pf", a, b))


def compare(reference: Path, meshes: Path, progress: Callable[[int, int], None]) -> tuple[list[Fit], list[Recipe]]:
    """Compare every measured muscle.

    Parameters
    ----------
    reference : Path
        Folder of the registered reference.
    meshes : Path
    progress : callable
        Gets the number of muscles done and of all.

    Returns
    -------
    fits : list of Fit
        Measured muscles, worst first.
    apart : list of Recipe
        Shapes that are estimated or drawn and are not scored.
    """
    source = Reference(reference)
    recipes = read_recipes(meshes / "figures")
    by_path: dict[str, list[Recipe]] = defaultdict(list)
    for recipe in recipes:
        if recipe.status == "measured" and recipe.source == "grid":
            by_path[recipe.path_id].append(recipe)
    fits = []
    for k, (path, own) in enumerate(by_path.items()):
        progress(k, len(by_path))
        fits.append(_fit(path, own, source.mesh(path), meshes))
    progress(len(by_path), len(by_path))
    scored = {recipe.shape_id for own in by_path.values() for recipe in own}
    return sorted(fits, key=lambda fit: -fit.mean_mm), [r for r in recipes if r.shape_id not in scored]


def _fit(path: str, recipes: list[Recipe], whole: trimesh.Trimesh, meshes: Path) -> Fit:
    parts = []
    for recipe in recipes:
        mesh = load_mesh(meshes / "muscles" / f"{recipe.shape_id}.npz")
        parts.append(trimesh.Trimesh(mesh.vertices, mesh.faces, process=False))
    ours = trimesh.util.concatenate(parts)
    lowest = min((r.bottom_mm for r in recipes if r.bottom_mm is not None), default=-np.inf)
    theirs = _above(whole, lowest)
    mine, other = _surface(parts, ASKED), trimesh.sample.sample_surface(theirs, ASKED, seed=1)[0]
    other = other[other[:, 2] > lowest + 1.0]
    there = cKDTree(trimesh.sample.sample_surface(theirs, ANSWERING, seed=2)[0]).query(mine)[0]
    here = cKDTree(_surface(parts, ANSWERING)).query(other)[0]
    points = _around(ours, theirs)
    inside = [winding_numbers(points, np.asarray(m.vertices), np.asarray(m.faces)) > 0.5 for m in (ours, theirs)]
    return Fit(
        path,
        tuple(recipe.shape_id for recipe in recipes),
        float((there.mean() + here.mean()) / 2),
        float(np.quantile(np.r_[there, here], 0.95)),
        float(ours.volume / theirs.volume),
        float(np.linalg.norm(_centre(ours) - _centre(theirs))),
        float(2 * (inside[0] & inside[1]).sum() / max(inside[0].sum() + inside[1].sum(), 1)),
        " ".join(dict.fromkeys(recipe.note for recipe in recipes if recipe.note)),
    )


def _above(mesh: trimesh.Trimesh, level: float) -> trimesh.Trimesh:
    """What of a closed mesh lies above a level, closed by a fan."""
    if not np.isfinite(level) or mesh.bounds[0][2] >= level:
        return mesh
    import pyvista as pv

    from explorer.anatomy.enclosure import close_holes

    upper = (
        pv.PolyData.from_regular_faces(np.asarray(mesh.vertices), np.asarray(mesh.faces))
        .clip(normal=(0, 0, -1), origin=(0, 0, level))
        .triangulate()
        .clean()
    )
    vertices, faces = close_holes(np.asarray(upper.points, dtype=float), upper.regular_faces.astype(np.int64))
    return trimesh.Trimesh(vertices, faces, process=False)


def _surface(parts: list[trimesh.Trimesh], count: int) -> Floats:
    """Points spread over a muscle, without the cuts between its parts."""
    area = sum(part.area for part in parts)
    samples = [
        trimesh.sample.sample_surface(part, max(200, int(count * part.area / area)), seed=3)[0] for part in parts
    ]
    kept = []
    for k, points in enumerate(samples):
        others = [other for j, other in enumerate(samples) if j != k]
        free = np.ones(len(points), bool)
        if others:
            free = cKDTree(np.vstack(others)).query(points)[0] > CUT_MM
        kept.append(points[free])
    return np.vstack(kept)


def _around(first: trimesh.Trimesh, second: trimesh.Trimesh) -> Floats:
    """Points thrown evenly into the blocks of space that either muscle fills."""
    low = np.minimum(first.bounds[0], second.bounds[0]) - 1.0
    high = np.maximum(first.bounds[1], second.bounds[1]) + 1.0
    block = max(2.0, float(np.cbrt((high - low).prod() / 4e5)))
    filled = np.zeros(np.ceil((high - low) / block).astype(int) + 1, bool)
    for mesh in (first, second):
        cells = ((trimesh.sample.sample_surface(mesh, 20_000, seed=4)[0] - low) / block).astype(int)
        filled[tuple(cells.T)] = True
    cells = np.argwhere(ndimage.binary_fill_holes(filled))
    chance = np.random.default_rng(0)
    return np.asarray(low + (cells[chance.integers(len(cells), size=THROWN)] + chance.random((THROWN, 3))) * block)


def _centre(mesh: trimesh.Trimesh) -> Floats:
    """Centre of mass of one or more closed pieces."""
    a, b, c = np.asarray(mesh.vertices)[np.asarray(mesh.faces)].transpose(1, 0, 2)
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) / 6
    return np.asarray((volume[:, None] * (a + b + c) / 4).sum(axis=0) / volume.sum())


def report(fits: list[Fit], apart: list[Recipe], reference_hash: str) -> str:
    """The comparison as a page of Markdown."""
    means, dices = [fit.mean_mm for fit in fits], [fit.dice for fit in fits]
    lines = [
        "# The muscles beside a real atlas",
        "",
        "Written by `referred-pain compare --reference DIR`. The muscles of the left side, as they are shipped, beside the",
        "meshes of BodyParts3D 3.0 registered to our skin, on which their figures were measured. Not an independent",
        "validation: it shows how much of the measured shape is left after lofting, moving apart and pressing under the skin.",
        "",
        f"SHA-256 of the reference folder: `{reference_hash}`",
        "",
        f"- {len(fits)} muscles compared; mean surface distance: median {np.median(means):.2f} mm, worst {max(means):.2f} mm",
        f"- Dice: median {np.median(dices):.2f}, lowest {min(dices):.2f}",
        f"- centres of mass: farthest {max(fit.centre_mm for fit in fits):.1f} mm apart",
        f"- volumes: {min(fit.volume_ratio for fit in fits):.2f} to {max(fit.volume_ratio for fit in fits):.2f} of the reference",
        "",
        "| muscle | mean distance mm | 95 % distance mm | volume ratio | centres mm | Dice | note |",
        "|---|---|---|---|---|---|---|",
    ]
    for fit in fits:
        name = fit.path_id if fit.shapes == (fit.path_id,) else f"{fit.path_id} ({', '.join(fit.shapes)})"
        lines.append(
            f"| {name} | {fit.mean_mm:.2f} | {fit.p95_mm:.2f} | {fit.volume_ratio:.2f} | {fit.centre_mm:.1f} | "
            f"{fit.dice:.2f} | {fit.note} |"
        )
    lines += [
        "",
        "Not scored, because the reference has no mesh of them or shows them otherwise:",
        "",
        *(f"- {recipe.shape_id} ({recipe.status}{': ' + recipe.note if recipe.note else ''})" for recipe in apart),
        "",
    ]
    return "\n".join(lines)
