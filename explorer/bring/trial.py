"""Try the lite copy of BodyParts3D 3.0, measure it against the given registration, and write the table of the docs."""

from __future__ import annotations

import csv
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import trimesh

from explorer.anatomy.meshio import load_mesh
from explorer.bring.importing import CUT_MM, Progress, import_atlas
from explorer.bring.mend import spread
from explorer.bring.parts import known_parts
from explorer.bring.quality import surface_distance
from explorer.errors import ExplorerError

if TYPE_CHECKING:
    from explorer.atlas import Atlas

LITE = "BodyParts3D_3.0_lite_obj.zip"
START, END = "<!-- table: referred-pain atlas try -->", "<!-- end of table -->"


def trial(reference: Path, atlas: Atlas, progress: Progress) -> str:
    """Import the lite copy into a shelf of its own and compare it with the registered meshes.

    Parameters
    ----------
    reference : Path
        Folder with the zip, and with ``atlas/index.csv`` and its registered meshes.

    Returns
    -------
    str
        Markdown: a few lines and a table, worst first.
    """
    archive, index = reference / LITE, reference / "atlas" / "index.csv"
    if not archive.is_file() or not index.is_file():
        raise ExplorerError(f"{reference}: holds no {LITE}, or no atlas/index.csv; give the folder of the reference")
    with open(index, encoding="utf-8", newline="") as file:
        files = {row["fma"]: row["file"] for row in csv.DictReader(file)}
    wanted: dict[str, list[str]] = {}
    parts = known_parts(atlas.meshes)
    for name, own in parts.items():
        for part in own:
            if part.side != "right":
                wanted.setdefault(part.shape, []).append(name)
    with tempfile.TemporaryDirectory() as shelf:
        started = time.process_time()  # not the wall clock: others may use the machine
        kept, _ = import_atlas(archive, atlas, name="trial", shelf=Path(shelf), progress=progress)
        seconds = time.process_time() - started
        rows = []
        for shape, entry in kept.shapes.items():
            names = wanted[shape]
            alone = all(len(parts[name]) == 1 for name in names)
            distance = float("nan")
            left = kept.path("bones", shape) or kept.path("muscles", shape)
            # the reference has the left side and the midline; of a bone of both sides it has half
            if alone and all(name in files for name in names) and left is not None:
                theirs = [trimesh.load(reference / "atlas" / files[name], process=False) for name in names]
                joined = trimesh.util.concatenate(theirs)
                mesh = load_mesh(left)
                distance = surface_distance(
                    _above(mesh.vertices, mesh.faces), _above(np.asarray(joined.vertices), np.asarray(joined.faces))
                )
            for side, own in entry["sides"].items():
                rows.append((shape, side, own, distance if side != "right" else float("nan")))
        sides = _right_sides(kept.shapes, kept.folder)
        in_zip = {part.shape for own in parts.values() for part in own}
    return _page(rows, seconds, sides, len(in_zip), kept.record)


def _above(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The faces of a mesh that lie above the cut."""
    return vertices, faces[vertices[faces][:, :, 2].min(axis=1) > CUT_MM]


def _right_sides(shapes: dict[str, object], folder: Path) -> tuple[int, int]:
    """How many paired shapes lie on the side that they are said to lie on, and how many there are."""
    good = total = 0
    for place, sign in ((folder, 1.0), (folder / "right", -1.0)):
        for path in [*place.glob("muscles/*.npz"), *place.glob("bones/*.npz")]:
            if (folder / "right" / path.parent.name / path.name).is_file():
                mesh = load_mesh(path)
                total += 1
                good += bool(sign * spread(mesh.vertices, mesh.faces, 500)[0][:, 0].mean() > 0)
    return good, total


def _page(
    rows: list[tuple[str, str, dict[str, float], float]],
    seconds: float,
    sides: tuple[int, int],
    known: int,
    record: dict[str, object],
) -> str:
    distances = np.array([row[3] for row in rows if np.isfinite(row[3])])
    shape, side, least, _ = min(rows, key=lambda row: (row[2]["inside"], row[2]["least_mm"]))
    worst = max((row for row in rows if np.isfinite(row[3])), key=lambda row: row[3])
    lines = [
        START,
        f"- {len({row[0] for row in rows})} of {known} structures that the lite copy holds were laid into the body, {len(rows)} shapes on their sides; {sides[0]} of {sides[1]} paired shapes lie on the side of their name",
        f"- distance to the given registered reference (left side and midline, {len(distances)} shapes): median {np.median(distances):.2f} mm, worst {worst[3]:.2f} mm ({worst[0]})",
        f"- inside the skin: at least {100 * least['inside']:.1f} % of the vertices of every shape (least: {shape}, {side})",
        f"- the import took {'less than three minutes' if seconds < 180 else f'{seconds / 60:.1f} minutes'} of processor time on the machine of this trial",
        "",
        "| shape | side | to the reference mm | to ours mm | inside the skin | fit |",
        "|---|---|---|---|---|---|",
    ]
    for name, own_side, own, distance in sorted(
        rows, key=lambda row: (-(row[3] if np.isfinite(row[3]) else -1), row[0], row[1])
    ):
        to_reference = f"{distance:.2f}" if np.isfinite(distance) else ""
        lines.append(
            f"| {name} | {own_side} | {to_reference} | {own['mean_mm']:.2f} | {100 * own['inside']:.1f} % | {own['fit']} |"
        )
    return "\n".join([*lines, END])


def put_table(page: str, table: str) -> str:
    """A page with its table replaced.

    Raises
    ------
    ExplorerError
        When the page does not say where the table stands.
    """
    if START not in page or END not in page:
        raise ExplorerError(f"the page does not say where its table stands; put {START} and {END} into it")
    return re.sub(re.escape(START) + ".*?" + re.escape(END), lambda _: table, page, count=1, flags=re.DOTALL)
