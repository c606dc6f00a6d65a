"""The copy of vtk.js that Panel brings, for hosts without Panel."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from explorer.assets import Asset
from explorer.errors import ExplorerError

#: whose copyright and conditions go along with every copy
LICENCE = files("explorer.export") / "vtkjs-license.txt"


def vtkjs_path() -> Path:
    """Where the file lies in the installed Panel; Panel itself is not imported.

    Raises
    ------
    ExplorerError
        When there is none.
    """
    spec = find_spec("panel")
    for place in (spec and spec.submodule_search_locations) or ():
        for path in sorted(Path(place).glob("dist/bundled/abstractvtkplot/vtk.js*/vtk.js")):
            return path
    raise ExplorerError("the installed panel has no vtk.js; install it again with pip install --force-reinstall panel")


@lru_cache(maxsize=1)
def vtkjs() -> Asset:
    """The file, named by its content."""
    raw = vtkjs_path().read_bytes()
    return Asset(f"vtk-{hashlib.sha256(raw).hexdigest()[:16]}.js", gzip.compress(raw, 9, mtime=0), "text/javascript")
