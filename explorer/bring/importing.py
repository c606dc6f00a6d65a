"""Import an atlas: read, check, mend, lay into our frame, report, and put on the shelf whole.

What each long step found is kept in a work folder, so that an import that was stopped goes on where it was. The shelf
gets the atlas by a single renaming at the end.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer import shelf as shelves
from explorer.anatomy.enclosure import Enclosure, outer_skin
from explorer.anatomy.meshio import Mesh, save_mesh
from explorer.anatomy.variant import Spline
from explorer.bring import checks
from explorer.bring.carry import fibres_from, keep_inside, place_inside
from explorer.bring.fit import Key, Warp, fit
from explorer.bring.formats import read_meshes
from explorer.bring.mapping import known_mapping, read_mapping
from explorer.bring.mend import cut, mend, spread, thin, volume
from explorer.bring.parts import CREDITS_3, Part, is_bodyparts3d, release
from explorer.bring.reading import Entry, Source, open_source
from explorer.errors import ExplorerError
from explorer.shelf import Kept

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Shape = tuple[Floats, Ints]
#: gets the name of a step, how much is done, and of how much
Progress = Callable[[str, int, int], None]

#: the budget of the view: a shape may have so many times the triangles of ours, and so many in any case
TIMES_OURS, LEAST_FACES = 1.2, 1500
#: while being laid a shape keeps so many times that
_FINER = 1.5
#: our body ends here; what goes on below is cut a little above, mm
BOTTOM_MM, CUT_MM = -503.0, -494.0
#: raised when an import would give another result
RECIPE = 4
#: a laid shape farther from ours than this on the mean is left out, and ours stays, mm
TOO_FAR_MM = 12.0


@dataclass
class Piece:
    """One mesh of the atlas, mended, in the unit of its file."""

    vertices: Floats
    faces: Ints
    notes: list[str]


@dataclass
class Laid:
    """Everything about an atlas while it is imported."""

    source: Source
    atlas: Atlas
    parts: list[Part]
    layout: str
    notes: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)


def import_atlas(
    path: Path,
    atlas: Atlas,
    *,
    mapping: Path | None = None,
    name: str | None = None,
    credit: str | None = None,
    licence: str | None = None,
    shelf: Path | None = None,
    progress: Progress = lambda step, done, total: None,
) -> tuple[Kept, bool]:
    """Import an atlas and put it on the shelf.

    Parameters
    ----------
    path : Path
        Folder, zip or mesh file.
    atlas : Atlas
        Ours.
    mapping : Path, optional
        Table of ``file, structure, side``; not needed for BodyParts3D 3.0.
    name : str, optional
        By default the name of the folder or file.
    credit, licence : str, optional
        Line of credit, and a licence of :data:`explorer.shelf.LICENCES`; known for BodyParts3D.
    shelf : Path, optional
    progress : callable

    Returns
    -------
    kept : Kept
    new : bool
        False when the same atlas was on the shelf already.

    Raises
    ------
    ExplorerError
        One line; the shelf is as it was before.
    """
    place = shelf or shelves.shelf_folder()
    source = open_source(path)
    bodyparts = is_bodyparts3d(source)
    if mapping is None and not bodyparts:
        raise ExplorerError(
            f"{path.name}: its layout is not known; write a table with 'referred-pain atlas draft-map {path} --out map.csv', finish it, and give it with --map map.csv"
        )
    if licence is not None and licence not in shelves.LICENCES:
        from explorer.errors import unknown

        raise ExplorerError(unknown("licence", licence, shelves.LICENCES))
    named = shelves.check_name(name if name is not None else _name_of(path))
    parts = read_mapping(mapping, atlas, source) if mapping else known_mapping(source, atlas.meshes)
    if not parts:
        raise ExplorerError(f"{path.name}: holds no part that is known to us; give a table with --map")
    content = source.digest(lambda done, total: progress("reading", done, total))
    recipe = json.dumps([RECIPE, shelves.VERSION, [(p.file, p.shape, p.side) for p in parts]])
    digest = hashlib.sha256(f"{content} {hashlib.sha256(recipe.encode()).hexdigest()}".encode()).hexdigest()
    older = None
    for one in shelves.kept(place):
        if one.digest == digest:
            return _renamed(one, named if name is not None else one.name, place), False
        if one.name.lower() == named.lower():
            if one.record.get("content") == content:  # another table, or an older recipe: the new one takes its place
                older = one
                continue
            raise ExplorerError(
                f"there is already an atlas named {one.name!r} on the shelf, of other content; give another --name, or remove it with 'referred-pain atlas remove {one.name}'"
            )
    laid = Laid(source, atlas, parts, "BodyParts3D" if bodyparts else "own")
    with _work(place, digest) as work:
        _make(laid, work, (digest, content), named, _credits(bodyparts, credit, licence, path), progress)
        if older is not None:
            shelves.remove(older.name, place)
        final = place / digest[:16]
        shutil.rmtree(final, ignore_errors=True)  # of an older version
        (work / "out").rename(final)
    return shelves.find(named, place), True


def _name_of(path: Path) -> str:
    stem = path.resolve().stem if path.suffix.lower() == ".zip" else path.resolve().name
    kept = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in stem)
    return (kept.strip("._-") or "atlas")[:40]


def _renamed(one: Kept, name: str, place: Path) -> Kept:
    if name != one.name:
        for other in shelves.kept(place):
            if other.name.lower() == name.lower() and other.digest != one.digest:
                raise ExplorerError(f"there is already an atlas named {other.name!r}; give another --name")
        _write_json(one.folder / shelves.RECORD, one.record | {"name": name})
    return shelves.find(name, place)


def _credits(bodyparts: bool, credit: str | None, licence: str | None, path: Path) -> list[tuple[str, str]]:
    out = list(CREDITS_3) if bodyparts else []
    if credit or licence or not out:
        out.append((credit or f"Shapes of {path.name}; whose they are was not said", licence or "unknown"))
    return out


def _write_json(path: Path, value: Any) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)


@contextlib.contextmanager
def _work(place: Path, digest: str) -> Iterator[Path]:
    """The work folder of an import, held by one process at a time; what other imports left long ago is cleared."""
    place.mkdir(parents=True, exist_ok=True)
    week = time.time() - 7 * 86400
    for old in [*place.glob(".work-*"), *place.glob(".gone-*")]:
        if old.is_dir() and old.name != f".work-{digest[:16]}" and old.stat().st_mtime < week:
            shutil.rmtree(old, ignore_errors=True)
    work = place / f".work-{digest[:16]}"
    work.mkdir(exist_ok=True)
    handle = os.open(work / "lock", os.O_RDWR | os.O_CREAT)
    try:
        _hold(handle, work)
        shutil.rmtree(work / "out", ignore_errors=True)
        yield work
        os.close(handle)
        handle = -1
        shutil.rmtree(work, ignore_errors=True)
    finally:
        if handle >= 0:
            os.close(handle)


def _hold(handle: int, work: Path) -> None:
    """Lock a file; the system frees it when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise ExplorerError(f"another import of the same atlas is running (in {work}); wait for it to end") from None


