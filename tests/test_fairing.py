"""Fairing takes pits and folds out of a measured sheet and leaves the rest of it as it was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer import folders
from explorer.anatomy.fairing import fair
from explorer.anatomy.meshio import load_mesh
from explorer.anatomy.sheet import Sheet, grid_normals, thicken, volume_mm3
from explorer.anatomy.solid import Solid
from explorer.build.figures_io import read_grids
from explorer.build.muscles import read_recipes

FIGURES = folders.MESHES / "figures"
RECIPES = {recipe.shape_id: recipe for recipe in read_recipes(FIGURES)}
FAIRED = [name for name, recipe in RECIPES.items() if recipe.fairing > 0]
GRIDS = read_grids(FIGURES)


@pytest.fixture
def dome() -> Sheet:
    """A smooth oval muscle on a ball: 24 by 16 nodes, 5 mm apart."""
    x, z = np.meshgrid(5.0 * np.arange(-12, 12), 5.0 * np.arange(-8, 8), indexing="ij")
    points = np.stack([x, -np.sqrt(200.0**2 - x**2 - z**2), z], axis=-1)
    square = 16.0 * (1 - (x / 45) ** 2 - (z / 28) ** 2)
    half = np.sign(square) * np.sqrt(np.abs(square))
    return Sheet(points, grid_normals(points), half, np.linspace(0, 1, 24), np.linspace(0, 1, 16))


def roughness(sheet: Sheet) -> float:
    """The largest second difference of the places inside, mm."""
    inside = sheet.half > 0
    bend = [np.abs(np.diff(sheet.points, 2, axis=axis)).max(axis=2) for axis in (0, 1)]
    return max(float(bend[0][inside[1:-1]].max()), float(bend[1][inside[:, 1:-1]].max()))


def folded(sheet: Sheet) -> int:
    """How many cells inside the muscle face against the sheet around them."""
    raw = np.cross(np.diff(sheet.points, axis=0)[:, :-1], np.diff(sheet.points, axis=1)[:-1])
    inside = (sheet.half[:-1, :-1] > 0) & (sheet.half[1:, 1:] > 0)
    facing = np.einsum("ijk,ijk->ij", raw, sheet.normal[:-1, :-1])[inside]
    return int(min((facing < 0).sum(), (facing > 0).sum()))


def test_no_stiffness_changes_nothing(dome):
    assert fair(dome, 0.0) is dome


def test_what_is_smooth_stays_where_it_is(dome):
    faired = fair(dome, 1.0)
    inside = dome.half > 0
    assert np.linalg.norm(faired.points - dome.points, axis=2)[inside].max() < 0.2
    assert np.abs(faired.half - dome.half)[dome.half > 2].max() < 0.3
    assert np.einsum("ijk,ijk->ij", faired.normal, dome.normal)[inside].min() > 0.99


def test_a_pit_is_filled_and_nothing_else_moves(dome):
    points = dome.points.copy()
    points[11:13, 7:9, 1] += 9.0
    pitted = replace(dome, points=points, normal=grid_normals(points))
    faired = fair(pitted, 1.0)
    off = np.linalg.norm(faired.points - dome.points, axis=2)
    assert off[11:13, 7:9].max() < 2.5
    far = (np.abs(np.arange(24) - 11.5)[:, None] > 4) | (np.abs(np.arange(16) - 7.5)[None] > 4)
    assert off[far & (dome.half > 0)].max() < 0.3
    assert roughness(faired) < 0.35 * roughness(pitted)


def test_a_ragged_border_becomes_even_and_keeps_its_area(dome):
    half = dome.half.copy()
    half[::2] -= 1.2  # every other row ends earlier
    ragged = fair(replace(dome, half=half), 0.5)
    reach = (ragged.half > 0).sum(axis=1)[4:20]
    assert np.abs(np.diff(reach)).max() <= 2
    before, after = (volume_mm3(thicken(sheet)) for sheet in (replace(dome, half=half), ragged))
    assert after == pytest.approx(before, rel=0.12)


def test_a_ring_stays_a_ring():
    ring = GRIDS["orbicularis_oculi_orbital"]
    faired = fair(ring, 0.5)
    steps = np.linalg.norm(np.roll(faired.points, -1, axis=0) - faired.points, axis=2)
    assert steps[-1].max() < 2 * np.median(steps)


@pytest.mark.parametrize("shape", FAIRED)
def test_faired_muscles_are_smoother_and_no_more_folded(shape):
    grid = GRIDS[RECIPES[shape].path_id]
    faired = fair(grid, RECIPES[shape].fairing)
    assert roughness(faired) < roughness(grid)
    assert folded(faired) <= folded(grid)


def test_the_lower_trapezius_lies_over_the_latissimus():
    over, under = (
        load_mesh(folders.MESHES / "muscles" / f"{name}.npz")
        for name in (*RECIPES["latissimus_dorsi"].under, "latissimus_dorsi")
    )
    hidden = Solid(over.vertices, over.faces)
    # straight behind no place of the latissimus that the trapezius covers is there any trapezius in front of it
    covered = [v for v in under.vertices[::3] if np.linalg.norm((over.vertices - v)[:, [0, 2]], axis=1).min() < 2]
    assert len(covered) > 40
    forward = np.array([0.0, -1.0, 0.0])
    ahead = [v for v in covered if any(v + step * forward in hidden for step in (2.0, 4.0, 6.0))]
    assert len(ahead) <= 0.03 * len(covered)
