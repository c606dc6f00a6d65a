"""What the documents say is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from explorer import __version__, folders
from explorer.cli import main

ROOT = folders.DATA.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(heading: str) -> list[str]:
    part = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [
        line for block in re.findall(r"```\w*\n(.*?)```", part, flags=re.DOTALL) for line in block.strip().splitlines()
    ]


def test_quick_start_is_two_commands_and_the_makefile_has_the_same():
    commands = fenced("Quick start")
    assert len(commands) == 2
    makefile = (
        (ROOT / "Makefile").read_text(encoding="utf-8").replace("$(VENV)", ".venv").replace("$(BIN)", ".venv/bin")
    )
    makefile = makefile.replace("$(BIN)", ".venv/bin").replace("BIN := .venv/bin", "")
    for command in commands:
        assert command in makefile


def test_ci_runs_the_readme_and_make_check():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in script
    assert "make check" in script


def test_numbers_in_the_readme_are_those_of_the_data(data):
    grades = {grade: sum(p.grade == grade for p in data.patterns.values()) for grade in "ABCDE"}
    numbers = {
        "structures": len(data.structures),
        "patterns": len(data.patterns),
        "areas": len(data.areas),
        "sources": len(data.references),
    }
    for what, number in numbers.items():
        assert f"{number} {what}" in README, f"README.md should say '{number} {what}'"
    assert ", ".join(f"{grade} {count}" for grade, count in grades.items()) in README


def test_python_of_the_readme_runs(capsys):
    for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL):
        exec(compile(block, "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_commands_of_the_readme_are_commands(capsys):
    named = set(re.findall(r"`referred-pain (\w+)", README))
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert named
    assert all(re.search(rf"\n\s+{name}\b", shown) for name in named)


def test_files_that_the_documents_link_to_exist():
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
            if not target.startswith(("http:", "https:", "mailto:")):
                assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_versions_agree():
    descriptor = json.loads((folders.DATA / "datapackage.json").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {__version__}" in changes
    assert f"version: {__version__}" in citation
    assert f"dataset {descriptor['version']}" in changes


def test_nothing_of_a_machine_is_kept():
    """No absolute path, no registry's host, no leftover of an unfinished thing."""
    own = Path(__file__).name
    for path in ROOT.rglob("*"):
        inside = path.relative_to(ROOT).parts
        if path.suffix not in (".py", ".js", ".css", ".md", ".html", ".toml", ".json", ".csv", ".ipynb") or inside[
            0
        ].startswith("."):
            continue
        if path.name == own:
            continue
        text = path.read_text(encoding="utf-8")
        found = re.search(r"(/home/\w+|/root/|/Users/\w+|/work/|pypi\.org|registry\.npmjs|cdn\.)", text)
        assert not found, f"{path.relative_to(ROOT)} holds {found[0]}"
