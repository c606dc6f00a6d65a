"""What the subcommands that write files have in common: whose data and whose shapes, and what their licences ask."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer import load_atlas

if TYPE_CHECKING:
    from explorer.atlas import Atlas

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_command(subparsers: Subparsers, name: str, run: Any, help_: str) -> argparse.ArgumentParser:
    """Add a subcommand that takes a user's own additions and own atlas."""
    out = subparsers.add_parser(name, help=help_, description=help_)
    out.set_defaults(run=run)
    out.add_argument(
        "--data",
        action="append",
        type=Path,
        metavar="DIR",
        help="folder of your own additions, shown beside ours and marked as yours; repeat for more",
    )
    out.add_argument("--atlas", metavar="NAME", help="take the shapes of an atlas that you imported")
    return out


def atlas_for(options: argparse.Namespace, what: str, variant: str = "average") -> Atlas:
    """The atlas that the options of :func:`add_command` name; what its licences ask of an export is printed.

    Parameters
    ----------
    options : argparse.Namespace
    what : {'picture', 'shapes'}
        What is passed on.
    variant : str
        The body.
    """
    atlas = load_atlas(data=options.data, variant=variant, atlas=options.atlas)
    for line in conditions(atlas, what):
        print(f"note: {line}", file=sys.stderr)
    return atlas


def conditions(atlas: Atlas, what: str) -> tuple[str, ...]:
    """What the licences of an own atlas ask of, or say against, an export; none for our own shapes."""
    from explorer.catalogue import CONDITIONS

    texts = atlas.dataset.texts["en"]
    return tuple(texts[CONDITIONS[name]] for name in atlas.breaches(what))


def own_credits(atlas: Atlas) -> tuple[str, ...]:
    """Lines of credit of an own atlas, all of which go along with its shapes and pictures of them."""
    name = atlas.own.name if atlas.own else ""
    return tuple(f"{name}: {credit.text} ({credit.licence})" for credit in atlas.credits())
