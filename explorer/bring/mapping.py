"""The mapping table: which file is which structure of ours, on which side. Read one, or draft one for a person to finish."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.bring.parts import Part, fma_of, known_parts
from explorer.bring.reading import Entry, Source
from explorer.errors import DataError, ExplorerError, unknown

if TYPE_CHECKING:
    from explorer.atlas import Atlas

COLUMNS = ("file", "structure", "side")
SIDES = ("left", "right", "midline", "")
MOST_ROWS = 20_000
#: names at least so much alike are put into a draft
ALIKE = 0.82
_LEFT = re.compile(r"(?<![a-z])(left|sinister|sinistra|sinistrum|lt|l)(?![a-z])")
_RIGHT = re.compile(r"(?<![a-z])(right|dexter|dextra|dextrum|rt|r)(?![a-z])")
_IDLE = {"muscle", "musculus", "musculi", "m", "bone", "os", "part", "pars", "of", "the", "mesh", "segment", "set"}


def shapes_of(atlas: Atlas, structure: str) -> list[str]:
    """Ids of the muscles and bones that a structure of ours is made of; empty when it has no shape."""
    record = atlas.dataset.structures.get(structure)
    own = {*atlas.shape_ids("muscles"), *atlas.shape_ids("bones")}
    if record is not None and record.members:
        return [member for member in record.members if member in own]
    return [structure] if structure in own else []


def read_mapping(path: Path, atlas: Atlas, source: Source) -> list[Part]:
    """Read a mapping table.

    Returns
    -------
    list of Part
        Rows with a structure; a muscle of several parts becomes one row for each part.

    Raises
    ------
    DataError
        ``file:line:column`` and what is wrong.
    """
    try:
        text = path.read_bytes()[: 8 * 2**20].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: is not UTF-8 text; save the table as CSV in UTF-8") from None
    except OSError as error:
        raise ExplorerError(f"{path}: {error.strerror or error}; give the table with --map FILE") from None
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
        if missing:
            raise DataError(
                f"{path.name}:1: has no column {missing[0]!r}; the first line must name {', '.join(COLUMNS)}"
            )
        out: list[Part] = []
        files = _file_index(source)
        known = [*atlas.dataset.structures, *atlas.dataset.bones]
        for row in rows:
            where = f"{path.name}:{rows.line_num}"
            if rows.line_num > MOST_ROWS:
                raise DataError(f"{where}: has more than {MOST_ROWS} lines; shorten it")
            structure, side = (row["structure"] or "").strip(), (row["side"] or "").strip().lower()
            if not structure:
                continue
            shapes = shapes_of(atlas, structure)
            if not shapes:
                if structure in known:
                    raise DataError(
                        f"{where}:structure {structure!r} has no muscle or bone shape of ours; leave it empty"
                    )
                raise DataError(unknown("structure", structure, known, f"{where}:structure"))
            if side not in SIDES:
                raise DataError(unknown("side", side, SIDES[:3], f"{where}:side"))
            name = (row["file"] or "").strip()
            found = files.get(name.partition("#")[0])
            if found is None:
                raise DataError(unknown("file", name, [entry.name for entry in source.meshes], f"{where}:file"))
            tail = name.partition("#")
            out += [Part(found.name + tail[1] + tail[2], shape, side) for shape in shapes]
    except csv.Error as error:
        raise DataError(f"{path.name}:{rows.line_num}: is not a CSV table ({error})") from None
    if not out:
        raise DataError(f"{path.name}: names no structure; fill the column 'structure' of at least one line")
    return out


def _file_index(source: Source) -> dict[str, Entry]:
    """Files by path, by name and by name without ending, as far as that is clear."""
    out: dict[str, Entry] = {}
    doubtful: set[str] = set()
    for entry in source.meshes:
        short = entry.name.rpartition("/")[2]
        for name in {entry.name, short, entry.stem}:
            if name in out and name != entry.name:
                doubtful.add(name)
            out[name] = entry
    return {name: entry for name, entry in out.items() if name not in doubtful or name == entry.name}


def known_mapping(source: Source, meshes: Path) -> list[Part]:
    """The mapping of BodyParts3D 3.0, for the files that are there."""
    parts = known_parts(meshes)
    return [Part(entry.name, part.shape, part.side) for entry in source.meshes for part in parts.get(entry.stem, ())]


# --- a draft ----------------------------------------------------------------------------------------------------------


def listed_names(source: Source) -> dict[str, str]:
    """Names of parts by their id, from lists that lie beside the meshes (``FMA...`` and a name on a line)."""
    out: dict[str, str] = {}
    for entry in source.lists[:20]:
        for line in source.read(entry)[: 4 * 2**20].decode("utf-8", "replace").splitlines():
            words = re.split(r"[\t;,]", line.strip(), maxsplit=1)
            if len(words) == 2 and re.fullmatch(r"[A-Za-z]{1,5}\d+", words[0].strip()):
                out[words[0].strip()] = words[1].strip().strip('"')
    return out


def side_in(name: str) -> str:
    """The side that a name says, or nothing.

    >>> side_in("Left_masseter"), side_in("m. temporalis R"), side_in("hyoid")
    ('left', 'right', '')
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower().replace("_", " ").replace("-", " ").replace(".", " ")
    left, right = _LEFT.search(plain), _RIGHT.search(plain)
    return "left" if left and not right else "right" if right and not left else ""


