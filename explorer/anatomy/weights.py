"""Painted weights as they are kept: for each layer the vertices it touches and a byte for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """Soft weights of named layers on one skin.

    Attributes
    ----------
    names : tuple of str
        Layer names, such as ``trap_1/core``.
    start : (k + 1,) int
        Layer ``i`` has the entries ``start[i]:start[i + 1]``.
    vertex : (e,) uint16
        Rising within a layer.
    value : (e,) uint8
        Weight times 255.
    vertex_count : int
    topology : str
        SHA-256 of the skin's triangles.
    """

    names: tuple[str, ...]
    start: NDArray[np.int64]
    vertex: NDArray[np.uint16]
    value: NDArray[np.uint8]
    vertex_count: int
    topology: str

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def layer(self, name: str) -> Floats:
        """(n,) one layer on all vertices, 0..1."""
        k = self.names.index(name)
        own = slice(self.start[k], self.start[k + 1])
        out = np.zeros(self.vertex_count)
        out[self.vertex[own]] = self.value[own] / 255.0
        return out


def pack(layers: Mapping[str, Floats], topology: str) -> Weights:
    """Keep what is not zero of each layer.

    Parameters
    ----------
    layers : mapping of name to (n,) float
        0..1.
    topology : str
        SHA-256 of the triangles of the skin they lie on.
    """
    vertices, values, start = [], [], [0]
    count = 0
    for weights in layers.values():
        count = len(weights)
        value = np.round(255 * weights).astype(np.uint8)
        vertex = np.flatnonzero(value)
        vertices.append(vertex.astype(np.uint16))
        values.append(value[vertex])
        start.append(start[-1] + len(vertex))
    return Weights(
        tuple(layers),
        np.array(start),
        np.concatenate(vertices) if vertices else np.zeros(0, np.uint16),
        np.concatenate(values) if values else np.zeros(0, np.uint8),
        count,
        topology,
    )


def joined(first: Weights, second: Weights) -> Weights:
    """The layers of both, in that order."""
    return Weights(
        first.names + second.names,
        np.concatenate([first.start, second.start[1:] + first.start[-1]]),
        np.concatenate([first.vertex, second.vertex]),
        np.concatenate([first.value, second.value]),
        first.vertex_count,
        first.topology,
    )


def save_weights(path: Path, weights: Weights) -> None:
    """Write weights beside their place and move them there."""
    part = path.with_name(path.name + ".part")
    with open(part, "wb") as file:
        np.savez_compressed(
            file,
            names=np.array(weights.names),
            start=weights.start.astype(np.uint32),
            vertex=weights.vertex,
            value=weights.value,
            vertex_count=np.array(weights.vertex_count),
            topology=np.array(weights.topology),
        )
    part.replace(path)


def load_weights(path: Path) -> Weights:
    """Read what :func:`save_weights` wrote."""
    with np.load(path, allow_pickle=False) as archive:
        return Weights(
            tuple(str(name) for name in archive["names"]),
            archive["start"].astype(np.int64),
            archive["vertex"],
            archive["value"],
            int(archive["vertex_count"]),
            str(archive["topology"]),
        )
