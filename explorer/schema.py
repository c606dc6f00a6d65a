"""Read the tables as their descriptor (``datapackage.json``) says: the descriptor is the only schema."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from explorer.errors import DataError, unknown

Value = str | int | float | bool | datetime.date | None
#: no cell of a curated table is longer; a hostile file stops here
LONGEST_CELL = 20_000
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Field:
    """One column."""

    name: str
    type: str
    description: str
    required: bool = False
    unique: bool = False
    enum: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    minimum: float | None = None
    maximum: float | None = None

    def parse(self, text: str) -> Value:
        """Turn a cell into a value; an empty cell is None.

        Raises
        ------
        DataError
            What is wrong with the cell and what is allowed, without the place.
        """
        if text == "":
            if self.required:
                raise DataError(f"is empty; a value is required ({self.description})")
            return None
        if len(text) > LONGEST_CELL:
            raise DataError(f"holds {len(text)} characters; at most {LONGEST_CELL} are allowed")
        if text != text.strip():
            raise DataError(f"{text[:40]!r} begins or ends with a space; remove it")
        value = self._typed(text)
        if self.enum and text not in self.enum:
            raise DataError(unknown("value", text, self.enum))
        if self.pattern and not self.pattern.fullmatch(text):
            raise DataError(f"{text[:60]!r} does not have the form {self.pattern.pattern}")
        if isinstance(value, int | float) and not isinstance(value, bool):
            if self.minimum is not None and value < self.minimum:
                raise DataError(f"{text} is below the least allowed value {self.minimum:g}")
            if self.maximum is not None and value > self.maximum:
                raise DataError(f"{text} is above the greatest allowed value {self.maximum:g}")
        return value

    def _typed(self, text: str) -> Value:
        if self.type == "string":
            if any(
                ord(letter) < 32 or 0x202A <= ord(letter) <= 0x202E or 0x2066 <= ord(letter) <= 0x2069
                for letter in text
            ):
                raise DataError("holds control characters; use plain text on one line")
            return text
        try:
            if self.type == "integer":
                return int(text)
            if self.type == "number":
                number = float(text)
                if number - number != 0:
                    raise ValueError
                return number
            if self.type == "date":
                return datetime.date.fromisoformat(text)
        except ValueError:
            raise DataError(f"{text[:40]!r} is not a {self.type}") from None
        if self.type == "boolean":
            if text not in ("true", "false"):
                raise DataError(f"{text[:40]!r} is not a boolean; allowed: true, false")
            return text == "true"
        raise DataError(f"datapackage.json gives the column {self.name!r} the unknown type {self.type!r}")


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A column whose values stand in a column of another table."""

    column: str
    table: str
    target: str


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file and its columns."""

    name: str
    path: str
    title: str
    description: str
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.fields)


@dataclass(frozen=True, slots=True)
class Row:
    """One parsed row and where it stands."""

    table: str
    line: int
    values: dict[str, Any] = field(hash=False)

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


@dataclass(frozen=True)
class Descriptor:
    """``datapackage.json``: the tables of a data folder."""

    folder: Path
    title: str
    version: str
    tables: dict[str, Table]
    authors: tuple[str, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(self.tables)


def read_descriptor(folder: Path) -> Descriptor:
    """Read ``datapackage.json`` of a folder.

    Raises
    ------
    DataError
        When the folder or the file is missing or is not a descriptor.
    """
    path = folder / "datapackage.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        tables = {resource["name"]: _table(resource) for resource in content["resources"]}
        authors = tuple(entry["title"] for entry in content.get("contributors", ()))
        return Descriptor(folder, content["title"], content["version"], tables, authors)
    except FileNotFoundError:
        raise DataError(f"{folder}: no datapackage.json here; give a folder that holds the tables") from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a data package descriptor ({type(error).__name__}: {error})") from None


def _table(resource: dict[str, Any]) -> Table:
    schema = resource["schema"]
    return Table(
        resource["name"],
        resource["path"],
        resource["title"],
        resource["description"],
        tuple(_field(entry) for entry in schema["fields"]),
        tuple(schema["primaryKey"]),
        tuple(
            ForeignKey(key["fields"][0], key["reference"]["resource"], key["reference"]["fields"][0])
            for key in schema.get("foreignKeys", ())
        ),
    )


def _field(entry: dict[str, Any]) -> Field:
    limits = entry.get("constraints", {})
    pattern = limits.get("pattern")
    return Field(
        entry["name"],
        entry["type"],
        entry["description"],
        limits.get("required", False),
        limits.get("unique", False),
        tuple(limits.get("enum", ())),
        re.compile(pattern) if pattern else None,
        limits.get("minimum"),
        limits.get("maximum"),
    )


def read_rows(folder: Path, table: Table, report: Report) -> list[Row]:
    """Read one table; what cannot be read is reported, the rest is returned.

    Parameters
    ----------
    folder : Path
    table : Table
    report : callable
        Gets one line for each fault, ``file:line:column what is wrong``. A loader raises in it, a checker collects.
    """
    path = folder / table.path
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return list(_rows(file, table, report))
    except FileNotFoundError:
        report(f"{table.path}: the file is missing from {folder}")
    except UnicodeDecodeError as error:
        report(f"{table.path}: not UTF-8 at byte {error.start}; save the table as UTF-8")
    except csv.Error as error:
        report(f"{table.path}: not a CSV table ({error})")
    return []


def _rows(file: Any, table: Table, report: Report) -> Iterator[Row]:
    reader = csv.reader(file, strict=True)
    header = next(reader, [])
    if tuple(header) != table.columns:
        missing = [name for name in table.columns if name not in header]
        extra = [name for name in header if name not in table.columns]
        detail = "; ".join(
            part
            for part in (
                f"missing: {', '.join(missing)}" if missing else "",
                f"not in the descriptor: {', '.join(name[:30] for name in extra[:5])}" if extra else "",
            )
            if part
        )
        report(f"{table.path}:1: the columns are not those of datapackage.json ({detail or 'wrong order'})")
        return
    for cells in reader:
        line = reader.line_num
        if len(cells) != len(table.fields):
            report(f"{table.path}:{line}: {len(cells)} cells, {len(table.fields)} are expected; is a comma not quoted?")
            continue
        values: dict[str, Value] = {}
        for column, text in zip(table.fields, cells, strict=True):
            try:
                values[column.name] = column.parse(text)
            except DataError as error:
                report(f"{table.path}:{line}:{column.name} {error}")
        if len(values) == len(cells):
            yield Row(table.name, line, values)


def check_keys(descriptor: Descriptor, rows: dict[str, list[Row]], report: Report) -> None:
    """Report repeated keys and references that lead nowhere."""
    for table in descriptor.tables.values():
        seen: dict[tuple[Value, ...], int] = {}
        for row in rows[table.name]:
            key = tuple(row[name] for name in table.primary_key)
            if key in seen:
                report(
                    f"{table.path}:{row.line}:{table.primary_key[0]} repeats the key {key} of line {seen[key]}; remove one"
                )
            seen.setdefault(key, row.line)
        for link in table.foreign_keys:
            allowed = {row[link.target] for row in rows[link.table]}
            for row in rows[table.name]:
                value = row[link.column]
                if value is not None and value not in allowed:
                    where = f"{table.path}:{row.line}:{link.column}"
                    names = sorted(str(entry) for entry in allowed)
                    report(f"{where} " + unknown(f"entry of {descriptor.tables[link.table].path}", str(value), names))
