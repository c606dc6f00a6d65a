"""Known layouts of atlases, and which of their parts is which shape of ours.

The parts of BodyParts3D 3.0 stand in ``meshes/figures/atlas_parts.csv``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from explorer.bring.reading import Source

_FMA = re.compile(r"(?:FMA|fma)[_ ]?(\d{3,6})(?!\d)")
_BP3D = re.compile(r"^(FMA\d+|BP\d+)$")
#: parts that 3.0 has and 4.0 has not: the jaw and its muscles
_ONLY_3 = ("FMA52748", "FMA49002", "FMA49005", "FMA49013", "FMA49025")
#: of those there must be so many known parts before their absence tells anything
_ENOUGH = 60

CREDITS_3 = (
    (
        "BodyParts3D, (c) The Database Center for Life Science licensed under CC Attribution-Share Alike 2.1 Japan",
        "CC-BY-SA-2.1-JP",
    ),
    (
        "BodyParts3D, (c) The Database Center for Life Science licensed under CC Attribution 4.0 International",
        "CC-BY-4.0",
    ),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One row of a mapping: a file is a shape of ours on a side.

    Attributes
    ----------
    file : str
        Name of a file, with or without its folder and ending.
    shape : str
        Id of a muscle, part of a muscle or bone of ours.
    side : str
        ``left``, ``right``, ``midline``, or empty: by where it lies.
    """

    file: str
    shape: str
    side: str


def known_parts(meshes: Path) -> dict[str, list[Part]]:
    """Parts of BodyParts3D by their id, such as ``FMA49002``."""
    out: dict[str, list[Part]] = {}
    with open(meshes / "figures" / "atlas_parts.csv", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            out.setdefault(row["part_id"], []).append(Part(row["part_id"], row["shape_id"], row["side"]))
    return out


def part_names(meshes: Path) -> dict[str, str]:
    """Names of the parts of BodyParts3D by their id."""
    with open(meshes / "figures" / "atlas_parts.csv", encoding="utf-8", newline="") as file:
        return {row["part_id"]: row["name"] for row in csv.DictReader(file)}


def is_bodyparts3d(source: Source) -> bool:
    """Whether most files are named as those of BodyParts3D are."""
    stems = [entry.stem for entry in source.meshes if entry.ending == ".obj"]
    return len(stems) >= 4 and sum(bool(_BP3D.match(stem)) for stem in stems) > 0.8 * len(source.meshes)


def release(stems: Iterable[str], opening: bytes, names: str) -> str:
    """Which release of BodyParts3D: ``3.0``, ``4.0`` or empty when it cannot be told.

    Parameters
    ----------
    stems : iterable of str
        Names of the files.
    opening : bytes
        First bytes of one of the files: its comment.
    names : str
        Name of the folder or zip.
    """
    own = set(stems)
    text = opening[:600].decode("latin-1") + " " + names
    for number in ("4.0", "3.0"):
        if re.search(rf"BodyParts3D[^\n]{{0,12}}{re.escape(number)}|_{re.escape(number)}_obj", text):
            return number
    if len(own) >= _ENOUGH and not own & set(_ONLY_3):
        return "4.0"
    return "3.0" if own & set(_ONLY_3) else ""


def fma_of(name: str) -> str | None:
    """The FMA id in a name, such as ``FMA49002``."""
    found = _FMA.search(name)
    return f"FMA{int(found[1])}" if found else None
