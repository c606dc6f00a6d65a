"""The one error of this package: something a person gave cannot be used, and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ExplorerError(ValueError):
    """One line: what is wrong, where, what is allowed, how to mend it."""


class DataError(ExplorerError):
    """A table, a row or a cell that breaks a rule of the data."""


def unknown(what: str, found: str, allowed: Iterable[str], where: str = "") -> str:
    """Say that a word is not in a vocabulary, with the nearest one that is.

    >>> unknown("area", "tmple", ["temple", "chin"])
    "area 'tmple' is not known; did you mean 'temple'?"
    """
    choices = list(allowed)
    near = difflib.get_close_matches(found, choices, n=1, cutoff=0.5)
    if near:
        help_ = f"did you mean {near[0]!r}?"
    elif len(choices) <= 12:
        help_ = "allowed: " + ", ".join(choices)
    else:
        help_ = f"there are {len(choices)}, such as {choices[0]!r}"
    prefix = f"{where}: " if where else ""
    shown = found if len(found) <= 60 else found[:57] + "..."
    return f"{prefix}{what} {shown!r} is not known; {help_}"