# --- steps ------------------------------------------------------------------------------------------------------------


def _make(
    laid: Laid, work: Path, hashes: tuple[str, str], name: str, credits: list[tuple[str, str]], progress: Progress
) -> None:
    from explorer.bring import quality

    started = time.time()
    pieces = _pieces(laid, work, progress)
    if laid.layout == "BodyParts3D":
        _say_release(laid, pieces)
    groups = _grouped(laid, pieces)
    shapes, found = _placed(laid, groups, pieces)
    skin = outer_skin(laid.atlas.skin_mesh.vertices, laid.atlas.skin_mesh.faces)
    ours = {key: _ours(laid.atlas, key) for key in {key for own in found.values() for key in own}}
    warp, marks = _warp(laid, shapes, found, ours, skin, work, progress)
    done = _lay(laid, shapes, found, ours, warp, skin, progress)
    bones = set(laid.atlas.dataset.bones)
    fits = quality.measure(done, ours, skin, bones, lambda a, b: progress("measuring", a, b))
    for one in [one for one in fits if one.mean_mm > TOO_FAR_MM]:
        laid.faults.append(
            f"left out: {one.shape} ({one.side}) lies {one.mean_mm:.0f} mm from where it belongs; ours stays; look at its line in the mapping table"
        )
    far = {one.shape for one in fits if one.mean_mm > TOO_FAR_MM}
    done = {key: value for key, value in done.items() if key[0] not in far}
    fits = [one for one in fits if one.shape not in far]
    if not done:
        raise ExplorerError("no shape of the atlas could be laid into our body; look at the mapping table")
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    record: dict[str, Any] = {}
    for (shape, side), (vertices, faces, pushed) in done.items():
        folder = "bones" if shape in bones else "muscles"
        values = {} if shape in bones else fibres_from(_our_mesh(laid.atlas, (shape, side)), vertices, faces)
        place = out / shelves.RIGHT / folder if side == "right" else out / folder
        save_mesh(place / f"{shape}.npz", Mesh(vertices, faces, values))
        record.setdefault(shape, {"sides": {}})["sides"][side] = {"outside_before": pushed}
    _points(laid.atlas, done, out)
    for one in fits:
        record[one.shape]["sides"][one.side] |= one.plain()
    files: dict[Key, set[str]] = defaultdict(set)
    for key, own in found.items():
        for shape, side in own:
            files[shape, side] |= set(groups[key][1])
    for (shape, side), own_files in files.items():
        if side in record.get(shape, {}).get("sides", {}):
            record[shape]["sides"][side]["files"] = sorted(own_files)
    value = {
        "version": shelves.VERSION,
        "name": name,
        "digest": hashes[0],
        "content": hashes[1],
        "source": laid.source.path.name,
        "layout": laid.layout,
        "credits": credits,
        "shapes": record,
        "notes": laid.notes,
        "faults": laid.faults,
        "repairs": laid.repairs,
        "seconds": round(time.time() - started, 1),
        "imported_on": time.strftime("%Y-%m-%d"),
        "landmarks": len(marks),
    }
    quality.report(out, value, fits, done, ours, laid.atlas, lambda a, b: progress("drawing", a, b))
    value["seconds"] = round(time.time() - started, 1)
    _write_json(out / shelves.RECORD, value)


