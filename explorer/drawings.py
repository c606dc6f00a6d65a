"""Drawings of pain as files: one drawing as JSON, thousands as a table that is read and matched as a stream.

Format of one drawing (JSON, the browser writes and reads the same), see ``docs/matching.md``::

    {"format": "referred-pain-drawing", "version": 1, "frame": "LPS", "unit": "mm", "body": "default",
     "topology": "<SHA-256 of the skin's triangles>", "vertex_count": 38797,
     "areas": [{"area": "orbit_deep", "side": "left"}],
     "vertex": [812, ...], "weight_255": [255, ...], "xyz_mm": [[71.2, -12.0, 40.1], ...]}
"""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import DataError, ExplorerError, unknown
from explorer.matching import Match, Place
from explorer.records import SIDES

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]
Json = dict[str, Any]
Progress = Callable[[str, int, int], None]

FORMAT = "referred-pain-drawing"
VERSION = 1
#: greatest distance of a vertex in a file from the same vertex of the skin, mm
TOLERANCE_MM = 1.0
#: columns of a table of drawings; a row is one area or one vertex of one drawing
COLUMNS = ("drawing", "area", "side", "vertex", "weight")
RESULT_COLUMNS = (
    "drawing",
    "rank",
    "pattern",
    "structure",
    "side",
    "score",
    "grade",
    "status",
    "members",
    "core_mm2",
    "spillover_mm2",
    "missed_mm2",
    "added_mm2",
)
#: a drawing in a table has no more rows; a hostile file stops here
MOST_ROWS = 100_000
#: rows of a Parquet table that are held at a time
_BATCH = 8192


@dataclass(frozen=True)
class Drawing:
    """Pain drawn on the body.

    Attributes
    ----------
    areas : tuple of (area id, side)
        Chosen by name.
    weights : (n,) float or None
        Painted on the vertices of the skin, 0..1.
    """

    areas: tuple[Place, ...] = ()
    weights: Floats | None = None


def drawing_to_json(atlas: Atlas, drawing: Drawing) -> str:
    """Write a drawing; weights are kept as bytes.

    Raises
    ------
    DataError
        When the drawing is empty or does not belong to the atlas.
    """
    atlas.scorer.sketch(drawing.areas, drawing.weights)
    skin = atlas.skin_mesh
    value = np.zeros(len(skin.vertices), int)
    if drawing.weights is not None:
        value = np.round(255 * atlas.scorer.check_weights(drawing.weights)).astype(int)
    vertex = np.flatnonzero(value)
    return (
        json.dumps(
            {
                "format": FORMAT,
                "version": VERSION,
                "frame": "LPS",
                "unit": "mm",
                "body": atlas.name,
                "topology": atlas.pattern_weights.topology,
                "vertex_count": len(value),
                "areas": [{"area": area, "side": side} for area, side in drawing.areas],
                "vertex": vertex.tolist(),
                "weight_255": value[vertex].tolist(),
                "xyz_mm": skin.vertices[vertex].round(2).tolist(),
            }
        )
        + "\n"
    )


