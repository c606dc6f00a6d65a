"""Every notebook runs from top to bottom, and is kept without its outputs."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from explorer import folders

NOTEBOOKS = sorted((folders.DATA.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs(path: Path, monkeypatch):
    monkeypatch.setenv("PYVISTA_OFF_SCREEN", "true")
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    kinds = {kind for cell in notebook.cells for output in cell.get("outputs", []) for kind in output.get("data", {})}
    assert "text/plain" in kinds
    if path.stem == "01_quickstart":
        assert "image/png" in kinds
        printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
        assert "Trapezius, upper (descending) part (trap_1), left" in printed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_is_kept_without_outputs(path: Path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")]
