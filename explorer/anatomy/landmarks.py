"""Named points of the body, by their vertex on the skin."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.errors import DataError

Floats = NDArray[np.float64]


def read_landmarks(path: Path, vertices: Floats, base_vertex: NDArray[np.int64]) -> dict[str, Floats]:
    """Place the landmarks of ``landmarks.csv`` on a skin.

    Parameters
    ----------
    path : Path
        Table of ``id, pairing, base_vertex, certainty``.
    vertices : (n, 3) float
        The skin, mm, LPS.
    base_vertex : (n,) int
        The MakeHuman id of each vertex, -1 where it has none.

    Returns
    -------
    dict of id to (3,) float
        The left one of a pair.
    """
    where = {int(base): k for k, base in enumerate(base_vertex) if base >= 0}
    out: dict[str, Floats] = {}
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            vertex = where.get(int(row["base_vertex"]))
            if vertex is None:
                raise DataError(
                    f"{path.name}: landmark {row['id']!r}: base vertex {row['base_vertex']} is not on the skin"
                )
            out[row["id"]] = vertices[vertex].copy()
            if row["pairing"] == "midline":
                out[row["id"]][0] = 0.0
    return out
