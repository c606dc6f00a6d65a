"""Read and write built meshes: small ``.npz`` files with positions on a grid of 0.02 mm."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STEP_MM = 0.02


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh.

    Attributes
    ----------
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
        Wound outward.
    values : dict of str to (n,) array
        What else is kept for each vertex, by name.
    """

    vertices: Floats
    faces: Ints
    values: dict[str, NDArray[np.generic]]

    def mirrored(self) -> Mesh:
        """The same mesh on the other side of the body."""
        return Mesh(self.vertices * [-1.0, 1.0, 1.0], self.faces[:, ::-1], self.values)


def quantise(vertices: Floats) -> tuple[Floats, NDArray[np.uint16]]:
    """Put positions on the grid.

    Returns
    -------
    origin : (3,) float
        Lowest corner, a multiple of :data:`STEP_MM`.
    steps : (n, 3) uint16
        ``vertices = origin + STEP_MM * steps`` to within half a step.
    """
    origin = np.floor(vertices.min(axis=0) / STEP_MM)
    steps = np.round(vertices / STEP_MM) - origin
    if steps.max() > 65535:
        raise ValueError(
            f"a mesh of {np.ptp(vertices, axis=0).max():.0f} mm is too large; at most {65535 * STEP_MM:.0f} mm"
        )
    return origin * STEP_MM, steps.astype(np.uint16)


def save_mesh(path: Path, mesh: Mesh) -> None:
    """Write a mesh beside its place and move it there, so that no half file is ever left."""
    origin, steps = quantise(mesh.vertices)
    faces = mesh.faces.astype(np.uint16 if len(mesh.vertices) < 65536 else np.uint32)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez_compressed(file, origin=origin, steps=steps, faces=faces, **mesh.values)  # type: ignore[arg-type]
    part.replace(path)


def load_mesh(path: Path) -> Mesh:
    """Read a mesh that :func:`save_mesh` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        vertices = archive["origin"] + STEP_MM * archive["steps"].astype(np.float64)
        values = {name: archive[name] for name in archive.files if name not in ("origin", "steps", "faces")}
        return Mesh(vertices, archive["faces"].astype(np.int64), values)