def _budget(atlas: Atlas, shape: str) -> int:
    return max(LEAST_FACES, int(TIMES_OURS * len(atlas.average_shape(shape).faces)))


def _pieces(laid: Laid, work: Path, progress: Progress) -> dict[str, Piece]:
    """Read, mend and thin each file that is wanted; what was done before the import was stopped is used again."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for part in laid.parts:
        wanted[part.file.partition("#")[0]].add(part.shape)
    by_name = {entry.name: entry for entry in laid.source.meshes}
    read = work / "read"
    read.mkdir(exist_ok=True)
    out: dict[str, Piece] = {}
    for k, (name, shapes) in enumerate(sorted(wanted.items())):
        progress("mending", k, len(wanted))
        kept = read / f"{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:24]}.npz"
        if not kept.exists():
            budget = int(_FINER * sum(_budget(laid.atlas, shape) for shape in shapes))
            try:
                _read_piece(laid.source, by_name[name], budget, kept)
            except ExplorerError as error:
                laid.faults.append(f"left out: {error}")
                continue
        with np.load(kept, allow_pickle=False) as archive:
            for key in json.loads(str(archive["names"])):
                notes = json.loads(str(archive[f"{key}:notes"]))
                out[key] = Piece(archive[f"{key}:vertices"], archive[f"{key}:faces"].astype(np.int64), notes)
    progress("mending", len(wanted), len(wanted))
    if not out:
        raise ExplorerError(laid.faults[0] if laid.faults else "none of the files could be read")
    return out


def _read_piece(source: Source, entry: Entry, budget: int, kept: Path) -> None:
    arrays: dict[str, Any] = {}
    names = []
    for key, (vertices, faces) in read_meshes(entry.name, source.read(entry)).items():
        mended = mend(vertices, faces)
        if not len(mended.faces):
            raise ExplorerError(f"{entry.name}: is empty after mending; leave it out")
        small = thin(mended.vertices, mended.faces, budget)
        notes = mended.notes
        if len(small[1]) < len(mended.faces):
            notes.append(f"thinned from {len(mended.faces)} to {len(small[1])} faces")
        names.append(key)
        arrays |= {
            f"{key}:vertices": small[0],
            f"{key}:faces": small[1].astype(np.uint32),
            f"{key}:notes": np.array(json.dumps(notes)),
        }
    part = kept.with_name(kept.name + ".part")
    with open(part, "wb") as file:
        np.savez(file, names=np.array(json.dumps(names)), **arrays)
    part.replace(kept)


def _say_release(laid: Laid, pieces: dict[str, Piece]) -> None:
    stems = [entry.stem for entry in laid.source.meshes]
    first = laid.source.read(laid.source.meshes[0])[:600]
    number = release(stems, first, laid.source.path.name)
    if number == "4.0":
        laid.layout = "BodyParts3D 4.0"
        laid.notes.append(
            "BodyParts3D 4.0: it has no lower jaw and no muscles of face and jaw, and below the second neck bone it does not go with 3.0; only what lies above is taken, the rest stays ours; give BodyParts3D_3.0_obj_99.zip for all of it"
        )
        low = float(laid.atlas.average_shape("vertebra_c2").vertices[:, 2].min())
        laid.parts = [p for p in laid.parts if laid.atlas.average_shape(p.shape).vertices[:, 2].mean() > low]
        if not laid.parts:
            raise ExplorerError(laid.notes[-1])
    elif number == "3.0":
        laid.layout = "BodyParts3D 3.0"


Groups = dict[str, tuple[Shape, list[str], list[Key]]]


def _grouped(laid: Laid, pieces: dict[str, Piece]) -> Groups:
    """Files that make one shape together, and shapes that one file is divided between.

    Returns
    -------
    dict of name to (shape in the unit of the file, files, wanted (shape, side))
    """
    midline = _midline(laid.atlas)
    of_file: dict[str, list[Key]] = defaultdict(list)
    for part in laid.parts:
        key = (part.shape, "midline" if part.shape in midline else part.side)
        if part.file in pieces and key not in of_file[part.file]:
            of_file[part.file].append(key)
        elif part.file not in pieces and not any(part.file.partition("#")[0] in fault for fault in laid.faults):
            laid.faults.append(f"left out: {part.file} is not in the file")
    together: dict[tuple[Key, ...], list[str]] = defaultdict(list)
    for file, keys in of_file.items():
        together[tuple(sorted(keys))].append(file)
    out: Groups = {}
    for wanted, files in together.items():
        vertices, faces, count = [], [], 0
        for file in sorted(files):
            vertices.append(pieces[file].vertices)
            faces.append(pieces[file].faces + count)
            count += len(pieces[file].vertices)
            laid.repairs += [f"{file.rpartition('/')[2]}: {note}" for note in pieces[file].notes]
        name = "+".join(f"{shape}/{side}" for shape, side in wanted)
        out[name] = ((np.vstack(vertices), np.vstack(faces)), sorted(files), list(wanted))
    return out


def _midline(atlas: Atlas) -> frozenset[str]:
    data = atlas.dataset
    structures = {one.id for one in data.structures.values() if one.pairing == "midline"}
    return frozenset(structures | {one.id for one in data.bones.values() if one.pairing == "midline"})


def _our_mesh(atlas: Atlas, key: Key) -> Mesh:
    mesh = atlas.average_shape(key[0])
    return mesh.mirrored() if key[1] == "right" else mesh


def _ours(atlas: Atlas, key: Key) -> Shape:
    mesh = _our_mesh(atlas, key)
    return mesh.vertices, mesh.faces


def _middle(vertices: Floats, faces: Ints) -> Floats:
    return np.asarray(spread(vertices, faces, 500)[0].mean(axis=0))


def _our_middle(atlas: Atlas, keys: list[Key]) -> Floats:
    return np.asarray(np.mean([_middle(*_ours(atlas, (shape, side or "left"))) for shape, side in keys], axis=0))


def _placed(laid: Laid, groups: Groups, pieces: dict[str, Piece]) -> tuple[dict[str, Shape], dict[str, list[Key]]]:
    """Bring everything into mm and our axes, and settle sides by where shapes lie.

    Returns
    -------
    shapes : dict of group to (vertices, faces)
    found : dict of group to list of (shape, side)
    """
    midline = _midline(laid.atlas)
    theirs: dict[Key, Floats] = {}
    for name, ((vertices, faces), _, keys) in groups.items():
        if all(side in ("left", "right", "midline") for _, side in keys):
            theirs[name, ""] = _middle(vertices, faces)
    ours = {(name, ""): _our_middle(laid.atlas, groups[name][2]) for name, _ in theirs}
    if len(theirs) < checks.FEWEST:  # sides were not said: take the middle plane for both
        for name, ((vertices, faces), _, keys) in groups.items():
            theirs[name, ""] = _middle(vertices, faces)
            ours[name, ""] = _our_middle(laid.atlas, keys) * [0.0 if any(s == "" for _, s in keys) else 1.0, 1.0, 1.0]
    layout = checks.find_layout(theirs, ours)
    laid.notes[:0] = layout.notes
    turned = {
        name: (layout.apply(vertices), faces[:, ::-1] if layout.mirrored else faces)
        for name, ((vertices, faces), _, _) in groups.items()
    }
    if layout.mirrored:  # files of a mirrored body are wound for it, or were wound outward when they were mended
        turned = {name: (v, f if volume(v, f) > 0 else f[:, ::-1]) for name, (v, f) in turned.items()}
    middles = {(name, ""): _middle(*shape) for name, shape in turned.items()}
    plane = _plane(groups, middles, midline)
    shapes: dict[str, Shape] = {}
    found: dict[str, list[Key]] = {}
    for name, (vertices, faces) in turned.items():
        keys = groups[name][2]
        if all(shape in midline for shape, _ in keys):
            shapes[name], found[name] = (vertices, faces), keys
            continue
        at = checks.side_of(middles[name, ""], plane)
        low, high = vertices[:, 0].min() - plane, vertices[:, 0].max() - plane
        said = {side for _, side in keys if side in ("left", "right")}
        if at is None or (not said and low < -0.35 * (high - low) and high > 0.35 * (high - low)):
            # a shape of both sides in one file
            if low < -5 and high > 5 and not said:
                for side, sign in (("left", 1.0), ("right", -1.0)):
                    half = cut(vertices, faces, sign * (vertices[:, 0] - plane))
                    if len(half[1]):
                        shapes[f"{name}:{side}"] = half
                        found[f"{name}:{side}"] = [(shape, side) for shape, _ in keys]
                        groups[f"{name}:{side}"] = (half, groups[name][1], found[f"{name}:{side}"])
                laid.notes.append(f"{', '.join(groups[name][1])}: holds both sides; divided in the middle")
                continue
            at = next(iter(said)) if len(said) == 1 else "left"
        if said and said != {at}:
            laid.notes.append(
                f"{', '.join(groups[name][1])}: is called {'/'.join(sorted(said))}, but lies on the {at}; taken as {at}"
            )
        shapes[name], found[name] = (vertices, faces), [(shape, at) for shape, _ in keys]
    _settle_exchanged(laid, groups, shapes, found)
    taken: dict[Key, str] = {}
    for name, keys in list(found.items()):
        for key in keys:
            if key in taken and taken[key] in found:
                laid.faults.append(
                    f"left out: {', '.join(groups[name][1])} lies on the same side as {', '.join(groups[taken[key]][1])} and is the same structure ({key[0]}, {key[1]})"
                )
                del found[name], shapes[name]
                break
            taken[key] = name
    return shapes, found


def _plane(groups: Groups, middles: dict[Key, Floats], midline: frozenset[str]) -> float:
    named: dict[Key, Floats] = {}
    for name, (_, _, keys) in groups.items():
        named[keys[0]] = middles[name, ""]
    return checks.middle_plane(named, midline)


def _settle_exchanged(laid: Laid, groups: Groups, shapes: dict[str, Shape], found: dict[str, list[Key]]) -> None:
    """Exchange the names of parts that lie to each other as each other's part should."""
    single = {keys[0]: name for name, keys in found.items() if len(keys) == 1}
    families = {s.id: s.family for s in laid.atlas.dataset.structures.values()}
    theirs = {key: _middle(*shapes[name]) for key, name in single.items() if key[0] in families}
    ours = {key: _middle(*_ours(laid.atlas, key)) for key in theirs}
    for first, second, side in checks.exchanged(theirs, ours, families):
        a, b = single[first, side], single[second, side]
        if found[a] != [(first, side)] or found[b] != [(second, side)]:
            continue
        found[a], found[b] = [(second, side)], [(first, side)]
        files = f"{', '.join(groups[a][1])} and {', '.join(groups[b][1])}"
        laid.notes.append(
            f"{files}: names of {first} and {second} ({side}) are exchanged, by how they lie; exchanged back"
        )


