"""Other bodies (male, female, older) in the same frame: the same skin vertex by vertex, and a warp that carries the rest.

A variant keeps how far each vertex of the skin and of the eye moves from the average body. What lies inside is
carried by a smooth warp that follows the skin, in two parts:

- a biharmonic spline through control points on the closed skin and the eyes, symmetric between left and right;
- what that spline leaves over on the skin, fading with the depth under it, so that nothing comes out of it.

The browser does the same (``browser/variant.js``); a test holds the two together. Patterns and areas belong to
vertices and need no carrying.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.anatomy.meshio import STEP_MM, Mesh
from explorer.anatomy.surface import Surface
from explorer.errors import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: how far a vertex of the skin pulls what lies under it: so many root areas (of its share of the surface), within mm
REACH = (2.2, 8.0, 24.0)
#: what is left over fades where the pull of the skin falls below this; right under the skin it is about 0.45
FADE = 0.03
#: where the skin moves out further than the spline, as over the breast, what lies under it follows by so much, mm
OUTWARD_MM = 2.0
_CHUNK = 4000


def first_of_pairs(mirror: Ints) -> Ints:
    """(h,) rising ids of one vertex of each mirrored pair, and of those in the middle: what a variant keeps."""
    return np.flatnonzero(np.arange(len(mirror)) <= mirror)


def unfold(half: Floats, mirror: Ints) -> Floats:
    """(n, 3) shifts of all vertices from those of :func:`first_of_pairs`."""
    first = first_of_pairs(mirror)
    out = np.empty((len(mirror), 3))
    out[mirror[first]] = half * [-1.0, 1.0, 1.0]
    out[first] = half
    out[first[mirror[first] == first], 0] = 0.0
    return out


@dataclass(frozen=True)
class Spline:
    """A biharmonic spline: ``shift = sum of weight * distance to point, + affine part``.

    Attributes
    ----------
    points : (k, 3) float
        Control points of the average body, mm, LPS.
    weights : (k + 4, 3) float
        Of the points; then of 1, x, y, z.
    """

    points: Floats
    weights: Floats

    def shift(self, where: Floats) -> Floats:
        """(n, 3) how far points move, mm."""
        from scipy.spatial.distance import cdist

        count = len(self.points)
        out = self.weights[count] + where @ self.weights[count + 1 :]
        for start in range(0, len(where), _CHUNK):
            part = where[start : start + _CHUNK]
            out[start : start + _CHUNK] += cdist(part, self.points) @ self.weights[:count]
        return out


@dataclass(frozen=True)
class Variant:
    """What is kept of one body.

    Attributes
    ----------
    name : str
    stature_mm : float
        Of the whole figure, from head to sole.
    skin : (h, 3) int
        Shifts of the skin's vertices of :func:`first_of_pairs`, in steps of :data:`STEP_MM`.
    eye : (e, 3) int
        Shifts of the left eye's vertices, in the same steps.
    spline : Spline
    """

    name: str
    stature_mm: float
    skin: Ints
    eye: Ints
    spline: Spline

    @property
    def half_mm(self) -> Floats:
        """(h, 3) shifts of the skin's vertices of :func:`first_of_pairs`, mm."""
        return STEP_MM * self.skin.astype(np.float64)


def save_variant(path: Path, variant: Variant) -> None:
    """Write a variant, whole or not at all; shifts as differences from vertex to vertex, which packs well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            stature_mm=np.array(variant.stature_mm),
            skin=np.diff(variant.skin, axis=0, prepend=0).astype("<i2").T,
            eye=np.diff(variant.eye, axis=0, prepend=0).astype("<i2").T,
            points=variant.spline.points.astype("<f4"),
            weights=variant.spline.weights.astype("<f4"),
        )
    part.replace(path)


def load_variant(path: Path) -> Variant:
    """Read a variant that :func:`save_variant` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        skin, eye = (np.cumsum(archive[name].T.astype(np.int64), axis=0) for name in ("skin", "eye"))
        spline = Spline(archive["points"].astype(np.float64), archive["weights"].astype(np.float64))
        return Variant(path.stem, float(archive["stature_mm"]), skin, eye, spline)


class Carrier:
    """Carries shapes of the average body into a variant.

    Parameters
    ----------
    skin : Mesh
        The average skin, with its ``mirror``.
    variant : Variant
    """

    def __init__(self, skin: Mesh, variant: Variant) -> None:
        self._mirror = skin.values["mirror"].astype(np.int64)
        if len(variant.skin) != len(first_of_pairs(self._mirror)):
            raise DataError(
                f"variants/{variant.name}.npz is of another skin ({len(variant.skin)} of "
                f"{len(first_of_pairs(self._mirror))} vertices); build it anew with 'referred-pain build variants'"
            )
        self.variant = variant
        self._average = skin

    @cached_property
    def skin(self) -> Mesh:
        """The skin of the variant: the same faces and values."""
        shift = unfold(self.variant.half_mm, self._mirror)
        return replace(self._average, vertices=self._average.vertices + shift)

    def eye(self, mesh: Mesh) -> Mesh:
        """The left eye of the variant, from that of the average body."""
        return replace(mesh, vertices=mesh.vertices + STEP_MM * self.variant.eye)

    @cached_property
    def _left_over(self) -> Floats:
        """(n, 3) what the spline leaves over on the skin, mm; outward no more than :data:`OUTWARD_MM`."""
        first = first_of_pairs(self._mirror)
        half = self.variant.half_mm - self.variant.spline.shift(self._average.vertices[first])
        out = unfold(half, self._mirror)
        outward = np.einsum("nk,nk->n", out, self._surface.normals)
        return out * (OUTWARD_MM / np.maximum(outward, OUTWARD_MM))[:, None]

    @cached_property
    def _surface(self) -> Surface:
        return Surface(self._average.vertices, self._average.faces)

    @cached_property
    def _reach(self) -> tuple[Floats, Floats]:
        """Reach of each vertex of the skin, mm, and its share of the surface within it."""
        areas = self._surface.vertex_areas
        times, least, most = REACH
        reach = np.clip(times * np.sqrt(areas), least, most)
        return reach, areas / reach**2

    def _pulls(self, points: Floats) -> Iterator[tuple[slice, Ints, Ints, Floats]]:
        """Yield parts of the points, and pairs (point of the part, vertex, pull)."""
        from scipy.spatial import cKDTree

        vertices = self._average.vertices
        tree = cKDTree(vertices)
        reach, share = self._reach
        for start in range(0, len(points), _CHUNK):
            part = points[start : start + _CHUNK]
            near = cKDTree(part).sparse_distance_matrix(tree, REACH[2], output_type="ndarray")
            point, vertex = near["i"].astype(np.int64), near["j"].astype(np.int64)
            away = near["v"] / reach[vertex]
            held = away < 1
            point, vertex, away = point[held], vertex[held], away[held]
            pull = share[vertex] * (1 - away) ** 4 * (4 * away + 1)
            yield slice(start, start + len(part)), point, vertex, pull

    def carry(self, points: Floats) -> Floats:
        """(n, 3) where points of the average body lie in this one, mm, LPS."""
        out = points + self.variant.spline.shift(points)
        left_over = self._left_over
        for part, point, vertex, pull in self._pulls(points):
            count = part.stop - part.start
            total = np.bincount(point, pull, minlength=count) + FADE
            for axis in range(3):
                out[part, axis] += np.bincount(point, pull * left_over[vertex, axis], minlength=count) / total
        return out

    def mesh(self, mesh: Mesh) -> Mesh:
        """A shape of the average body in this one: the same faces and values."""
        return replace(mesh, vertices=self.carry(mesh.vertices))
