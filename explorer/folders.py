"""Where the project keeps its data and meshes: inside the installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _find(name: str) -> Path:
    inside, beside = _PACKAGE / name, _PACKAGE.parent / name
    return inside if inside.is_dir() else beside


DATA = _find("data")
MESHES = _find("meshes")
BROWSER = _PACKAGE / "browser"
PAGES = _PACKAGE / "pages"