def _warp(
    laid: Laid,
    shapes: dict[str, Shape],
    found: dict[str, list[Key]],
    ours: dict[Key, Shape],
    skin: Enclosure,
    work: Path,
    progress: Progress,
) -> tuple[Warp, list[Any]]:
    """The map into our frame; kept, for it takes longest."""
    kept = work / "warp.npz"
    bones = frozenset(laid.atlas.dataset.bones)
    theirs: dict[Key, Shape] = {}
    targets: dict[Key, Shape] = {}
    for name, keys in found.items():
        key = keys[0] if len(keys) == 1 else (name, keys[0][1])
        theirs[key] = shapes[name]
        targets[key] = _together([ours[one] for one in keys])
    if kept.exists():
        with np.load(kept, allow_pickle=False) as archive:
            count = int(archive["count"])
            splines = [Spline(archive[f"points{k}"], archive[f"weights{k}"]) for k in range(count)]
            return Warp(archive["affine"], splines), [None] * int(archive["marks"])
    warp, marks = fit(theirs, targets, bones, skin, BOTTOM_MM, lambda a, b: progress("laying", a, b))
    arrays = {f"points{k}": s.points for k, s in enumerate(warp.splines)}
    arrays |= {f"weights{k}": s.weights for k, s in enumerate(warp.splines)}
    part = kept.with_name("warp.part")
    with open(part, "wb") as file:
        np.savez(file, affine=warp.affine, count=np.array(len(warp.splines)), marks=np.array(len(marks)), **arrays)  # type: ignore[arg-type]
    part.replace(kept)
    return warp, list(marks)


