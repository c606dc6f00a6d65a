"""The papers of the dataset: their numbers, tables, links and commands are true."""

from __future__ import annotations

import re

import pytest

from explorer import folders
from explorer.additions import ADDABLE
from explorer.cli import _parser
from explorer.schema import read_descriptor

ROOT = folders.DATA.parent
SHEET, TABLES, ADDITIONS = "DATASHEET.md", "data/README.md", "docs/additions.md"


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_numbers_of_the_datasheet_are_those_of_the_data(data):
    patterns = data.patterns.values()
    grades = ", ".join(f"{grade} {sum(p.grade == grade for p in patterns)}" for grade in data.grades)
    for said in (
        f"{len(data.structures)} structures",
        f"{len(data.patterns)} patterns",
        f"{len(data.trigger_points)} trigger points",
        f"{len(data.areas)} areas",
        f"{len(data.references)} sources",
        f"{sum(len(p.evidence) for p in patterns)} rows of evidence",
        f"Patterns by grade: {grades}.",
        f"{sum(p.status == 'disputed' for p in patterns)} patterns are marked as disputed",
        f"{len(data.learning.claims)} claims",
        f"{len(data.learning.convergence)} findings on convergence",
        f"{len(data.red_flags)} red flags",
        f"{len(data.look_alikes)} look-alikes",
        f"{len(data.learning.glossary)} words of a glossary",
        f"({sum(r.status == 'from memory' for r in data.references.values())} sources)",
    ):
        assert said in text(SHEET), f"{SHEET} should say '{said}'"
    gaps = ", ".join(f"`{p.id}`" for p in patterns if p.basis == "none")
    assert f"documented gaps ({gaps})" in text(SHEET)
    assert "delphi2018" in data.references


def test_the_tables_are_described_as_in_the_descriptor():
    page = text(TABLES)
    for table in read_descriptor(folders.DATA).tables.values():
        assert f"| `{table.path}` | {table.description} |" in page


def test_the_tables_that_can_be_added_to_are_named():
    assert re.findall(r"`([a-z_]+)`", text(ADDITIONS).split("leave out the others:")[1].split(".")[0]) == list(ADDABLE)


@pytest.mark.parametrize("name", [SHEET, TABLES, ADDITIONS])
def test_links_lead_to_files_and_commands_are_commands(name):
    page = text(name)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page):
        assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"
    for block in re.findall(r"```sh\n(.*?)```", page, flags=re.DOTALL):
        for line in block.splitlines():
            assert line.startswith("referred-pain ")
            _parser().parse_args(line.split()[1:])


@pytest.mark.parametrize("name", [TABLES, ADDITIONS])
def test_python_of_the_papers_runs(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```python\n(.*?)```", text(name), flags=re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {})
