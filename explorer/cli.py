"""The command line: ``referred-pain``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from explorer import __version__, folders, load_atlas
from explorer.bring.command import add_atlas
from explorer.errors import DataError, ExplorerError, unknown
from explorer.export.commands import add_export_site, add_handout
from explorer.export.data_commands import add_export, add_figure
from explorer.records import SIDES, Structure

DISCLAIMER = "An atlas of documented patterns for education; not for diagnosis."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns
    -------
    int
        0; 1 when ``check`` found faults; 2 with one line on stderr when something given cannot be used.
    """
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except ExplorerError as error:
        print(f"referred-pain: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader of a pipe, such as head, has seen enough
        sys.stderr.close()
        return 0
    except OSError as error:
        print(f"referred-pain: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="referred-pain", description=DISCLAIMER)
    parser.add_argument("--version", action="version", version=f"referred-pain {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Any, help_: str, **keywords: Any) -> argparse.ArgumentParser:
        out = commands.add_parser(name, help=help_, description=help_, **keywords)
        out.set_defaults(run=run)
        return out

    serve = command("serve", _serve, "open the explorer in the browser")
    serve.add_argument(
        "--port", type=int, help="0 takes any free one (default: 5006, or any free one when it is taken)"
    )
    serve.add_argument("--address", default="localhost", help="address to listen on (default: %(default)s)")
    serve.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serve.add_argument("--atlas", metavar="NAME", help="show the shapes of an atlas that you imported")
    serve.add_argument(
        "--num-procs", type=int, default=1, metavar="N", help="processes that answer; 0: one for each core (default: 1)"
    )
    serve.add_argument(
        "--root-path", default="", metavar="PATH", help="path under which a proxy shows it, such as /pain"
    )
    serve.add_argument(
        "--allow-embedding",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="pages of this origin may show it in a frame, such as https://course.example.org; repeat for more",
    )
    serve.add_argument(
        "--access-log",
        metavar="FILE",
        help="append a line a request, without address, browser or query; - prints it (default: none)",
    )
    _takes_additions(serve)

    listing = command("list", _list, "list the structures")
    listing.add_argument("--json", action="store_true", help="print JSON")
    _takes_additions(listing)

    show = command("show", _show, "show everything about a structure")
    show.add_argument("id", help="structure id, such as sternocleidomastoid_sternal")
    show.add_argument("--json", action="store_true", help="print JSON")
    _takes_additions(show)

    matching = command("match", _match, "rank the documented patterns that reach given areas")
    matching.add_argument(
        "--area",
        action="append",
        default=[],
        metavar="AREA[:SIDE]",
        help="such as temple_anterior:left; repeat for more",
    )
    matching.add_argument("--drawing", type=Path, metavar="FILE.json", help="a drawing saved by the explorer")
    matching.add_argument("--side", choices=("left", "right"), help="prefer structures of this side by a step")
    matching.add_argument("--feature", action="append", default=[], help="such as turning; repeat for more")
    matching.add_argument(
        "--drawings", type=Path, metavar="FILE", help="a table of many drawings (CSV, or Parquet with pyarrow)"
    )
    matching.add_argument("--out", type=Path, help="CSV to write for --drawings")
    matching.add_argument("--limit", type=int, default=0, help="only so many for each drawing")
    matching.add_argument("--json", action="store_true", help="print JSON")
    _takes_additions(matching)

    roundtrip = command("roundtrip", _roundtrip, "feed disturbed maps back and report the ranks they get")
    roundtrip.add_argument("--out", type=Path, help="page to write (Markdown; default: print it)")

    check = command("check", _check, "check the tables of a data folder, or of a folder of your own additions")
    check.add_argument(
        "folder", nargs="?", type=Path, default=folders.DATA, help="default: the data that come with the package"
    )
    check.add_argument("--json", action="store_true", help="print JSON")

    build = command("build", _build, "rebuild the meshes and the painting from their sources")
    build.add_argument("steps", nargs="*", help="skin, inside, deep, light, weights, variants (default: all)")
    build.add_argument("--data", type=Path, default=folders.DATA)
    build.add_argument("--meshes", type=Path, default=folders.MESHES)

    measure = command("measure", _measure, "measure muscles and bones on a registered reference atlas")
    measure.add_argument("--reference", type=Path, required=True, metavar="DIR", help="folder with an index.csv")
    measure.add_argument("--meshes", type=Path, default=folders.MESHES)

    comparing = command("compare", _compare, "compare the built muscles with a registered reference atlas")
    comparing.add_argument("--reference", type=Path, required=True, metavar="DIR", help="folder with an index.csv")
    comparing.add_argument("--meshes", type=Path, default=folders.MESHES)
    comparing.add_argument("--out", type=Path, help="Markdown file to write (default: print it)")

    sheet = command("sheet", _sheet, "render a contact sheet of painted patterns (PNG)")
    sheet.add_argument("out", type=Path, help="PNG file to write")
    sheet.add_argument("patterns", nargs="*", help="pattern ids (default: all)")
    sheet.add_argument("--body", action="store_true", help="show trunk and arms instead of the head")
    add_atlas(commands)
    add_export(commands)
    add_figure(commands)
    add_handout(commands)
    add_export_site(commands)
    return parser


def _takes_additions(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of your own additions, shown beside ours and marked as yours; repeat for more",
    )


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))


def _serve(options: argparse.Namespace) -> None:
    from explorer.app import serve

    atlas = load_atlas(data=options.data, atlas=options.atlas)
    serve(
        port=options.port,
        address=options.address,
        open_browser=not options.no_browser,
        atlas=atlas,
        num_procs=options.num_procs,
        root_path=options.root_path,
        allow_embedding=options.allow_embedding,
        access_log=options.access_log,
    )


def _list(options: argparse.Namespace) -> None:
    from explorer.describe import summary

    atlas = load_atlas(data=options.data)
    if options.json:
        _print_json([summary(structure) for structure in atlas])
        return
    for region in atlas.dataset.regions.values():
        own = [structure for structure in atlas if structure.region == region.id]
        if own:
            print(f"{region.name}")
        for structure in own:
            grades = ", ".join(f"{pattern.id} {pattern.grade}" for pattern in structure.patterns)
            print(f"  {structure.id:34} {structure.name}  [{grades}]")


def _show(options: argparse.Namespace) -> None:
    from explorer.describe import record

    atlas = load_atlas(data=options.data)
    structure = atlas[options.id]
    if options.json:
        _print_json(record(atlas, structure))
    else:
        _print_structure(atlas, structure)


def _print_structure(atlas: Any, structure: Structure) -> None:
    print(f"{structure.name}" + (f" ({structure.latin})" if structure.latin else ""))
    print(f"  {structure.plain}")
    for fact in structure.anatomy:
        print(f"  {fact.aspect}: {fact.text}")
    for pattern in structure.patterns:
        grade = atlas.dataset.grades[pattern.grade]
        print(f"\n{pattern.id}  grade {grade.id} ({grade.name}), {pattern.status}")
        for role in ("core", "spillover"):
            names = [
                atlas.dataset.areas[entry.area_id].name + ("" if entry.side == "same" else f" ({entry.side} side)")
                for entry in pattern.areas
                if entry.role == role
            ]
            if names:
                print(f"  {role}: {'; '.join(names)}")
        print(f"  {pattern.clinical}")
        print(f"  In plain words: {pattern.plain}")
        for entry in pattern.evidence:
            print(f"  [{entry.stance}] {entry.reference.citation} Seen: {entry.locator}.")
    print(f"\n{DISCLAIMER}")


def _places(given: list[str]) -> list[tuple[str, str | None]]:
    out: list[tuple[str, str | None]] = []
    for text in given:
        area, colon, side = text.partition(":")
        if colon and side not in SIDES:
            raise DataError(f"--area {text}: " + unknown("side", side, SIDES))
        out.append((area, side or None))
    return out


def _match(options: argparse.Namespace) -> None:
    from explorer.describe import match_record

    if options.drawings or options.out:
        _match_table(options)
        return
    atlas = load_atlas(data=options.data)
    places, weights = _places(options.area), None
    if options.drawing:
        from explorer.drawings import read_drawing

        drawing = read_drawing(atlas, options.drawing)
        places, weights = [*places, *drawing.areas], drawing.weights
    if not places and weights is None:
        raise DataError("nothing is drawn; give --area, --drawing, or --drawings with --out")
    found = atlas.match(places or None, weights=weights, side=options.side, features=options.feature)
    shown = found[: options.limit] if options.limit > 0 else found
    if options.json:
        _print_json({"matches": [match_record(entry) for entry in shown]})
        return
    for entry in shown:
        name = atlas[entry.structure].name
        covered = ", ".join(f"{area} {side}" for area, side in entry.covered)
        print(
            f"{entry.rank:3}  {entry.score:.2f}  {entry.grade}  {name}, {entry.side} ({entry.pattern}): covers {covered}"
        )
    print("Ranked by overlap of documented maps, not by cause. " + DISCLAIMER)


def _match_table(options: argparse.Namespace) -> None:
    from explorer.drawings import match_table

    if not (options.drawings and options.out):
        raise DataError("--drawings and --out go together; give the table to read and the CSV to write")
    if options.area or options.drawing or options.feature or options.side:
        raise DataError("--drawings reads everything from its table; leave out --area, --drawing, --side and --feature")
    drawings, rows = match_table(load_atlas(), options.drawings, options.out, max(options.limit, 0), _show_progress)
    print(
        f"{options.out}: {drawings} drawings, {rows} rows. Ranked by overlap of documented maps, not by cause. {DISCLAIMER}"
    )


def _roundtrip(options: argparse.Namespace) -> None:
    from explorer.roundtrip import run

    page, _ = run(load_atlas(), _show_progress if options.out else None)
    if options.out is None:
        print(page, end="")
        return
    part = options.out.with_name(options.out.name + ".part")
    part.write_text(page, encoding="utf-8")
    part.replace(options.out)
    print(f"{options.out}: written")


def _check(options: argparse.Namespace) -> int:
    from explorer.additions import is_additions
    from explorer.validate import check

    faults = check(options.folder)
    if not faults and is_additions(options.folder):
        faults = _painting_faults(options.folder)
    if options.json:
        _print_json({"folder": str(options.folder), "faults": faults})
    else:
        for fault in faults:
            print(fault)
        print(
            f"{options.folder}: {len(faults)} fault{'' if len(faults) == 1 else 's'}"
            if faults
            else f"{options.folder}: no fault"
        )
    return 1 if faults else 0


def _painting_faults(folder: Path) -> list[str]:
    """Compare the painting of added patterns with their words."""
    from explorer.painting_check import faults

    atlas = load_atlas(data=folder)
    return [
        fault for pattern in atlas.dataset.patterns.values() if pattern.origin for fault in faults(atlas, pattern.id)
    ]


def _build(options: argparse.Namespace) -> None:
    from explorer.build.pipeline import STEPS, build, record_hashes

    for name in options.steps:
        if name not in STEPS:
            raise ExplorerError(unknown("step", name, STEPS))
    build(options.data, options.meshes, _show_progress, tuple(options.steps) or tuple(STEPS))
    record_hashes(options.meshes)


def _measure(options: argparse.Namespace) -> None:
    from explorer.build.measure import measure
    from explorer.build.measure_bones import measure_bones
    from explorer.build.pipeline import record_hashes

    for fault in measure(options.reference, options.meshes / "figures", _show_progress):
        print(fault, file=sys.stderr)
    measure_bones(options.reference, options.meshes / "figures", _show_progress)
    record_hashes(options.meshes)


def _compare(options: argparse.Namespace) -> None:
    from explorer.build.compare import compare, folder_hash, report

    fits, apart = compare(
        options.reference, options.meshes, lambda done, total: _show_progress("comparing", done, total)
    )
    page = report(fits, apart, folder_hash(options.reference))
    if options.out is None:
        print(page)
    else:
        options.out.write_text(page, encoding="utf-8")


def _show_progress(step: str, done: int, total: int) -> None:
    if not sys.stdout.isatty():
        if done == total:
            print(f"{step}: done", flush=True)
        return
    width = 30
    filled = width * done // total if total else width
    end = "\n" if done == total else ""
    print(f"\r{step:16} [{'#' * filled}{'.' * (width - filled)}] {done}/{total}", end=end, flush=True)


def _sheet(options: argparse.Namespace) -> None:
    from explorer.figures import BODY, HEAD, contact_sheet, pattern_panel

    atlas = load_atlas()
    wanted = options.patterns or list(atlas.dataset.patterns)
    panels = [pattern_panel(atlas, name) for name in wanted]
    contact_sheet(atlas.skin_mesh, panels, BODY if options.body else HEAD, options.out)
    print(f"{options.out}: {len(panels)} patterns")
