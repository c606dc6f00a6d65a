"""Read the measured figures that muscles are built from."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from explorer.anatomy.sheet import Floats, Sheet, Strips, unit


def _grouped(path: Path, column: str) -> dict[str, list[dict[str, str]]]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            rows[row[column]].append(row)
    return rows


def read_strips(figures: Path) -> dict[str, Strips]:
    """Read ``muscle_paths.csv`` and ``drawn_paths.csv``: path id -> all its strips."""

    def values(of: list[dict[str, str]], *columns: str) -> Floats:
        stations = len({row["station"] for row in of})
        return np.array([[float(row[column]) for column in columns] for row in of]).reshape(-1, stations, len(columns))

    return {
        path: Strips(
            values(own, "x", "y", "z"),
            values(own, "half_width")[..., 0],
            values(own, "half_thickness")[..., 0],
            values(own, "wx", "wy", "wz"),
        )
        for table in ("muscle_paths.csv", "drawn_paths.csv")
        for path, own in _grouped(figures / table, "muscle_id").items()
    }


def read_grids(figures: Path) -> dict[str, Sheet]:
    """Read ``muscle_grids.csv``: path id -> its measured sheet."""
    out = {}
    for path, rows in _grouped(figures / "muscle_grids.csv", "path_id").items():
        shape = (1 + max(int(row["row"]) for row in rows), 1 + max(int(row["column"]) for row in rows))

        def values(*columns: str, rows: list[dict[str, str]] = rows, shape: tuple[int, int] = shape) -> Floats:
            return np.array([[float(row[column]) for column in columns] for row in rows]).reshape(*shape, len(columns))

        along, across = values("along")[:, 0, 0], values("across")[0, :, 0]
        ring = path.startswith("orbicularis_oculi")
        out[path] = Sheet(
            values("x", "y", "z"), unit(values("nx", "ny", "nz")), values("half")[..., 0], along, across, ring
        )
    return out