def _plain(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    words = re.sub(r"fma[_ ]?\d+|\d{4,}", " ", words)
    words = _RIGHT.sub(" ", _LEFT.sub(" ", re.sub(r"[_\-.,()/]", " ", words)))
    return " ".join(sorted(word for word in words.split() if word not in _IDLE))


def _vocabulary(atlas: Atlas) -> dict[str, str]:
    """Plain form of a name -> structure or bone with a shape."""
    out: dict[str, str] = {}
    data = atlas.dataset
    for structure in data.structures.values():
        if shapes_of(atlas, structure.id):
            names = (
                structure.id,
                structure.name,
                structure.latin or structure.name,
                *(entry.name for entry in structure.names),
            )
            for name in names:
                out.setdefault(_plain(name), structure.id)
    for bone in data.bones.values():
        for name in (bone.id, bone.name, bone.latin or bone.name):
            out.setdefault(_plain(name), bone.id)
    out.pop("", None)
    return out


def draft(source: Source, atlas: Atlas, names: Iterable[str] | None = None) -> str:
    """A mapping table for a person to finish: by FMA id where there is one, else by name.

    Parameters
    ----------
    source : Source
    atlas : Atlas
        Ours.
    names : iterable of str, optional
        Files and parts of files to list; default: the files.

    Returns
    -------
    str
        CSV with ``file, structure, side, because``; what was not found has no structure.
    """
    parts, listed, words = known_parts(atlas.meshes), listed_names(source), _vocabulary(atlas)
    own_fma = {f"FMA{s.fma}": s.id for s in atlas.dataset.structures.values() if s.fma and shapes_of(atlas, s.id)}
    own_fma |= {f"FMA{b.fma}": b.id for b in atlas.dataset.bones.values() if b.fma}
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, "because"])
    for name in names or [entry.name for entry in source.meshes]:
        stem = name.rpartition("/")[2].partition("#")[2] or name.rpartition("/")[2].rpartition(".")[0]
        fma = fma_of(stem)
        title = listed.get(stem) or (listed.get(fma) if fma else None) or stem
        if stem in parts or (fma and fma in parts):
            for part in parts.get(stem) or parts.get(fma or "", []):
                writer.writerow([name, part.shape, part.side, f"part {part.file}"])
            continue
        if fma in own_fma:
            writer.writerow([name, own_fma[fma], side_in(title), f"FMA id {fma}"])
            continue
        plain = _plain(title)
        near = difflib.get_close_matches(plain, words, n=1, cutoff=ALIKE) if plain else []
        if near:
            share = difflib.SequenceMatcher(None, plain, near[0]).ratio()
            because = "same name" if share == 1 else f"name is {100 * share:.0f} % alike: please check"
            writer.writerow([name, words[near[0]], side_in(title), because])
        else:
            writer.writerow([name, "", side_in(title), f"not found: {title}" if title != stem else "not found"])
    return out.getvalue()
