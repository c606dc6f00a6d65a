"""Write a file or a folder whole or not at all: beside its place, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import ExplorerError


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write a file to, which takes the name ``path`` once all went well.

    Raises
    ------
    ExplorerError
        When the folder does not exist, or ``path`` is a folder.
    """
    if path.is_dir():
        raise ExplorerError(f"{path}: is a folder; give the name of a file")
    if not path.parent.is_dir():
        raise ExplorerError(f"{path}: the folder {path.parent} does not exist; make it first")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path, mark: str) -> Iterator[Path]:
    """A new folder to write to, which takes the name ``path`` once all went well.

    Parameters
    ----------
    path : Path
        May be absent, empty, or an older folder of the same kind, which is then replaced.
    mark : str
        Name of a file by which such a folder is known.

    Raises
    ------
    ExplorerError
        When ``path`` holds something else, or its parent does not exist.
    """
    path = Path(os.path.abspath(path))
    if not path.parent.is_dir():
        raise ExplorerError(f"{path}: the folder {path.parent} does not exist; make it first")
    if path.exists() and not path.is_dir():
        raise ExplorerError(f"{path}: is a file; give the name of a folder")
    if path.is_dir() and any(path.iterdir()) and not (path / mark).is_file():
        raise ExplorerError(f"{path}: holds other files, without a {mark} of an older export; give a new folder")
    name = f".{path.name}.{secrets.token_hex(4)}"
    part, old = path.with_name(name + ".part"), path.with_name(name + ".old")
    part.mkdir()
    try:
        yield part
        if path.exists():
            path.rename(old)
        try:
            part.rename(path)
        except OSError:
            if old.exists():
                old.rename(path)
            raise
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