def _together(shapes: list[Shape]) -> Shape:
    vertices, faces, count = [], [], 0
    for own, corners in shapes:
        vertices.append(own)
        faces.append(corners + count)
        count += len(own)
    return np.vstack(vertices), np.vstack(faces)


def _lay(
    laid: Laid,
    shapes: dict[str, Shape],
    found: dict[str, list[Key]],
    ours: dict[Key, Shape],
    warp: Warp,
    skin: Enclosure,
    progress: Progress,
) -> dict[Key, tuple[Floats, Ints, int]]:
    """Every shape in our frame: carried, divided, cut where our body ends, kept inside, thinned."""
    from scipy.spatial import cKDTree

    done: dict[Key, tuple[Floats, Ints, int]] = {}
    for k, (name, keys) in enumerate(sorted(found.items())):
        progress("finishing", k, len(found))
        vertices, faces = shapes[name]
        vertices = warp.carry(vertices)
        trees = [cKDTree(spread(*ours[key], 3000)[0]) for key in keys] if len(keys) > 1 else []
        for j, key in enumerate(keys):
            own = (vertices, faces)
            if trees:  # divided where ours are: nearer to this one than to any other
                away = np.array([tree.query(vertices)[0] for tree in trees])
                own = cut(vertices, faces, np.delete(away, j, axis=0).min(axis=0) - away[j])
            if len(own[1]) and ours[key][0][:, 2].min() > BOTTOM_MM - 1.5 and own[0][:, 2].min() < CUT_MM:
                own = cut(*own, own[0][:, 2] - CUT_MM)
            if not len(own[1]):
                laid.faults.append(
                    f"left out: {', '.join(laid_files(laid, key))}: nothing of it lies where {key[0]} is"
                )
                continue
            own = thin(*own, _budget(laid.atlas, key[0]))
            inside, pushed = keep_inside(*own, skin)
            done[key] = (inside, own[1], pushed)
    progress("finishing", len(found), len(found))
    if not done:
        raise ExplorerError("no shape of the atlas could be laid into our body; look at the mapping table")
    return _both_sides(laid, done)


