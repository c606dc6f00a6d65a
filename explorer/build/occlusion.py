"""Soft shadow where surfaces lie in hollows, kept for each vertex: ambient occlusion, baked when meshes are built.

All that is solid is put on a grid and blurred: what a vertex finds a little way in front of it is how much of its sky
is covered. On a flat surface that is a known share, in a hollow more. A muscle is shaded by what lies as deep as it or
deeper, never by what is taken away before it is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyvista as pv
import vtk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtr
from vtk.util.numpy_support import vtk_to_numpy

from explorer.anatomy.meshio import Floats, Mesh
from explorer.anatomy.surface import Surface

CELL_MM = 2.2
#: how far hollows are felt, mm, with the weight of each reach
REACHES_MM = ((3.2, 0.5), (8.0, 0.5))
#: the share that is found one reach in front of a flat surface, which is not darkened, and where it is darkest
FLAT_SHARE, DARKEST_SHARE = float(ndtr(-1.0)), 0.85
#: light that is left there, and how soon it fades
LEAST_LIGHT, SOFTNESS = 0.35, 0.75
MARGIN_CELLS = 12


@dataclass(frozen=True)
class Grid:
    """A block of cells.

    Attributes
    ----------
    low : (3,) float
        Middle of the first cell, mm, LPS.
    solid : (p, q, r) bool
        True in cells that are filled.
    """

    low: Floats
    solid: NDArray[np.bool_]

    @classmethod
    def around(cls, meshes: Iterable[Mesh]) -> Grid:
        """An empty block with room for meshes."""
        bounds = np.array([[mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)] for mesh in meshes])
        low = bounds[:, 0].min(axis=0) - MARGIN_CELLS * CELL_MM
        shape = np.ceil((bounds[:, 1].max(axis=0) - low) / CELL_MM).astype(int) + MARGIN_CELLS
        return cls(low, np.zeros(shape, dtype=bool))

    def with_bodies(self, meshes: Iterable[Mesh]) -> Grid:
        """The block with closed bodies filled in as well."""
        solid = self.solid.copy()
        for mesh in meshes:
            first = np.maximum(((mesh.vertices.min(axis=0) - self.low) / CELL_MM).astype(int) - 1, 0)
            last = np.minimum(((mesh.vertices.max(axis=0) - self.low) / CELL_MM).astype(int) + 2, solid.shape)
            block = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
            solid[block] |= _filled(mesh, self.low + first * CELL_MM, last - first)
        return Grid(self.low, solid)


def _filled(mesh: Mesh, low: Floats, shape: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Which cells of a block lie in a closed body."""
    stencil = vtk.vtkPolyDataToImageStencil()
    stencil.SetInputData(pv.PolyData.from_regular_faces(mesh.vertices, mesh.faces))
    stencil.SetOutputOrigin(*low)
    stencil.SetOutputSpacing(CELL_MM, CELL_MM, CELL_MM)
    stencil.SetOutputWholeExtent(0, int(shape[0]) - 1, 0, int(shape[1]) - 1, 0, int(shape[2]) - 1)
    image = vtk.vtkImageStencilToImage()
    image.SetInputConnection(stencil.GetOutputPort())
    image.SetInsideValue(1)
    image.SetOutsideValue(0)
    image.Update()
    flat = vtk_to_numpy(image.GetOutput().GetPointData().GetScalars())
    return np.asarray(flat.reshape(tuple(shape)[::-1]).transpose(2, 1, 0) > 0)


class Sky:
    """How much of the sky over a surface is covered by what is solid.

    Parameters
    ----------
    grid : Grid
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self._blurred = [
            (reach, weight, ndimage.gaussian_filter(grid.solid.astype(np.float32), reach / CELL_MM, truncate=2.5))
            for reach, weight in REACHES_MM
        ]

    def light(self, mesh: Mesh) -> NDArray[np.uint8]:
        """(n,) light on the vertices of a mesh, 255 in the open."""
        normals = Surface(mesh.vertices, mesh.faces).normals
        light = np.ones(len(mesh.vertices))
        for reach, weight, blurred in self._blurred:
            places = (mesh.vertices + reach * normals - self.grid.low) / CELL_MM
            covered = ndimage.map_coordinates(blurred, places.T, order=1, mode="nearest")
            dark = np.clip((covered - FLAT_SHARE) / (DARKEST_SHARE - FLAT_SHARE), 0, 1)
            light -= weight * (1 - LEAST_LIGHT) * dark**SOFTNESS
        return np.round(255 * np.clip(light, 0, 1)).astype(np.uint8)


def lit(mesh: Mesh, sky: Sky) -> Mesh:
    """The mesh with its ``light`` for each vertex."""
    return Mesh(mesh.vertices, mesh.faces, mesh.values | {"light": sky.light(mesh)})
