"""What many tests share: the atlas that comes with the package, its skin, a copy of the tables to break."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from explorer import folders, load_atlas
from explorer.anatomy.enclosure import Enclosure, outer_skin
from explorer.anatomy.painting import Canvas
from explorer.anatomy.surface import Surface
from explorer.atlas import Atlas
from explorer.dataset import Dataset


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return load_atlas()


@pytest.fixture(scope="session")
def data(atlas: Atlas) -> Dataset:
    return atlas.dataset


@pytest.fixture(scope="session")
def surface(atlas: Atlas) -> Surface:
    return Surface(atlas.skin_mesh.vertices, atlas.skin_mesh.faces)


@pytest.fixture(scope="session")
def canvas() -> Canvas:
    from explorer.build.pipeline import load_canvas

    return load_canvas(folders.MESHES)


@pytest.fixture(scope="session")
def enclosure(atlas: Atlas) -> Enclosure:
    return outer_skin(atlas.skin_mesh.vertices, atlas.skin_mesh.faces)


@pytest.fixture(scope="session")
def mirror(atlas: Atlas) -> np.ndarray:
    return atlas.skin_mesh.values["mirror"].astype(int)


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A copy of the data folder that a test may break."""
    folder = tmp_path / "data"
    shutil.copytree(folders.DATA, folder, ignore=shutil.ignore_patterns("*.md"))
    return folder
