"""A user's own records beside ours: a folder of tables whose ids carry a namespace, such as ``clinic:calf_1``.

A folder of additions holds some of our tables with our columns (:data:`ADDABLE`) and no ``datapackage.json``:
ours describes it. New records have ids of one namespace; they may name ours (a pattern of our ``trapezius_upper``,
our areas, our references), and never change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from explorer import folders
from explorer.dataset import Dataset, join, read_tables
from explorer.errors import DataError
from explorer.records import origin
from explorer.schema import Descriptor, Report, Row, check_keys, read_rows

#: tables that can be added to, and the columns whose ids must be the user's own
ADDABLE: dict[str, tuple[str, ...]] = {
    "families": ("id",),
    "structures": ("id",),
    "structure_names": ("structure_id",),
    "muscle_anatomy": ("structure_id",),
    "trigger_points": ("id",),
    "areas": ("id",),
    "area_names": ("area_id",),
    "area_shapes": ("id", "area_id"),
    "area_shape_points": ("shape_id",),
    "references": ("id",),
    "patterns": ("id",),
    "pattern_areas": ("pattern_id",),
    "evidence": ("id", "pattern_id"),
    "pattern_shapes": ("id", "pattern_id"),
    "pattern_shape_points": ("shape_id",),
}
#: means something else in the names of painted layers
RESERVED = ("area",)


def is_additions(folder: Path) -> bool:
    """Whether a folder holds additions, and is not a whole data folder.

    Raises
    ------
    DataError
        When it holds neither.
    """
    if (folder / "datapackage.json").is_file():
        return False
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder, so no datapackage.json; give a folder that holds tables")
    if not any(folder.glob("*.csv")):
        raise DataError(
            f"{folder}: no datapackage.json and no table, such as patterns.csv, here; give a folder that holds the tables"
        )
    return True


def read_additions(folder: Path, ours: Descriptor, report: Report) -> dict[str, list[Row]]:
    """Read a folder of additions, reporting each fault of its files and ids with the folder's name before it.

    Returns
    -------
    dict of table to rows
        Only of tables that are there.
    """

    def told(fault: str) -> None:
        report(f"{folder.name}/{fault}")

    mine = replace(ours, folder=folder)
    out: dict[str, list[Row]] = {}
    for path in sorted(folder.glob("*.csv")):
        if path.stem in ADDABLE:
            out[path.stem] = read_rows(folder, mine.tables[path.stem], told)
        else:
            told(
                f"{path.name}: is not a table that can be added to; allowed: {', '.join(ADDABLE)}; rename or remove it"
            )
    namespaces: dict[str, str] = {}
    for table, rows in out.items():
        for row in rows:
            for column in ADDABLE[table]:
                where, found = f"{table}.csv:{row.line}:{column}", str(row[column])
                namespace = origin(found)
                if namespace is None:
                    told(
                        f"{where} {found!r} has no namespace; write the name of your own before it, such as 'clinic:{found}'"
                    )
                elif namespace in RESERVED:
                    told(
                        f"{where} the namespace {namespace!r} is kept for the program; choose another, such as 'clinic'"
                    )
                else:
                    namespaces.setdefault(namespace, where)
    if len(namespaces) > 1:
        (first, _), (second, where) = list(namespaces.items())[:2]
        told(f"{where} the namespace {second!r} is not that of the other rows ({first!r}); use one in a folder")
    return out


def merged(folder: Path, additions: Sequence[Path], report: Report) -> Dataset | None:
    """Our records and the additions together, or None when something was reported."""
    faults: list[str] = []

    def told(fault: str) -> None:
        faults.append(fault)
        report(fault)

    descriptor, rows = read_tables(folder, told)
    for addition in additions:
        added = read_additions(addition, descriptor, told)
        before = len(faults)
        rows = {name: [*own, *added.get(name, ())] for name, own in rows.items()}
        if before == 0:
            check_keys(descriptor, rows, lambda fault, name=addition.name: told(f"{name}/{fault}"))  # type: ignore[misc]
    return None if faults else join(descriptor, rows)


def load_data(data: Path | str | Iterable[Path | str] | None = None) -> Dataset:
    """Load our records, those of another data folder, or ours with additions.

    Parameters
    ----------
    data : path-like or several, optional
        A folder with a ``datapackage.json`` is loaded in place of ours; any other is added beside. Of several the
        first may be in place of ours.

    Raises
    ------
    DataError
        At the first fault, ``folder/file:line:column what is wrong``.
    """
    given = [] if data is None else [data] if isinstance(data, str | Path) else list(data)
    paths = [Path(entry) for entry in given]
    base = folders.DATA
    if paths and not is_additions(paths[0]):
        base = paths.pop(0)
    for path in paths:
        if not is_additions(path):
            raise DataError(f"{path}: holds a datapackage.json; a whole data folder must be the first one given")

    def stop(fault: str) -> None:
        raise DataError(fault)

    out = merged(base, paths, stop)
    assert out is not None  # stop raises
    return out