def read_drawing(atlas: Atlas, path: Path) -> Drawing:
    """Read a drawing that the browser or :func:`drawing_to_json` wrote.

    Raises
    ------
    DataError
        For anything but a drawing on this very skin, with the reason.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise DataError(f"{path}: not UTF-8 text; give a drawing saved as JSON") from None
    try:
        return drawing_from_json(atlas, text)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def drawing_from_json(atlas: Atlas, text: str) -> Drawing:
    """A drawing of its JSON text; see :func:`read_drawing`."""
    try:
        file = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"not JSON ({error}); give a drawing saved by the explorer") from None
    if not isinstance(file, dict) or file.get("format") != FORMAT or file.get("version") != VERSION:
        raise DataError(f"format: not {FORMAT!r} version {VERSION}; give a drawing saved by the explorer")
    if file.get("frame") != "LPS" or file.get("unit") != "mm":
        raise DataError(
            f"frame: {str(file.get('frame'))[:20]} in {str(file.get('unit'))[:20]}; only LPS in mm is read (x left, y back, z up)"
        )
    if file.get("body") != atlas.name:
        raise DataError(f"body: drawn on {str(file.get('body'))[:40]!r}, this atlas has {atlas.name!r}; load that body")
    topology = atlas.pattern_weights.topology
    if file.get("topology") != topology:
        raise DataError(f"topology: drawn on another mesh; this skin is {topology[:12]}...")
    weights = _read_weights(atlas, file)
    areas = _read_areas(atlas, file.get("areas", []))
    atlas.scorer.sketch(areas, weights)  # refuses an empty one
    return Drawing(areas, weights)


def _read_weights(atlas: Atlas, file: Json) -> Floats | None:
    lists = [file.get(name, []) for name in ("vertex", "weight_255", "xyz_mm")]
    if any(not isinstance(part, list) for part in lists) or len({len(part) for part in lists}) > 1:
        raise DataError(
            "vertex, weight_255 and xyz_mm: not lists of one length; give one entry of each for a painted vertex"
        )
    vertices = atlas.skin_mesh.vertices
    out = np.zeros(len(vertices))
    for vertex, weight, xyz in zip(*lists, strict=True):
        if type(vertex) is not int or not 0 <= vertex < len(vertices):
            raise DataError(f"vertex: {str(vertex)[:20]} is not one of the {len(vertices)} vertices of this skin")
        if type(weight) is not int or not 1 <= weight <= 255:
            raise DataError(
                f"weight_255: {str(weight)[:20]} at vertex {vertex}; only whole numbers from 1 to 255 are allowed"
            )
        point = np.array(
            [value if type(value) in (int, float) else math.nan for value in xyz] if isinstance(xyz, list) else []
        )
        if point.shape != (3,) or not np.linalg.norm(point - vertices[vertex]) <= TOLERANCE_MM:
            raise DataError(_misplaced(vertex, point, vertices[vertex]))
        out[vertex] = weight / 255
    return out if lists[0] else None


def _misplaced(vertex: int, point: Floats, own: Floats) -> str:
    """Say how a vertex of a file differs from the skin."""
    if point.shape != (3,) or not np.isfinite(point).all():
        return f"xyz_mm: vertex {vertex} has no place; give three numbers in mm"
    hint = "another body or another frame"
    if np.linalg.norm(point * [-1, -1, 1] - own) <= TOLERANCE_MM:
        hint = "it looks like RAS; change the signs of x and y to get LPS"
    elif np.linalg.norm(point * 10 - own) <= TOLERANCE_MM * 10:
        hint = "it looks like centimetres; multiply by 10"
    elif np.linalg.norm(point * 1000 - own) <= TOLERANCE_MM * 1000:
        hint = "it looks like metres; multiply by 1000"
    return f"xyz_mm: vertex {vertex} lies at {point.round(1).tolist()}, this skin has it at {own.round(1).tolist()} mm, LPS: {hint}"


def _read_areas(atlas: Atlas, areas: Any) -> tuple[Place, ...]:
    if not isinstance(areas, list):
        raise DataError("areas: not a list; give entries such as {'area': 'temple_mid', 'side': 'left'}")
    out = []
    for entry in areas:
        area, side = (entry.get("area"), entry.get("side")) if isinstance(entry, dict) else (entry, None)
        if area not in atlas.dataset.areas:
            raise DataError(unknown("area", str(area), atlas.dataset.areas))
        if side not in SIDES:
            raise DataError(unknown("side", str(side), SIDES, where=f"area {area}"))
        out.append((str(area), str(side)))
    return tuple(out)


# --- many drawings ----------------------------------------------------------------------------------------------


def _csv_rows(path: Path, progress: Progress | None) -> Iterator[tuple[int, dict[str, str]]]:
    total, read = path.stat().st_size, 0
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            _check_header(path, header)
            for number, cells in enumerate(reader, start=2):
                if len(cells) != len(header):
                    raise DataError(
                        f"{path}:{number}: {len(cells)} cells, the header has {len(header)}; fill each column"
                    )
                if progress and number % 50_000 == 0:
                    progress("match", min(read, total), total)
                read += sum(map(len, cells)) + len(cells)
                yield number, dict(zip(header, cells, strict=True))
        except csv.Error as error:
            raise DataError(f"{path}:{reader.line_num}: not CSV ({error})") from None
        except UnicodeDecodeError:
            raise DataError(f"{path}: not UTF-8 text; save the table as CSV in UTF-8") from None


def _parquet_rows(path: Path, progress: Progress | None) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ExplorerError(
            f"{path}: Parquet is read only where pyarrow is installed; pip install 'referred-pain-explorer[parquet]', or give a CSV"
        ) from None
    from pyarrow import ArrowException

    try:
        file = parquet.ParquetFile(path)
        _check_header(path, file.schema_arrow.names)
        number = 1
        for batch in file.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield number, {name: _cell(value, name) for name, value in row.items()}
            if progress:
                progress("match", number - 1, file.metadata.num_rows + 1)  # the last step is the writing
    except FileNotFoundError:
        raise
    except (ArrowException, OSError) as error:
        reason = " ".join(str(error).split())[:160]
        raise DataError(f"{path}: not Parquet that can be read ({reason}); write it anew, or give a CSV") from None


def _cell(value: object, column: str) -> str:
    """A value of a Parquet table as a CSV would hold it: tables of floats have NaN for nothing, and 812.0 for 812.

    A weight that is NaN stays one and is refused: an empty weight means 1, and a failed calculation must not.
    """
    if value is None or (isinstance(value, float) and math.isnan(value) and column != "weight"):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _check_header(path: Path, header: Sequence[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise DataError(unknown("column", name, COLUMNS, where=f"{path}:1"))
    if "drawing" not in header or not ({"area", "side"} <= set(header) or "vertex" in header):
        raise DataError(
            f"{path}:1: the columns must be drawing, and area and side, or vertex (and weight), or all of them"
        )


def read_table(atlas: Atlas, path: Path, progress: Progress | None = None) -> Iterator[tuple[str, Drawing]]:
    """Read a table of drawings one after the other; rows of one drawing stand together.

    Parameters
    ----------
    atlas : Atlas
    path : Path
        CSV, or Parquet where pyarrow is installed, with the columns :data:`COLUMNS`. A row names an area and a side,
        or a vertex of the skin and its weight 0..1 (1 when empty).
    progress : callable, optional

    Yields
    ------
    (str, Drawing)

    Raises
    ------
    DataError
        At the first fault, ``file:line what is wrong``.
    """
    rows = (_parquet_rows if path.suffix == ".parquet" else _csv_rows)(path, progress)
    count = atlas.scorer.vertex_count
    seen: set[int] = set()  # hashes, not names: memory stays small as the file grows
    for name, own in itertools.groupby(rows, key=lambda row: row[1]["drawing"]):
        areas: list[Place] = []
        weights: Floats | None = None
        first = None
        for used, (number, row) in enumerate(own):
            first = first or number
            where = f"{path}:{number}"
            if not name:
                raise DataError(f"{where}:drawing is empty; give each drawing an id")
            if used >= MOST_ROWS:
                raise DataError(f"{where}: drawing {name[:40]!r} has more than {MOST_ROWS} rows")
            area, vertex = row.get("area", ""), row.get("vertex", "")
            if bool(area) == bool(vertex):
                raise DataError(f"{where}: fill either area and side, or vertex")
            if area:
                if area not in atlas.dataset.areas:
                    raise DataError(unknown("area", area, atlas.dataset.areas, where=where))
                if row["side"] not in SIDES:
                    raise DataError(unknown("side", row["side"], SIDES, where=where))
                areas.append((area, row["side"]))
                continue
            place = int(vertex) if vertex.isascii() and vertex.isdigit() and len(vertex) < 8 else -1
            if not 0 <= place < count:
                raise DataError(
                    f"{where}:vertex {vertex[:20]!r} is not one of the {count} vertices of this skin (0 to {count - 1})"
                )
            if weights is None:
                weights = np.zeros(count)
            weights[place] = _weight(row.get("weight", ""), where)
        if hash(name) in seen:
            raise DataError(f"{path}:{first}: drawing {name[:40]!r} stands in two places; sort the table by drawing")
        seen.add(hash(name))
        yield name, Drawing(tuple(areas), weights)


def _weight(text: str, where: str) -> float:
    if not text:
        return 1.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 <= value <= 1.0:
        raise DataError(f"{where}:weight {text[:20]!r} is not a number from 0 to 1")
    return value


def match_table(
    atlas: Atlas, source: Path, target: Path, limit: int = 10, progress: Progress | None = None
) -> tuple[int, int]:
    """Match a table of drawings and write one row for each drawing and candidate, as CSV.

    Parameters
    ----------
    atlas : Atlas
    source : Path
        See :func:`read_table`.
    target : Path
        Written beside its place and moved there when all is done.
    limit : int
        Candidates for each drawing; 0 keeps all.
    progress : callable, optional

    Returns
    -------
    (int, int)
        Drawings and rows written.
    """
    if target.resolve() == source.resolve():
        raise DataError(f"{target}: the result would overwrite the drawings; give another file with --out")
    if target.suffix == ".parquet":
        raise DataError(f"{target}: results are written as CSV; give a name that ends in .csv")
    part = target.with_name(target.name + ".part")
    drawings = rows = 0
    try:
        with open(part, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(RESULT_COLUMNS)
            for name, drawing in read_table(atlas, source, progress):
                try:
                    sketch = atlas.scorer.sketch(drawing.areas, drawing.weights)
                except DataError as error:
                    raise DataError(f"{source}: drawing {name[:40]!r}: {error}") from None
                found = atlas.scorer.rank([sketch], limit=limit or None)
                writer.writerows(_result(name, match) for match in found)
                drawings, rows = drawings + 1, rows + len(found)
        if not drawings:
            raise DataError(f"{source}: holds no drawing; give at least one row")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    if progress:
        progress("match", 1, 1)
    return drawings, rows


def _result(name: str, match: Match) -> Iterable[object]:
    return (
        name,
        match.rank,
        match.pattern,
        match.structure,
        match.side,
        f"{match.score:.6f}",
        match.grade,
        match.status,
        " ".join(match.members),
        f"{match.core_mm2:.1f}",
        f"{match.spillover_mm2:.1f}",
        f"{match.missed_mm2:.1f}",
        f"{match.added_mm2:.1f}",
    )
