"""Read OBJ, STL, PLY and GLB files from bytes that may hold anything.

A count in a header is never believed: it is held against the bytes that are there before anything is made. Every
mesh that is returned has finite coordinates, faces of three different vertices that exist, and at least one face.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.errors import ExplorerError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: vertices (mm or whatever unit the file has) and triangles
Shape = tuple[Floats, Ints]

#: most vertices and faces of one mesh
MOST_VERTICES, MOST_FACES = 3_000_000, 6_000_000
#: farthest a coordinate may lie from zero, in any unit
FARTHEST = 1e7
_LINES = 2**21


def read_meshes(name: str, data: bytes) -> dict[str, Shape]:
    """Read the meshes of a file.

    Parameters
    ----------
    name : str
        Of the file; its ending tells the format.
    data : bytes

    Returns
    -------
    dict of str to (vertices, faces)
        By name: that of the file, or ``file#node`` where a GLB holds several.

    Raises
    ------
    ExplorerError
        One line that names the file.
    """
    ending = name.rpartition(".")[2].lower()
    try:
        if ending == "glb":
            found = _read_glb(data)
            one = len(found) == 1
            named = {name if one else f"{name}#{node}": shape for node, shape in found.items()}
        else:
            named = {name: READERS[ending](data)}
        return {key: _checked(shape) for key, shape in named.items()}
    except ExplorerError as error:
        raise ExplorerError(f"{name}: {error}") from None
    except (ValueError, IndexError, KeyError, TypeError, struct.error, OverflowError, RecursionError) as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise ExplorerError(f"{name}: is not a sound {ending.upper()} file ({reason}); save it again") from None


def _checked(shape: Shape) -> Shape:
    vertices, faces = shape
    if len(vertices) > MOST_VERTICES or len(faces) > MOST_FACES:
        raise ExplorerError(
            f"has {len(vertices)} vertices and {len(faces)} faces; at most {MOST_VERTICES} and {MOST_FACES}; thin it out"
        )
    if not len(vertices) or not len(faces):
        raise ExplorerError("is empty: it has no vertex or no face; leave it out")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ExplorerError(f"has a face with a vertex that does not exist (there are {len(vertices)}); save it again")
    used = np.unique(faces)
    bad = np.asarray(~np.isfinite(vertices).all(axis=1))
    if bad[used].any():
        raise ExplorerError(
            f"has {int(bad[used].sum())} vertices that are not numbers (NaN or infinite); mend or leave out"
        )
    if np.abs(vertices[used]).max() > FARTHEST:
        raise ExplorerError(f"has coordinates beyond {FARTHEST:.0e}; give a mesh in mm, cm or m")
    different = (faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2]) & (faces[:, 0] != faces[:, 2])
    if not different.any():
        raise ExplorerError("is empty: none of its faces has three corners; leave it out")
    # only vertices that faces use
    place = np.full(len(vertices), -1, np.int64)
    place[used] = np.arange(len(used))
    return np.ascontiguousarray(vertices[used], dtype=np.float64), place[faces[different]]


# --- OBJ --------------------------------------------------------------------------------------------------------------


def _read_obj(data: bytes) -> Shape:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ExplorerError("is encoded as UTF-16; save it as plain text (ASCII or UTF-8)")
    if b"\0" in data[:4096]:
        raise ExplorerError("holds bytes that are no text; it is not an OBJ file")
    data = data.removeprefix(b"\xef\xbb\xbf")
    vertices: list[Floats] = []
    faces: list[Ints] = []
    count = start = 0
    while start < len(data):  # in pieces, so that the lists of lines stay small
        stop = data.find(b"\n", start + _LINES)
        stop = len(data) if stop < 0 else stop
        lines = data[start:stop].replace(b"\r", b"\n").split(b"\n")
        start = stop + 1
        own = [line[2:] for line in lines if line[:2] in (b"v ", b"v\t")]
        if own:
            vertices.append(_numbers(own))
        before = count
        count += len(own)
        corners = [line[2:] for line in lines if line[:2] in (b"f ", b"f\t")]
        if corners:
            faces.append(_corners(corners, before, count))
        if count > MOST_VERTICES or sum(map(len, faces)) > MOST_FACES:
            raise ExplorerError(f"has more than {MOST_VERTICES} vertices or {MOST_FACES} faces; thin it out")
    if not vertices or not faces:
        raise ExplorerError("is empty: it has no vertex or no face; leave it out")
    return np.vstack(vertices), np.vstack(faces)


def _numbers(lines: list[bytes]) -> Floats:
    """The first three numbers of each line."""
    width = len(lines[0].split())
    flat = b" ".join(lines).split()
    if width < 3 or len(flat) != width * len(lines):
        flat = [word for line in lines for word in (line.split() + [b"nan"] * 3)[:3]]
        width = 3
    try:
        return np.array(flat, dtype="S32").astype(np.float64).reshape(-1, width)[:, :3]
    except ValueError as error:
        raise ExplorerError(f"has a vertex that is not made of numbers ({error})") from None


def _corners(lines: list[bytes], before: int, count: int) -> Ints:
    """Triangles of face lines; corners with more than three vertices are cut into a fan."""
    text = re.sub(rb"/[^\s]*", b"", b"\n".join(lines))
    flat = text.split()
    if len(flat) == 3 * len(lines) and b"-" not in text:
        return np.array(flat, dtype="S20").astype(np.int64).reshape(-1, 3) - 1
    out = []
    for line in text.split(b"\n"):
        ring = [int(word) for word in line.split()]
        ring = [k - 1 if k > 0 else count + k for k in ring]
        out += [(ring[0], ring[k], ring[k + 1]) for k in range(1, len(ring) - 1)]
        if len(out) > MOST_FACES:
            raise ExplorerError(f"has more than {MOST_FACES} faces; thin it out")
    return np.array(out, dtype=np.int64).reshape(-1, 3)


# --- STL --------------------------------------------------------------------------------------------------------------

_FACET = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])


def _read_stl(data: bytes) -> Shape:
    text = data[:5].lower() == b"solid"
    if len(data) >= 84:
        promised = struct.unpack_from("<I", data, 80)[0]
        if 84 + 50 * promised == len(data) or not text:
            if 84 + 50 * promised > len(data):
                raise ExplorerError(
                    f"its header promises {promised} faces, but there is room for {(len(data) - 84) // 50}; save it again"
                )
            if promised > MOST_FACES:
                raise ExplorerError(f"has {promised} faces; at most {MOST_FACES}; thin it out")
            return _welded(np.frombuffer(data, _FACET, promised, 84)["corners"].reshape(-1, 3).astype(np.float64))
    if not text:
        raise ExplorerError("is too short for an STL file; save it again")
    lines = [
        line.strip()[7:] for line in data.replace(b"\r", b"\n").split(b"\n") if line.strip()[:7].lower() == b"vertex "
    ]
    if len(lines) % 3:
        raise ExplorerError("ends within a face; save it again")
    if len(lines) > 3 * MOST_FACES:
        raise ExplorerError(f"has more than {MOST_FACES} faces; thin it out")
    return _welded(_numbers(lines)) if lines else (np.empty((0, 3)), np.empty((0, 3), np.int64))


def _welded(corners: Floats) -> Shape:
    """Triangles given corner by corner: the same place is the same vertex."""
    if not len(corners):
        return corners.reshape(0, 3), np.empty((0, 3), np.int64)
    vertices, place = np.unique(corners, axis=0, return_inverse=True)
    return vertices, place.reshape(-1, 3).astype(np.int64)


# --- PLY --------------------------------------------------------------------------------------------------------------

_PLY_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip


def _read_ply(data: bytes) -> Shape:
    if not data.startswith(b"ply"):
        raise ExplorerError("does not begin with 'ply'; it is not a PLY file")
    end = re.search(rb"end_header[ \t]*\r?\n", data[: 2**16])
    if end is None:
        raise ExplorerError("its header does not end; save it again")
    kind, elements = _ply_header(data[: end.start()].decode("ascii", "replace"))
    body = data[end.end() :]
    for name, count, _ in elements:
        if count > len(body):
            raise ExplorerError(
                f"its header promises {count} of {name!r}, but only {len(body)} bytes follow; save it again"
            )
    if kind == "ascii":
        return _ply_text(body, elements)
    return _ply_binary(body, elements, "<" if kind == "binary_little_endian" else ">")


Element = tuple[str, int, list[tuple[str, str, str]]]


def _ply_header(text: str) -> tuple[str, list[Element]]:
    kind = ""
    elements: list[Element] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["format"]:
            kind = words[1]
        elif words[:1] == ["element"]:
            count = int(words[2])
            if count < 0:
                raise ExplorerError(f"its header promises {count} of {words[1]!r}; save it again")
            elements.append((words[1], count, []))
        elif words[:1] == ["property"] and elements:
            if words[1] == "list":
                elements[-1][2].append((words[4], _PLY_TYPES[words[2]], _PLY_TYPES[words[3]]))
            else:
                elements[-1][2].append((words[2], "", _PLY_TYPES[words[1]]))
    if kind not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ExplorerError(
            f"its format {kind[:30]!r} is not known; allowed: ascii, binary_little_endian, binary_big_endian"
        )
    names = [name for name, _, _ in elements]
    if "vertex" not in names or "face" not in names:
        raise ExplorerError("is empty: it has no vertex or no face; leave it out")
    return kind, elements


def _ply_text(body: bytes, elements: list[Element]) -> Shape:
    lines = [line for line in body.replace(b"\r", b"\n").split(b"\n") if line.strip()]
    vertices, faces, at = np.empty((0, 3)), np.empty((0, 3), np.int64), 0
    for name, count, properties in elements:
        own = lines[at : at + count]
        if len(own) < count:
            raise ExplorerError(f"its header promises {count} of {name!r}, but {len(own)} follow; save it again")
        at += count
        if name == "vertex" and count:
            columns = [[p for p, _, _ in properties].index(axis) for axis in "xyz"]
            rows = [line.split() for line in own]
            vertices = _numbers([b" ".join(row[c] for c in columns) for row in rows])
        elif name == "face" and count:
            if not properties[0][1]:
                raise ExplorerError("its faces do not begin with a list of vertices; save it again")
            kept = [b" ".join(line.split()[1 : 1 + int(line.split()[0])]) for line in own]
            faces = _corners([b" ".join(b"%d" % (int(word) + 1) for word in line.split()) for line in kept], 0, 0)
    return vertices, faces


def _ply_binary(body: bytes, elements: list[Element], order: str) -> Shape:
    vertices, faces, at = np.empty((0, 3)), np.empty((0, 3), np.int64), 0
    for name, count, properties in elements:
        lists = [p for p in properties if p[1]]
        if not lists:
            kind = np.dtype([(p, order + t) for p, _, t in properties])
            if at + count * kind.itemsize > len(body):
                raise ExplorerError(f"its header promises {count} of {name!r}, but the file ends before; save it again")
            rows = np.frombuffer(body, kind, count, at)
            at += count * kind.itemsize
            if name == "vertex":
                vertices = np.column_stack([rows[axis].astype(np.float64) for axis in "xyz"])
            continue
        # most often a single list of three; anything else is walked through
        found, step = _ply_triangles(body, at, count, properties, order)
        if found is None:
            found, step = _ply_walk(body, at, count, properties, order)
        at += step
        if name == "face":
            faces = found
    return vertices, faces


def _ply_triangles(
    body: bytes, at: int, count: int, properties: list[tuple[str, str, str]], order: str
) -> tuple[Ints | None, int]:
    if not properties[0][1] or any(p[1] for p in properties[1:]):
        return None, 0
    _, length, kind = properties[0]
    own = np.dtype(
        [
            ("n", order + length),
            ("corners", order + kind, 3),
            *((f"_{k}", order + p[2]) for k, p in enumerate(properties[1:])),
        ]
    )
    if at + count * own.itemsize > len(body):
        return None, 0
    rows = np.frombuffer(body, own, count, at)
    if not (rows["n"] == 3).all():
        return None, 0
    return rows["corners"].astype(np.int64), count * own.itemsize


def _ply_walk(body: bytes, at: int, count: int, properties: list[tuple[str, str, str]], order: str) -> tuple[Ints, int]:
    start, out = at, []
    for _ in range(count):
        ring: list[int] = []
        for name, length, kind in properties:
            own = np.dtype(order + kind)
            many = 1
            if length:
                many = int(np.frombuffer(body, np.dtype(order + length), 1, at)[0])
                at += np.dtype(length).itemsize
            if many < 0 or at + many * own.itemsize > len(body):
                raise ExplorerError("ends within a list; save it again")
            if length and name in ("vertex_indices", "vertex_index"):
                ring = [int(k) for k in np.frombuffer(body, own, many, at)]
            at += many * own.itemsize
        out += [(ring[0], ring[k], ring[k + 1]) for k in range(1, len(ring) - 1)]
        if len(out) > MOST_FACES:
            raise ExplorerError(f"has more than {MOST_FACES} faces; thin it out")
    return np.array(out, dtype=np.int64).reshape(-1, 3), at - start


# --- GLB --------------------------------------------------------------------------------------------------------------

_GLB_TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_DEEPEST = 64
_MOST_NODES = 20_000


def _read_glb(data: bytes) -> dict[str, Shape]:
    if data[:4] != b"glTF" or len(data) < 20:
        raise ExplorerError("is not a binary glTF file; save it as GLB")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        length, kind = struct.unpack_from("<II", data, at)
        if at + 8 + length > len(data):
            raise ExplorerError(f"a part of it promises {length} bytes, but {len(data) - at - 8} follow; save it again")
        chunks.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length
    try:
        tree = json.loads(chunks[0x4E4F534A].decode("utf-8"))
    except (KeyError, UnicodeDecodeError, json.JSONDecodeError):
        raise ExplorerError("its description is not readable JSON in UTF-8; save it again") from None
    if tree.get("extensionsRequired"):
        raise ExplorerError(
            f"needs {', '.join(map(str, tree['extensionsRequired']))[:80]}; save it without compression"
        )
    if any("uri" in buffer for buffer in tree.get("buffers", [])):
        raise ExplorerError("keeps its data in another file, which is not followed; save it as one GLB")
    glb = _Glb(tree, chunks.get(0x004E4942, b""))
    out: dict[str, Shape] = {}
    scenes = tree.get("scenes")
    roots = scenes[int(tree.get("scene", 0))].get("nodes", []) if scenes else range(len(tree.get("nodes", [])))
    waiting = [(int(k), np.eye(4), 0) for k in roots]
    seen = 0
    while waiting:
        k, above, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST_NODES:
            raise ExplorerError("its nodes are nested in a circle or too deep; save it again")
        node = tree["nodes"][k]
        place = above @ _matrix(node)
        waiting += [(int(child), place, depth + 1) for child in node.get("children", [])]
        if "mesh" in node:
            shape = glb.mesh(int(node["mesh"]))
            if shape is None:
                continue
            own = tree["meshes"][int(node["mesh"])]
            name = str(node.get("name") or own.get("name") or f"node{k}")[:120]
            vertices = shape[0] @ place[:3, :3].T + place[:3, 3]
            faces = shape[1] if np.linalg.det(place[:3, :3]) >= 0 else shape[1][:, ::-1]
            out[name if name not in out else f"{name}_{k}"] = (vertices, faces)
            if sum(len(shape[1]) for shape in out.values()) > MOST_FACES:
                raise ExplorerError(f"has more than {MOST_FACES} faces; thin it out")
    if not out:
        raise ExplorerError("is empty: it has no vertex or no face; leave it out")
    return out


def _matrix(node: dict[str, Any]) -> Floats:
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    out = np.eye(4)
    x, y, z, w = (float(value) for value in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    out[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    out[:3, 3] = np.array(node.get("translation", (0, 0, 0)), dtype=np.float64)
    return out


class _Glb:
    def __init__(self, tree: dict[str, Any], binary: bytes) -> None:
        self._tree, self._binary = tree, binary

    def _array(self, k: int, width: int) -> NDArray[Any]:
        accessor = self._tree["accessors"][k]
        if "sparse" in accessor or "bufferView" not in accessor:
            raise ExplorerError("keeps its data in a sparse way; save it again without")
        view = self._tree["bufferViews"][int(accessor["bufferView"])]
        kind = np.dtype(_GLB_TYPES[int(accessor["componentType"])])
        count, step = int(accessor["count"]), int(view.get("byteStride", kind.itemsize * width))
        start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
        if count < 0 or start < 0 or step < kind.itemsize * width:
            raise ExplorerError("describes its data wrongly; save it again")
        if count and start + (count - 1) * step + kind.itemsize * width > len(self._binary):
            raise ExplorerError(
                f"promises {count} entries where {max(0, len(self._binary) - start) // step} have room; save it again"
            )
        return np.ndarray((count, width), kind, self._binary, start, (step, kind.itemsize)).copy()

    def mesh(self, k: int) -> Shape | None:
        """All triangles of a mesh together; None when it has only points or lines."""
        vertices, faces, count = [], [], 0
        for primitive in self._tree["meshes"][k].get("primitives", []):
            if int(primitive.get("mode", 4)) != 4 or "POSITION" not in primitive.get("attributes", {}):
                continue
            own = self._array(int(primitive["attributes"]["POSITION"]), 3).astype(np.float64)
            if "indices" in primitive:
                flat = self._array(int(primitive["indices"]), 1).ravel().astype(np.int64)
            else:
                flat = np.arange(len(own))
            if len(flat) % 3 or (len(flat) and flat.max() >= len(own)):
                raise ExplorerError("has faces that are not made of its vertices; save it again")
            vertices.append(own)
            faces.append(flat.reshape(-1, 3) + count)
            count += len(own)
        return (np.vstack(vertices), np.vstack(faces)) if vertices else None


READERS: dict[str, Callable[[bytes], Shape]] = {"obj": _read_obj, "stl": _read_stl, "ply": _read_ply}
