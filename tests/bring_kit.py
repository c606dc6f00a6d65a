"""Small atlases that tests make for themselves, from our own shapes, in every format."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np

from explorer.atlas import Atlas

#: shapes of the small atlas: bones of the midline and of pairs, and a few muscles
SMALL = (
    "mandible",
    "vertebra_c4",
    "vertebra_t1",
    "clavicle",
    "scapula",
    "trapezius_upper",
    "levator_scapulae",
    "splenius_capitis",
)
MIDLINE = ("mandible", "vertebra_c4", "vertebra_t1")

Shape = tuple[np.ndarray, np.ndarray]


def cube() -> Shape:
    """A closed cube of 10, wound outward."""
    v = np.array([[x, y, z] for x in (0, 10) for y in (0, 10) for z in (0, 10)], float)
    f = [
        [0, 1, 3],
        [0, 3, 2],
        [4, 6, 7],
        [4, 7, 5],
        [0, 4, 5],
        [0, 5, 1],
        [2, 3, 7],
        [2, 7, 6],
        [0, 2, 6],
        [0, 6, 4],
        [1, 5, 7],
        [1, 7, 3],
    ]
    return v, np.array(f)


def small_atlas(atlas: Atlas, move=lambda v: v, shapes: tuple[str, ...] = SMALL) -> dict[str, Shape]:
    """Our own shapes, bent a little, as an atlas of somebody else: name of a file without ending -> shape."""
    out = {}
    for shape in shapes:
        for side in ("",) if shape in MIDLINE else ("left", "right"):
            mesh = atlas.average_shape(shape, "right" if side == "right" else "left")
            v = mesh.vertices * [1.06, 1.04, 1.08] + [3.0, 40.0, 1400.0]
            v = v + 4.0 * np.sin(v / 70.0)  # another body
            out[f"{side}_{shape}".strip("_")] = (move(v), mesh.faces)
    return out


def obj(shape: Shape) -> bytes:
    v, f = shape
    lines = [
        "# a mesh",
        *("v {:.4f} {:.4f} {:.4f}".format(*row) for row in v),
        *("f {} {} {}".format(*(row + 1)) for row in f),
    ]
    return ("\n".join(lines) + "\n").encode()


def stl(shape: Shape) -> bytes:
    v, f = shape
    rows = np.zeros(len(f), np.dtype([("n", "<f4", 3), ("c", "<f4", (3, 3)), ("a", "<u2")]))
    rows["c"] = v[f]
    return b"\0" * 80 + struct.pack("<I", len(f)) + rows.tobytes()


def stl_text(shape: Shape) -> bytes:
    v, f = shape
    lines = ["solid mesh"]
    for face in f:
        lines += [
            "facet normal 0 0 0",
            "outer loop",
            *("vertex {:.5f} {:.5f} {:.5f}".format(*v[k]) for k in face),
            "endloop",
            "endfacet",
        ]
    return ("\n".join([*lines, "endsolid mesh"]) + "\n").encode()


def ply_header(kind: str, vertices: int, faces: int, real: str = "float") -> bytes:
    axes = "".join(f"property {real} {axis}\n" for axis in "xyz")
    return (
        f"ply\nformat {kind} 1.0\nelement vertex {vertices}\n{axes}element face {faces}\n"
        "property list uchar int vertex_indices\nend_header\n"
    ).encode()


def ply(shape: Shape, order: str = "<") -> bytes:
    v, f = shape
    rows = np.zeros(len(f), np.dtype([("n", "u1"), ("c", order + "i4", 3)]))
    rows["n"], rows["c"] = 3, f
    kind = "binary_little_endian" if order == "<" else "binary_big_endian"
    return ply_header(kind, len(v), len(f)) + v.astype(order + "f4").tobytes() + rows.tobytes()


def ply_text(shape: Shape) -> bytes:
    v, f = shape
    lines = ["{:.5f} {:.5f} {:.5f}".format(*row) for row in v] + ["3 {} {} {}".format(*row) for row in f]
    return ply_header("ascii", len(v), len(f)) + ("\n".join(lines) + "\n").encode()


def glb(shapes: dict[str, Shape], scale: float = 1.0) -> bytes:
    """A GLB with a node for each shape; ``scale`` stands in the nodes."""
    binary, views, accessors, meshes, nodes = b"", [], [], [], []
    for name, (v, f) in shapes.items():
        for data, kind, width, component in ((v.astype("<f4"), "VEC3", 3, 5126), (f.astype("<u4"), "SCALAR", 1, 5125)):
            raw = data.tobytes()
            views.append({"buffer": 0, "byteOffset": len(binary), "byteLength": len(raw)})
            accessors.append(
                {"bufferView": len(views) - 1, "componentType": component, "count": data.size // width, "type": kind}
            )
            binary += raw
        meshes.append(
            {
                "name": name,
                "primitives": [{"attributes": {"POSITION": len(accessors) - 2}, "indices": len(accessors) - 1}],
            }
        )
        nodes.append({"name": name, "mesh": len(meshes) - 1, "scale": [scale] * 3})
    tree = {
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": list(range(len(nodes)))}], "nodes": nodes,
        "meshes": meshes, "accessors": accessors, "bufferViews": views, "buffers": [{"byteLength": len(binary)}],
    }  # fmt: skip
    return glb_of(tree, binary)


def glb_of(tree: dict, binary: bytes) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    binary += b"\0" * (-len(binary) % 4)
    body = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return b"glTF" + struct.pack("<II", 2, 12 + len(body)) + body


def put(folder: Path, shapes: dict[str, Shape], ending: str = "obj", write=obj) -> Path:
    """Write shapes as files of a folder, with a mapping table beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, shape in shapes.items():
        (folder / f"{name}.{ending}").write_bytes(write(shape))
    return folder


def mapping(path: Path, shapes: dict[str, Shape], ending: str = ".obj", sides: bool = True) -> Path:
    lines = ["file,structure,side"]
    for name in shapes:
        side, _, shape = name.partition("_") if name.startswith(("left_", "right_")) else ("midline", "", name)
        lines.append(f"{name}{ending},{shape},{side if sides or side == 'midline' else ''}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
