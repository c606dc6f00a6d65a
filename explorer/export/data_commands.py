"""The subcommands ``export`` and ``figure``; what they need is imported when they run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.errors import ExplorerError
from explorer.export.options import add_command, atlas_for

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

SIDES = ("left", "right", "both")
BODIES = ("average", "male", "female", "older")


def add_export(subparsers: Subparsers) -> None:
    """``referred-pain export shapes`` and ``export patterns``."""
    help_ = "write shapes (GLB, PLY, STL) or patterns (CSV, JSON) for use elsewhere"
    kinds = subparsers.add_parser("export", help=help_, description=help_).add_subparsers(required=True, metavar="WHAT")
    shapes = add_command(kinds, "shapes", _shapes, "write the shapes of chosen structures, with the painted skin")
    shapes.add_argument("structures", nargs="+", metavar="STRUCTURE", help="structure id, such as trapezius_upper")
    shapes.add_argument("--side", choices=SIDES, default="left", help="side of the structures (default: %(default)s)")
    shapes.add_argument("--body", choices=BODIES, default="average", help="whose body (default: %(default)s)")
    shapes.add_argument("--format", choices=("glb", "ply", "stl"), help="default: by the ending of --out")
    shapes.add_argument("--no-skin", action="store_true", help="leave the skin and its painting out")
    shapes.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
    patterns = add_command(
        kinds, "patterns", _patterns, "write the patterns as one table, or as JSON with everything known"
    )
    patterns.add_argument("structures", nargs="*", metavar="STRUCTURE", help="structure ids (default: all)")
    patterns.add_argument("--format", choices=("csv", "json"), help="default: by the ending of --out, else csv")
    patterns.add_argument("--out", type=Path, metavar="FILE", help="file to write (default: print it)")


def _kind(given: str | None, out: Path, allowed: tuple[str, ...]) -> str:
    kind = given or out.suffix.lower().removeprefix(".")
    if kind not in allowed:
        endings = ", ".join(f".{name}" for name in allowed)
        raise ExplorerError(f"{out}: its ending is none of {endings}; give one of them, or --format")
    return kind


def _shapes(options: argparse.Namespace) -> None:
    from explorer.export.shapes import FORMATS, write_shapes

    kind = _kind(options.format, options.out, FORMATS)
    atlas = atlas_for(options, "shapes", options.body)
    written = write_shapes(
        atlas, options.structures, options.out, side=options.side, kind=kind, skin=not options.no_skin
    )
    for path in written:
        print(f"{path}: written ({path.stat().st_size / 1e6:.2f} MB)")
    if kind == "stl":
        print("STL keeps no colours: the painting is not in it; take glb or ply for that", file=sys.stderr)


def _patterns(options: argparse.Namespace) -> None:
    from explorer.export.patterns import FORMATS, patterns_text
    from explorer.export.whole import whole_file

    kind = _kind(options.format, options.out, FORMATS) if options.out else options.format or "csv"
    text = patterns_text(atlas_for(options, "shapes"), options.structures, kind)
    if options.out is None:
        print(text, end="")
        return
    with whole_file(options.out) as part:
        part.write_text(text, encoding="utf-8")
    print(f"{options.out}: written ({options.out.stat().st_size / 1e6:.2f} MB)")


def add_figure(subparsers: Subparsers) -> None:
    """``referred-pain figure``: a figure for a paper."""
    out = add_command(
        subparsers, "figure", _figure, "draw a figure for a paper: views, chart, legend, scale and caption"
    )
    out.add_argument("structures", nargs="+", metavar="STRUCTURE", help="structure id, such as trapezius_upper")
    out.add_argument("--pattern", metavar="ID", help="one pattern of a chosen structure (default: all)")
    out.add_argument("--side", choices=SIDES, default="left", help="side of the structures (default: %(default)s)")
    out.add_argument("--body", choices=BODIES, default="average", help="whose body (default: %(default)s)")
    out.add_argument(
        "--view",
        action="append",
        default=[],
        metavar="VIEW",
        help="three_quarter, front, left, right, back or top; repeat for more (default: those that show most)",
    )
    out.add_argument("--dpi", type=int, default=300, help="pixels an inch (default: %(default)s)")
    out.add_argument("--width-mm", type=float, default=170, help="width of the figure (default: %(default)s mm)")
    out.add_argument("--no-caption", action="store_true", help="print the caption instead of drawing it")
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help="PNG or SVG file to write")


def _figure(options: argparse.Namespace) -> None:
    from explorer.export.figure import FORMATS, write_figure

    kind = _kind(None, options.out, FORMATS)
    atlas = atlas_for(options, "picture", options.body)
    caption = write_figure(
        atlas,
        options.structures,
        options.out,
        kind=kind,
        side=options.side,
        pattern=options.pattern,
        views=options.view,
        dpi=options.dpi,
        width_mm=options.width_mm,
        caption=not options.no_caption,
    )
    print(f"{options.out}: written")
    if options.no_caption:
        print(caption)
