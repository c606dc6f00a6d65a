"""The shelf: atlases that a person brought, kept under their data folder by the hash of their content.

Each is a folder that is complete or not there at all: it is made beside its place and renamed. What an import that
was stopped left in ``.work`` is used again by the same import, and is never listed.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from explorer.errors import ExplorerError, unknown

Json = dict[str, Any]
#: of the layout of a kept atlas; another one is imported anew
VERSION = 1
RECORD = "atlas.json"
#: folders of kept shapes, those of the right side where they are no mirror images, and places of trigger points
RIGHT = "right"
POINTS = "trigger_points.csv"
#: names that mean our own shapes
OURS = ("default", "ours")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")

#: licences that are known: may pictures, and may the shapes themselves be passed on; under which conditions
LICENCES: dict[str, tuple[bool, bool, str]] = {
    "CC0-1.0": (True, True, ""),
    "CC-BY-4.0": (True, True, "attribution"),
    "CC-BY-SA-4.0": (True, True, "share_alike"),
    "CC-BY-SA-2.1-JP": (True, True, "share_alike"),
    "CC-BY-NC-4.0": (True, True, "noncommercial"),
    "CC-BY-NC-SA-4.0": (True, True, "noncommercial"),
    "CC-BY-ND-4.0": (False, False, "no_derivatives"),
    "CC-BY-NC-ND-4.0": (False, False, "no_derivatives"),
    "own": (True, True, ""),
    "unknown": (False, False, "unknown"),
}


@dataclass(frozen=True, slots=True)
class Credit:
    """A line of credit and the licence it stands for."""

    text: str
    licence: str


def data_folder() -> Path:
    """The user's data folder of this program; ``REFERRED_PAIN_HOME`` moves it."""
    own = os.environ.get("REFERRED_PAIN_HOME")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return base / "referred-pain-explorer"


def shelf_folder() -> Path:
    """Where kept atlases lie."""
    return data_folder() / "atlases"


@dataclass(frozen=True)
class Kept:
    """An atlas on the shelf.

    Attributes
    ----------
    folder : Path
    record : dict
        What ``atlas.json`` says.
    """

    folder: Path
    record: Json

    @property
    def name(self) -> str:
        """The name that it was given."""
        return str(self.record["name"])

    @property
    def digest(self) -> str:
        """Hash of what it was made from, and how."""
        return str(self.record["digest"])

    @property
    def credits(self) -> tuple[Credit, ...]:
        """Lines of credit, all of which must be shown wherever its shapes are."""
        return tuple(Credit(text, licence) for text, licence in self.record["credits"])

    @property
    def shapes(self) -> Json:
        """Shape id -> what is known of it: files, sides, how well it fits."""
        return dict(self.record["shapes"])

    def path(self, folder: str, shape: str, side: str = "left") -> Path | None:
        """The file of a shape; None where this atlas has none."""
        place = self.folder / RIGHT / folder if side == "right" else self.folder / folder
        path = place / f"{shape}.npz"
        return path if path.is_file() else None

    @cached_property
    def points(self) -> dict[tuple[str, str], tuple[float, float, float]]:
        """(trigger point id, side) -> its place in this atlas, mm, LPS."""
        path = self.folder / POINTS
        if not path.is_file():
            return {}
        with open(path, encoding="utf-8", newline="") as file:
            return {
                (row["trigger_point_id"], row["side"]): (float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"]))
                for row in csv.DictReader(file)
            }

    def breaches(self, what: str) -> tuple[str, ...]:
        """Ids of conditions that an export must say, or that forbid it.

        Parameters
        ----------
        what : {'picture', 'shapes'}

        Returns
        -------
        tuple of str
            Of ``unknown``, ``no_derivatives`` (these forbid it), ``share_alike``, ``noncommercial``; where several
            licences are published for one atlas, the strictest counts.
        """
        found = []
        for credit in self.credits:
            pictures, shapes, condition = LICENCES.get(credit.licence, LICENCES["unknown"])
            forbidden = not (pictures if what == "picture" else shapes)
            if (
                condition
                and condition != "attribution"
                and (forbidden or what == "shapes" or condition == "noncommercial")
            ):
                found.append(condition)
        return tuple(dict.fromkeys(found))


#: conditions that forbid passing anything on
FORBIDDING = ("unknown", "no_derivatives")


def check_name(name: str) -> str:
    """A name for an atlas.

    Raises
    ------
    ExplorerError
        When it is not one.
    """
    if not _NAME.fullmatch(name) or name.lower() in OURS:
        raise ExplorerError(
            f"the name {name[:60]!r} cannot be used; allowed: up to 40 letters, digits, '.', '_', '-', and not 'default' or 'ours'; give another with --name"
        )
    return name


def kept(shelf: Path | None = None) -> list[Kept]:
    """All atlases on the shelf, by name. What is not whole is passed over."""
    folder = shelf or shelf_folder()
    out = []
    if folder.is_dir():
        for place in sorted(folder.iterdir()):
            if place.name.startswith(".") or not place.is_dir():
                continue
            try:
                record = json.loads((place / RECORD).read_text(encoding="utf-8"))
                if record["version"] == VERSION:
                    out.append(Kept(place, record))
            except (OSError, ValueError, KeyError, TypeError):
                continue
    return sorted(out, key=lambda one: one.name.lower())


def find(name: str, shelf: Path | None = None) -> Kept:
    """An atlas by its name, or by the first letters of its hash (six or more).

    Raises
    ------
    ExplorerError
        When there is none.
    """
    every = kept(shelf)
    for one in every:
        if one.name == name or (len(name) >= 6 and one.digest.startswith(name)):
            return one
    if not every:
        raise ExplorerError(
            f"atlas {name[:60]!r} is not known: none was imported yet; use 'referred-pain atlas import PATH' first"
        )
    raise ExplorerError(unknown("atlas", name, [one.name for one in every]))


def remove(name: str, shelf: Path | None = None) -> Kept:
    """Take an atlas from the shelf, for good."""
    one = find(name, shelf)
    aside = one.folder.with_name(f".gone-{one.folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    one.folder.rename(aside)  # at once, so that it is never half there
    shutil.rmtree(aside, ignore_errors=True)
    return one
