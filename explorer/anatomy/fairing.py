"""Fair a measured sheet: as smooth as a muscle is, as near to what was measured as that allows.

Lines of measuring that pass through two layers, or beside an end, leave pits, folds and a ragged border. The faired
sheet is the one that bends least for what it leaves of the measured places (a thin plate on springs, one spring for
each node). Springs of nodes that lie far off the plate are loosened step by step, so that a fold is dropped rather
than rounded.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage, sparse
from scipy.sparse.linalg import splu

from explorer.anatomy.sheet import Floats, Sheet, grid_normals

#: beyond the border nothing was measured: springs of the places there, and of their negative thickness
PLACES_OUTSIDE, THICKNESS_OUTSIDE = 0.05, 0.6
#: the border, where the thickness passes through zero, is faired no stiffer: narrow ends would draw back
STIFFEST_BORDER = 0.5
#: a node so far off the plate holds it half as much, mm
LOOSE_MM = 1.5
#: cosine of the angle to the plate from which a sheet counts as folded, and how strongly its nodes hold there
FOLDED, FOLDED_HOLDS = 0.0, 0.02
#: how often springs are loosened
ROUNDS = 4
#: the border is compared on a grid so many times finer
FINER = 4


def fair(sheet: Sheet, stiffness: float) -> Sheet:
    """Fair the places and the thickness of a sheet; its area stays.

    Parameters
    ----------
    sheet : Sheet
    stiffness : float
        Of the plate against springs of strength 1 at nodes one step apart: a wave over six nodes is halved at 1 and
        kept to nine tenths at 0.1. 0 leaves the sheet as it is.
    """
    if stiffness <= 0:
        return sheet
    rows, columns = sheet.half.shape
    bending = _bending(rows, columns, sheet.ring)
    plate = stiffness * bending
    inside = sheet.half > 0
    springs = held = np.where(inside, 1.0, PLACES_OUTSIDE)
    for _ in range(ROUNDS):
        points = _relaxed(sheet.points, springs, plate)
        off = np.linalg.norm(sheet.points - points, axis=2)
        unfolded = _unfolded(sheet, points)
        springs = held * unfolded / (1.0 + (off / LOOSE_MM) ** 2)
    square = sheet.half * np.abs(sheet.half)
    plate = min(stiffness, STIFFEST_BORDER) * bending
    faired = _relaxed(square[..., None], np.where(inside, unfolded, THICKNESS_OUTSIDE), plate)[..., 0]
    faired -= _level(faired, float(np.mean(_finer(square) > 0)))
    normal = grid_normals(points, sheet.ring)
    same = np.median(np.einsum("ijk,ijk->ij", normal, sheet.normal)[inside]) > 0
    return replace(
        sheet,
        points=points,
        normal=normal if same else -normal,
        half=np.sign(faired) * np.sqrt(np.abs(faired)),
    )


def _unfolded(sheet: Sheet, points: Floats) -> Floats:
    """1 where a sheet faces as the plate does, little where it is folded against it."""
    facing = np.einsum("ijk,ijk->ij", grid_normals(sheet.points, sheet.ring), grid_normals(points, sheet.ring))
    folded = ndimage.binary_dilation(facing < FOLDED)
    return np.where(folded, FOLDED_HOLDS, 1.0)


def _differences(count: int, order: int, ring: bool) -> sparse.csr_array:
    """First or second differences of ``count`` values in a row, or in a ring."""
    eye = sparse.eye_array(count, format="csr")
    ahead = eye[np.roll(np.arange(count), -1)] - eye
    steps = ahead if order == 1 else ahead - ahead[np.roll(np.arange(count), 1)]
    if ring:
        return steps
    return steps[: count - 1] if order == 1 else steps[1 : count - 1]


def _bending(rows: int, columns: int, ring: bool) -> sparse.csr_array:
    """The matrix whose quadratic form is the bending of a grid: along, across, and twisting."""
    along = sparse.kron(_differences(rows, 2, ring), sparse.eye_array(columns))
    across = sparse.kron(sparse.eye_array(rows), _differences(columns, 2, False))
    twist = sparse.kron(_differences(rows, 1, ring), _differences(columns, 1, False))
    return sparse.csr_array(along.T @ along + across.T @ across + 2 * twist.T @ twist)


def _relaxed(values: Floats, springs: Floats, plate: sparse.csr_array) -> Floats:
    """Where the plate comes to rest, for each of the last axis."""
    flat = springs.ravel()
    solve = splu(sparse.csc_array(sparse.diags_array(flat) + plate)).solve
    return np.asarray(solve(flat[:, None] * values.reshape(len(flat), -1))).reshape(values.shape)


def _finer(values: Floats) -> Floats:
    return np.asarray(ndimage.zoom(values, FINER, order=1))


def _level(square: Floats, share: float) -> float:
    """The level above which this share of a grid lies."""
    return float(np.quantile(_finer(square), 1.0 - share))
