"""The package: light to import, one direction of imports, a wheel that holds all data and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from explorer import folders
from explorer.bundle import bundle
from explorer.errors import ExplorerError

ROOT = folders.DATA.parent
PACKAGE = ROOT / "explorer"


def modules_after(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_import_loads_neither_panel_nor_vtk():
    assert not {"panel", "bokeh", "vtk", "vtkmodules", "pyvista", "numpy", "trimesh"} & modules_after("import explorer")


def test_records_and_matching_by_name_need_no_drawing():
    code = "import explorer; a = explorer.load_atlas(); a['temporalis']; a.match(['occiput'])"
    assert not {"panel", "bokeh", "vtk", "vtkmodules", "pyvista"} & modules_after(code)


#: floors of the house: a module may import from its own floor and those below
FLOORS = [
    {"errors", "folders", "feedback"},
    {"records", "schema", "learning"},
    {"dataset", "additions"},
    {"validate", "matching", "anatomy", "painting_check"},
    {"atlas"},
    {"describe", "scene", "why", "figures", "bundle", "pain_first", "drawings", "roundtrip"},
    {"catalogue", "build"},
    {"assets"},
    {"viewer", "pages"},
    {"app"},
    {"cli", "__main__"},
]


def imports_of(path: Path) -> set[str]:
    """Rooms of the package that a module imports when it runs (not only for types)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "explorer":
            rest = node.module.partition(".")[2]
            found |= {rest.partition(".")[0]} if rest else {alias.name for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down_only(path):
    floor = {name: k for k, floor in enumerate(FLOORS) for name in floor}
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for other in imports_of(path) - {room, "load_atlas", "__version__"}:
        assert floor[other] <= floor[room], f"{room} imports {other}, which stands above it"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        check=True,
        cwd=ROOT,
        capture_output=True,
    )
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def tracked(*folders_: str) -> set[str]:
    done = subprocess.run(["git", "ls-files", *folders_], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split("\n")) - {""}


def test_the_wheel_holds_all_data_and_meshes_and_nothing_else(wheel):
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    expected = {
        name if name.startswith("explorer/") else f"explorer/{name}" for name in tracked("explorer", "data", "meshes")
    }
    assert inside == expected


def test_the_wheel_brings_its_licences(wheel):
    names = {name.rpartition("/licenses/")[2] for name in wheel.namelist() if "/licenses/" in name}
    assert {"LICENSE", "LICENSE-DATA", "meshes/LICENSES.md"} <= names


def test_the_installed_package_works_from_the_wheel(wheel, tmp_path):
    wheel.extractall(tmp_path)
    script = "from explorer import load_atlas, folders; a = load_atlas(); print(folders.DATA, len(a), a.paint('trap_1')[0].max())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert str(tmp_path) in done.stdout
    assert done.stdout.strip().endswith("1.0")


# --- the browser's modules as one -----------------------------------------------------------------------------


def test_the_bundle_exports_what_the_entry_exports():
    text = bundle()
    assert text.rstrip().endswith("export const { mount } = $main;")
    assert "import {" not in text


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        ({"main": 'import { a } from "./b.js";\n'}, "imports ./b.js, which does not exist"),
        (
            {"main": 'import { a } from "./b.js";\n', "b": 'import { c } from "./main.js";\n'},
            "in a circle: main -> b -> main",
        ),
        ({"main": "export default 5;\n"}, "only imports of names"),
        ({"main": 'import * as all from "./b.js";\n', "b": ""}, "only imports of names"),
    ],
)
def test_what_cannot_be_bundled_is_told(tmp_path, modules, told):
    for name, text in modules.items():
        (tmp_path / f"{name}.js").write_text(text, encoding="utf-8")
    with pytest.raises(ExplorerError, match=told):
        bundle(tmp_path)


def test_every_text_of_the_interface_is_in_the_table_and_used(data):
    import re

    used = set()
    for path in [*(PACKAGE / "browser").glob("*.js"), *(PACKAGE / "pages").glob("*.html"), *PACKAGE.rglob("*.py")]:
        used |= set(re.findall(r"[\"'`]([a-z]+\.[a-z_]+)[\"'`.]", path.read_text(encoding="utf-8")))
    table = set(data.texts["en"])
    patterned = {
        key
        for key in table
        if key.partition(".")[0]
        in (
            "view",
            "side",
            "voice",
            "method",
            "stance",
            "side_rule",
            "anatomy",
            "legend",
            "page",
            "card",
            "body",
            "tone",
        )
        or key.partition(".")[0]
        in ("tool", "peel", "rest", "mirror", "theme", "picture", "keys", "tab", "why", "attach")
    }
    assert table - patterned <= used
    wanted = {f"method.{row.method.replace(' ', '_')}" for p in data.patterns.values() for row in p.evidence}
    assert wanted <= table