def laid_files(laid: Laid, key: Key) -> list[str]:
    """Files that a shape comes from."""
    return sorted({part.file for part in laid.parts if part.shape == key[0]})


def _both_sides(laid: Laid, done: dict[Key, tuple[Floats, Ints, int]]) -> dict[Key, tuple[Floats, Ints, int]]:
    """Where an atlas has one side only, the other is its mirror image."""
    lone = []
    for shape, side in list(done):
        other = {"left": "right", "right": "left"}.get(side)
        if other and (shape, other) not in done:
            vertices, faces, pushed = done[shape, side]
            done[shape, other] = (vertices * [-1.0, 1.0, 1.0], faces[:, ::-1], pushed)
            lone.append(f"{shape} ({side})")
    if lone:
        laid.notes.append(f"only one side in the atlas, the other is its mirror image: {', '.join(sorted(lone))}")
    return done


def _points(atlas: Atlas, done: dict[Key, tuple[Floats, Ints, int]], out: Path) -> None:
    """Write where trigger points lie in the laid muscles."""
    rows = []
    data = atlas.dataset
    for name, place in atlas.trigger_point_places.items():
        point = data.trigger_points[name]
        own = point.part_id or point.structure_id
        members = data.structures[own].members or (own,)
        for side, sign in (("left", 1.0), ("right", -1.0)):
            where = np.array(place) * [sign, 1.0, 1.0]
            found = [done[m, s] for m in members for s in (side, "midline") if (m, s) in done]
            if not found:
                continue
            places = [place_inside(where, vertices, faces) for vertices, faces, _ in found]
            best = min(places, key=lambda p: float(np.linalg.norm(p - where)))
            rows.append([name, side, *(f"{value:.2f}" for value in best), f"{np.linalg.norm(best - where):.2f}"])
    with open(out / shelves.POINTS, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["trigger_point_id", "side", "x_mm", "y_mm", "z_mm", "moved_mm"])
        writer.writerows(rows)
