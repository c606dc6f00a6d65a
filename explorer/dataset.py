"""Load the tables of a data folder into joined, immutable records."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from explorer import folders
from explorer.errors import DataError, unknown
from explorer.learning import Learning, join_learning
from explorer.records import (
    AnatomyFact,
    Area,
    AreaShape,
    Bone,
    DrawingStudy,
    Evidence,
    Family,
    Feature,
    Grade,
    LookAlike,
    OtherName,
    Pattern,
    PatternArea,
    PatternShape,
    PressCaution,
    RedFlag,
    Reference,
    Region,
    ShapePoint,
    Structure,
    TriggerPoint,
)
from explorer.schema import Descriptor, Report, Row, check_keys, read_descriptor, read_rows


@dataclass(frozen=True)
class Dataset:
    """All records of one data folder, in the order of the tables.

    Attributes
    ----------
    version : str
        Of the data, apart from the version of the code.
    structures, patterns, trigger_points, areas, references, grades, regions, families, bones : mapping by id
    area_shapes, pattern_shapes : tuple
    red_flags, look_alikes : tuple
    learning : Learning
        What the explaining pages say.
    authors : tuple of str
        Who made and compared the records, as ``datapackage.json`` names them.
    features, drawing_studies : mappings by id
    press_cautions : mapping by region
    texts : mapping language -> mapping id -> text
    """

    title: str
    version: str
    structures: MappingProxyType[str, Structure]
    patterns: MappingProxyType[str, Pattern]
    trigger_points: MappingProxyType[str, TriggerPoint]
    areas: MappingProxyType[str, Area]
    references: MappingProxyType[str, Reference]
    grades: MappingProxyType[str, Grade]
    regions: MappingProxyType[str, Region]
    families: MappingProxyType[str, Family]
    bones: MappingProxyType[str, Bone]
    area_shapes: tuple[AreaShape, ...]
    pattern_shapes: tuple[PatternShape, ...]
    red_flags: tuple[RedFlag, ...]
    look_alikes: tuple[LookAlike, ...]
    learning: Learning
    authors: tuple[str, ...]
    features: MappingProxyType[str, Feature]
    drawing_studies: MappingProxyType[str, DrawingStudy]
    press_cautions: MappingProxyType[str, PressCaution]
    texts: MappingProxyType[str, MappingProxyType[str, str]]

    def structure(self, structure_id: str) -> Structure:
        """The structure with this id.

        Raises
        ------
        DataError
            When there is none, with the nearest id.
        """
        try:
            return self.structures[structure_id]
        except KeyError:
            raise DataError(unknown("structure", str(structure_id), self.structures)) from None

    def pattern(self, pattern_id: str) -> Pattern:
        """The pattern with this id; raises DataError like :meth:`structure`."""
        try:
            return self.patterns[pattern_id]
        except KeyError:
            raise DataError(unknown("pattern", str(pattern_id), self.patterns)) from None


def read_tables(folder: Path, report: Report) -> tuple[Descriptor, dict[str, list[Row]]]:
    """Read every table of a folder, reporting each fault of cells and keys."""
    descriptor = read_descriptor(folder)
    rows = {name: read_rows(folder, table, report) for name, table in descriptor.tables.items()}
    check_keys(descriptor, rows, report)
    return descriptor, rows


def load_dataset(folder: Path = folders.DATA) -> Dataset:
    """Load a data folder.

    Raises
    ------
    DataError
        At the first fault, ``file:line:column what is wrong``; ``referred-pain check`` lists all of them.
    """

    def stop(fault: str) -> None:
        raise DataError(fault)

    descriptor, rows = read_tables(Path(folder), stop)
    return join(descriptor, rows)


def _grouped(rows: list[Row], column: str) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def _by_id(records: list[Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType({record.id: record for record in records})


def join(descriptor: Descriptor, rows: dict[str, list[Row]]) -> Dataset:
    """Make records of checked rows, leaves first."""
    references = {row["id"]: Reference(**row.values) for row in rows["references"]}

    def cited(record: Any, row: Row) -> Any:
        return record(**row.values, reference=references[row["reference_id"]])

    area_names = _grouped(rows["area_names"], "area_id")
    areas = [Area(**row.values, names=tuple(n["name"] for n in area_names[row["id"]])) for row in rows["areas"]]

    reached, evidence = _grouped(rows["pattern_areas"], "pattern_id"), _grouped(rows["evidence"], "pattern_id")
    patterns = [
        Pattern(
            **row.values,
            areas=tuple(PatternArea(**entry.values) for entry in reached[row["id"]]),
            evidence=tuple(cited(Evidence, entry) for entry in evidence[row["id"]]),
        )
        for row in rows["patterns"]
    ]
    own_patterns = defaultdict(list)
    for pattern in patterns:
        own_patterns[pattern.structure_id].append(pattern)

    trigger_points = [TriggerPoint(**row.values) for row in rows["trigger_points"]]
    own_points = defaultdict(list)
    for point in trigger_points:
        own_points[point.structure_id].append(point)

    names, anatomy = _grouped(rows["structure_names"], "structure_id"), _grouped(rows["muscle_anatomy"], "structure_id")
    members = _grouped(rows["structure_members"], "group_id")
    part_of = {entry["member_id"]: entry["group_id"] for own in members.values() for entry in own}
    structures = [
        Structure(
            **row.values,
            names=tuple(OtherName(**entry.values) for entry in names[row["id"]]),
            members=tuple(entry["member_id"] for entry in members[row["id"]]),
            part_of=part_of.get(row["id"]) if row["kind"] == "muscle_part" else None,
            anatomy=tuple(cited(AnatomyFact, entry) for entry in anatomy[row["id"]]),
            trigger_points=tuple(own_points[row["id"]]),
            patterns=tuple(own_patterns[row["id"]]),
        )
        for row in rows["structures"]
    ]

    def shapes(record: Any, table: str) -> tuple[Any, ...]:
        points = _grouped(rows[f"{table[:-1]}_points"], "shape_id")
        return tuple(
            record(
                **row.values,
                points=tuple(sorted((ShapePoint(**p.values) for p in points[row["id"]]), key=lambda p: p.point)),
            )
            for row in rows[table]
        )

    felt = _grouped(rows["look_alike_areas"], "look_alike_id")
    feature_words = _grouped(rows["feature_words"], "feature_id")
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows["texts"]:
        texts[row["language"]][row["id"]] = row["text"]

    return Dataset(
        title=descriptor.title,
        version=descriptor.version,
        structures=_by_id(structures),
        patterns=_by_id(patterns),
        trigger_points=_by_id(trigger_points),
        areas=_by_id(areas),
        references=MappingProxyType(references),
        grades=_by_id([Grade(**row.values) for row in rows["grades"]]),
        regions=_by_id([Region(**row.values) for row in rows["regions"]]),
        families=_by_id([Family(**row.values) for row in rows["families"]]),
        bones=_by_id([Bone(**row.values) for row in rows["bones"]]),
        area_shapes=shapes(AreaShape, "area_shapes"),
        pattern_shapes=shapes(PatternShape, "pattern_shapes"),
        red_flags=tuple(cited(RedFlag, row) for row in rows["red_flags"]),
        look_alikes=tuple(
            LookAlike(
                **row.values,
                reference=references[row["reference_id"]],
                areas=tuple(entry["area_id"] for entry in felt[row["id"]]),
            )
            for row in rows["look_alikes"]
        ),
        learning=join_learning(rows, references),
        authors=descriptor.authors,
        features=_by_id(
            [
                Feature(**row.values, words=tuple(entry["words"] for entry in feature_words[row["id"]]))
                for row in rows["features"]
            ]
        ),
        drawing_studies=_by_id([cited(DrawingStudy, row) for row in rows["drawing_studies"]]),
        press_cautions=MappingProxyType({row["region_id"]: cited(PressCaution, row) for row in rows["press_cautions"]}),
        texts=MappingProxyType({language: MappingProxyType(entries) for language, entries in texts.items()}),
    )
