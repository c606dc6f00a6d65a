"""The subcommands that write what is taken home; what they need is imported when they run."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.export.handout import PAPERS, SIDES, HandoutRequest, link_to
from explorer.export.options import add_command, atlas_for

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Let a request to end take its way through the code, so that what is half written is taken away."""
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def add_handout(subparsers: Subparsers) -> None:
    """``referred-pain handout``: a PDF page or one HTML file for chosen structures."""
    out = add_command(
        subparsers, "handout", _handout, "write a hand-out about chosen structures: a PDF page or one HTML file"
    )
    out.add_argument("structures", nargs="+", metavar="STRUCTURE", help="structure id, such as trapezius_upper")
    out.add_argument("--side", choices=SIDES, default="left", help="side of the structures (default: %(default)s)")
    out.add_argument(
        "--format", choices=("pdf", "html"), help="default: by the ending of --out; html holds the 3D view itself"
    )
    out.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
    out.add_argument("--paper", choices=PAPERS, default="a4", help="page to print on (default: %(default)s)")
    out.add_argument("--clinic", default="", help="name that stands at the top")
    out.add_argument("--note", default="", help="a note in your own words; goes into the file and nowhere else")
    out.add_argument(
        "--link",
        metavar="ADDRESS",
        help="where the explorer is served, such as https://example.org/pain/; adds a link and a QR code",
    )


def _handout(options: argparse.Namespace) -> None:
    from explorer.errors import ExplorerError

    kind = options.format or options.out.suffix.lower().removeprefix(".")
    if kind not in ("pdf", "html"):
        raise ExplorerError(f"{options.out}: ends in neither .pdf nor .html; give --format pdf or --format html")
    atlas = atlas_for(options, "shapes" if kind == "html" else "picture")
    structures = tuple(options.structures)
    request = HandoutRequest(
        structures=structures,
        side=options.side,
        clinic=options.clinic,
        note=options.note,
        paper=options.paper,
        link=link_to(options.link, structures, options.side) if options.link else None,
    )
    if kind == "html":
        from explorer.export.handout_html import write_html

        with _tidy_end():
            write_html(atlas, request, options.out)
    else:
        from explorer.export.handout_pdf import write_pdf

        with _tidy_end():
            write_pdf(atlas, request, options.out)
    print(f"{options.out}: written ({options.out.stat().st_size / 1e6:.2f} MB)")


def add_export_site(subparsers: Subparsers) -> None:
    """``referred-pain export-site``: the whole explorer as plain files."""
    out = add_command(
        subparsers, "export-site", _export_site, "write the whole explorer as plain files for any web server"
    )
    out.add_argument(
        "folder", type=Path, metavar="DIR", help="folder to write; it must not exist, or be an older export"
    )


def _export_site(options: argparse.Namespace) -> None:
    from explorer.export.site import export_site

    with _tidy_end():
        done = export_site(atlas_for(options, "shapes"), options.folder)
    print(f"{options.folder}: {done.files} files, {done.bytes / 1e6:.2f} MB, {done.packed / 1e6:.2f} MB compressed")
