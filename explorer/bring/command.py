"""``referred-pain atlas``: import, draft a mapping, list, remove, try."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from explorer import load_atlas
from explorer import shelf as shelves
from explorer.errors import ExplorerError


def add_atlas(commands: Any) -> None:
    """Add ``atlas`` with its own commands to the command line."""
    parser = commands.add_parser(
        "atlas", help="bring your own atlas of shapes", description="Bring your own atlas of shapes."
    )
    own = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, help_: str) -> argparse.ArgumentParser:
        out: argparse.ArgumentParser = own.add_parser(name, help=help_, description=help_)
        out.set_defaults(run=run)
        return out

    bring = command("import", _import, "import a folder or zip of meshes: BodyParts3D 3.0, or any with a mapping table")
    bring.add_argument("path", type=Path, help="folder, zip or mesh file (OBJ, STL, PLY, GLB)")
    bring.add_argument("--map", type=Path, metavar="FILE", help="table of file, structure, side")
    bring.add_argument("--name", help="what to call it (default: the name of the file)")
    bring.add_argument("--credit", help="line of credit to show wherever its shapes are shown")
    bring.add_argument("--licence", help=f"its licence: {', '.join(shelves.LICENCES)}")
    bring.add_argument("--json", action="store_true", help="print JSON")

    draft = command("draft-map", _draft, "write a draft of the mapping table, to be finished by you")
    draft.add_argument("path", type=Path, help="folder, zip or mesh file")
    draft.add_argument("--out", type=Path, required=True, metavar="FILE", help="CSV to write")

    listing = command("list", _list, "list the atlases that you imported")
    listing.add_argument("--json", action="store_true", help="print JSON")

    remove = command("remove", _remove, "remove an imported atlas")
    remove.add_argument("name")

    trial = command("try", _try, "import the lite copy of BodyParts3D 3.0 and print the table of the docs")
    trial.add_argument(
        "--reference", type=Path, required=True, metavar="DIR", help="folder with the zip and the registered atlas/"
    )
    trial.add_argument("--out", type=Path, metavar="FILE", help="Markdown file whose table is written anew")


def _progress(step: str, done: int, total: int) -> None:
    if not sys.stderr.isatty():
        if done == total:
            print(f"{step}: done", file=sys.stderr, flush=True)
        return
    width = 30
    filled = width * done // total if total else width
    end = "\n" if done == total else ""
    print(f"\r{step:16} [{'#' * filled}{'.' * (width - filled)}] {done}/{total}", end=end, file=sys.stderr, flush=True)


def _import(options: argparse.Namespace) -> None:
    from explorer.bring.importing import import_atlas
    from explorer.bring.quality import REPORT, summary

    started = time.time()
    one, new = import_atlas(
        options.path,
        load_atlas(),
        mapping=options.map,
        name=options.name,
        credit=options.credit,
        licence=options.licence,
        progress=_progress,
    )
    if options.json:
        print(json.dumps(one.record, ensure_ascii=False, indent=2))
        return
    if not new:
        print(f"{one.name}: the same atlas is on the shelf already; nothing was done anew")
    else:
        print(f"{one.name}: imported in {time.time() - started:.0f} s")
        for note in one.record["notes"]:
            print(f"  {note}")
        for fault in one.record["faults"]:
            print(f"  {fault}")
        loose = sum("loose fragments" in repair for repair in one.record["repairs"])
        print(
            f"  {len(one.record['repairs'])} repairs in single files ({loose} with loose fragments left out); the report lists them"
        )
    for line in summary(one.record):
        print(line)
    for credit in one.credits:
        print(f"{credit.text} ({credit.licence})")
    if "unknown" in one.breaches("picture"):
        print("Its licence was not said: it is for your own eyes only. Say it with --credit and --licence.")
    print(f"How each shape fits, with pictures: {one.folder / REPORT}")
    print(f"See it: referred-pain serve --atlas {one.name}")


def _draft(options: argparse.Namespace) -> None:
    from explorer.bring.formats import read_meshes
    from explorer.bring.mapping import draft
    from explorer.bring.reading import open_source

    source = open_source(options.path)
    names = []
    for entry in source.meshes:
        try:  # a GLB may hold many
            names += list(read_meshes(entry.name, source.read(entry))) if entry.ending == ".glb" else [entry.name]
        except ExplorerError as error:
            print(f"{error}", file=sys.stderr)
    if not names:
        raise ExplorerError(f"{options.path}: none of its meshes can be read")
    text = draft(source, load_atlas(), names)
    part = options.out.with_name(options.out.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(options.out)
    rows = text.splitlines()[1:]
    found = sum(row.count(",") and bool(row.split(",")[1]) for row in rows)
    print(f"{options.out}: {found} of {len(rows)} lines have a structure. Check them and fill the rest, then:")
    print(f"  referred-pain atlas import {options.path} --map {options.out}")


def _list(options: argparse.Namespace) -> None:
    every = shelves.kept()
    if options.json:
        print(json.dumps([one.record for one in every], ensure_ascii=False, indent=2))
        return
    if not every:
        print("No atlas was imported yet; use 'referred-pain atlas import PATH'.")
    for one in every:
        size = sum(path.stat().st_size for path in one.folder.rglob("*") if path.is_file()) / 1e6
        print(
            f"{one.name}  {one.record['layout']}, {len(one.shapes)} structures, {size:.1f} MB, imported {one.record['imported_on']}, {one.digest[:12]}"
        )


def _remove(options: argparse.Namespace) -> None:
    one = shelves.remove(options.name)
    print(f"{one.name}: removed")


def _try(options: argparse.Namespace) -> None:
    from explorer.bring.trial import trial

    page = trial(options.reference, load_atlas(), _progress)
    if options.out is None:
        print(page)
        return
    from explorer.bring.trial import put_table

    part = options.out.with_name(options.out.name + ".part")
    part.write_text(put_table(options.out.read_text(encoding="utf-8"), page), encoding="utf-8")
    part.replace(options.out)
    print(f"{options.out}: written")
