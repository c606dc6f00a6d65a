"""Shapes of a selection as GLB, PLY or STL, painted, with their licence inside."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer import __version__
from explorer.build.sources import read_sources
from explorer.catalogue import catalogue, style
from explorer.chart import painted
from explorer.errors import DataError, ExplorerError, unknown
from explorer.export.handout import clean
from explorer.export.options import conditions, own_credits
from explorer.export.whole import whole_file
from explorer.scene import Selection, scene_of, shown_sides

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FORMATS = ("glb", "ply", "stl")
SIDES = ("left", "right", "both")
POINT_MM = 3.0
SHARE_ALIKE = "CC-BY-SA-2.1-JP"
LINKS = {
    "CC-BY-SA-2.1-JP": "https://creativecommons.org/licenses/by-sa/2.1/jp/",
    "CC-BY-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "Apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
}


@dataclass(frozen=True)
class Part:
    """One shape of the selection.

    Attributes
    ----------
    name : str
        ``skin``, ``<structure>/<side>``, ``<area>/<side>`` (felt deep inside) or ``<trigger point>/<side>``.
    kind : {'skin', 'structure', 'deep', 'trigger_point'}
    vertices : (n, 3) float
        mm, LPS.
    faces : (m, 3) int
        Wound outward.
    colours : (n, 3) uint8
        sRGB.
    core, spillover : (n,) float
        Painted weights, 0..1; zero everywhere but on the skin.
    licence, credit : str
    """

    name: str
    kind: str
    vertices: Floats
    faces: Ints
    colours: NDArray[np.uint8]
    core: Floats
    spillover: Floats
    licence: str
    credit: str


def parts_of(atlas: Atlas, structures: Sequence[str], side: str = "left", skin: bool = True) -> list[Part]:
    """The shapes of a selection.

    Parameters
    ----------
    atlas : Atlas
        Of the body that is wanted, see :meth:`explorer.atlas.Atlas.variant`.
    structures : sequence of str
    side : {'left', 'right', 'both'}
    skin : bool
        Whether the painted skin is among them.

    Raises
    ------
    DataError
        For an unknown structure or side, for none, and when nothing of the selection has a shape.
    """
    if side not in SIDES:
        raise DataError(unknown("side", side, SIDES))
    if not structures:
        raise DataError("no structure is given; name at least one, such as trapezius_upper")
    chosen = tuple(dict.fromkeys(atlas[name].id for name in structures))
    scene = scene_of(catalogue(atlas), Selection(structures=chosen, side=side))
    look = style()
    sources = {row.file.removesuffix(".npz"): row for row in read_sources(atlas.meshes)}
    out: list[Part] = []

    def add(name: str, kind: str, file: str, vertices: Floats, faces: Ints, colour: str, paint: Any = None) -> None:
        core, spillover = paint or (np.zeros(len(vertices)), np.zeros(len(vertices)))
        rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], float)
        colours = np.tile(rgb, (len(vertices), 1))
        for weights, tint in ((spillover, "spillover"), (core, "core")):
            share = np.clip((weights - 0.35) / 0.3, 0, 1)[:, None]
            colours = colours * (1 - share) + share * [int(look[tint][k : k + 2], 16) for k in (1, 3, 5)]
        source = sources[file]
        licence = f"{source.licence} AND CC-BY-4.0" if paint else source.licence
        credit = f"{source.credit}; painting: {', '.join(atlas.dataset.authors)}" if paint else source.credit
        out.append(
            Part(name, kind, vertices, faces, colours.round().astype(np.uint8), core, spillover, licence, credit)
        )

    if skin:
        mesh = atlas.skin_mesh
        add("skin", "skin", "skin", mesh.vertices, mesh.faces, look["skin"], painted(atlas, scene["paint"]))
    records = catalogue(atlas)["structures"]
    for name in chosen:
        for member in atlas[name].members or (name,):
            folder = next((f for f in ("muscles", "joints", "nerves") if member in atlas.shape_ids(f)), None)
            if folder is None:
                continue
            colour = look["nerve" if folder == "nerves" else "muscle_chosen"]
            for one in shown_sides(records[member], side):
                shape = atlas.mesh(member, one)
                key = f"{member}/{one}"
                if key not in {part.name for part in out}:
                    add(key, "structure", f"{folder}/{member}", np.asarray(shape.vertices), shape.faces, colour)
    if not skin and not out:
        raise DataError(f"{', '.join(chosen)}: nothing of it has a shape; leave --no-skin away to get the painted skin")
    for entry in scene["deep"]:
        for one in ("left", "right") if entry["side"] == "midline" else (entry["side"],):
            deep = atlas.deep_mesh(entry["area"], one)
            if deep is not None and f"{entry['area']}/{one}" not in {part.name for part in out}:
                add(f"{entry['area']}/{one}", "deep", f"deep/{entry['area']}", deep.vertices, deep.faces, look["deep"])
    for marker in scene["markers"]:
        ball = _ball()
        place = ball[0] * POINT_MM + np.array(marker["xyz_mm"])
        name = f"{marker['id']}/{marker['side']}"
        if name not in {part.name for part in out}:
            add(name, "trigger_point", "trigger_points.csv", place, ball[1], "#14181d")
    return out


def _ball() -> tuple[Floats, Ints]:
    import trimesh

    ball = trimesh.creation.icosphere(subdivisions=2)
    return np.asarray(ball.vertices), np.asarray(ball.faces)


def notice(atlas: Atlas, parts: Sequence[Part], title: str) -> list[str]:
    """What must go along with the shapes, line by line: what they are, what they are not, licences, credits."""
    licences = sorted({word for part in parts for word in part.licence.split(" AND ")})
    lines = [
        title,
        f"Referred Pain Explorer {__version__}, dataset {atlas.dataset.version}, body: {atlas.body}",
        "Educational; not for diagnosis. Shapes are illustrations of documented anatomy.",
        "Licences of what is inside: " + "; ".join(f"{name} ({LINKS[name]})" for name in licences),
    ]
    if SHARE_ALIKE in licences:
        lines.append(
            "Share alike: who passes the shapes of muscles, joints, nerves, deep places or trigger points on, changed or not,"
            " passes them on under CC BY-SA 2.1 JP and with these credits."
        )
    credits: dict[str, list[str]] = {}
    for part in parts:
        kinds = credits.setdefault(f"{part.credit} ({part.licence})", [])
        if part.kind not in kinds:
            kinds.append(part.kind)
    lines += [f"Credit ({', '.join(kinds)}): {credit}" for credit, kinds in credits.items()]
    lines += [*own_credits(atlas), *conditions(atlas, "shapes")]
    return [clean(line, 2000) for line in lines]


def title_of(atlas: Atlas, structures: Sequence[str], side: str) -> str:
    """What is shown, in words."""
    names = ", ".join(atlas[name].name for name in structures)
    return f"{names} ({atlas.dataset.texts['en'][f'side.{side}'].lower()})"


def write_shapes(
    atlas: Atlas, structures: Sequence[str], path: Path, *, side: str = "left", kind: str = "glb", skin: bool = True
) -> list[Path]:
    """Write the shapes of a selection, whole or not at all.

    Parameters
    ----------
    atlas : Atlas
    structures : sequence of str
    path : Path
    side : {'left', 'right', 'both'}
    kind : {'glb', 'ply', 'stl'}
        GLB is in metres with +Y up and the face towards +Z; PLY and STL are in mm, LPS. STL keeps neither colours nor a
        licence, so a text with the licence is written beside it.
    skin : bool

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    DataError
        When the selection cannot be used, see :func:`parts_of`.
    ExplorerError
        For an unknown format, and when the file cannot be written there.
    """
    if kind not in FORMATS:
        raise ExplorerError(unknown("format", kind, FORMATS))
    parts = parts_of(atlas, structures, side, skin)
    lines = notice(atlas, parts, title_of(atlas, structures, side))
    pack = {"glb": glb, "ply": ply, "stl": stl}[kind]
    content = pack(parts, lines)
    beside = path.with_name(path.name + ".LICENSE.txt")
    written = []
    if kind == "stl":
        with whole_file(beside) as part:
            text = [*lines, "", "STL keeps no colours: the painting is not in it; take GLB or PLY for that."]
            part.write_text(
                "\n".join([*text, "Units: mm. Frame: LPS (+x left, +y back, +z up)."]) + "\n", encoding="utf-8"
            )
        written.append(beside)
    with whole_file(path) as part:
        part.write_bytes(content)
    return [path, *written]


def glb(parts: Sequence[Part], lines: Sequence[str]) -> bytes:
    """Binary glTF 2.0: a node for each part, vertex colours, weights as ``_CORE`` and ``_SPILLOVER``."""
    chunks: list[bytes] = []
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []
    meshes: list[dict[str, Any]] = []
    nodes: list[dict[str, Any]] = []

    def accessor(array: NDArray[Any], component: int, kind: str, target: int, **more: Any) -> int:
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        offset = sum(map(len, chunks))
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": len(data), "target": target})
        chunks.append(data + b"\0" * (-len(data) % 4))
        accessors.append(
            {"bufferView": len(views) - 1, "componentType": component, "count": len(array), "type": kind, **more}
        )
        return len(accessors) - 1

    for part in parts:
        # to metres, +Y up, the face towards +Z
        places = (part.vertices[:, [0, 2, 1]] * (0.001, 0.001, -0.001)).astype(np.float32)
        srgb = part.colours / 255
        linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
        rgba = np.column_stack([np.round(65535 * linear), np.full(len(places), 65535)]).astype(np.uint16)
        attributes = {
            "POSITION": accessor(
                places, 5126, "VEC3", 34962, min=places.min(axis=0).tolist(), max=places.max(axis=0).tolist()
            ),
            "NORMAL": accessor(_normals(places.astype(float), part.faces).astype(np.float32), 5126, "VEC3", 34962),
            "COLOR_0": accessor(rgba, 5123, "VEC4", 34962, normalized=True),
        }
        if part.kind == "skin":
            attributes["_CORE"] = accessor(part.core.astype(np.float32), 5126, "SCALAR", 34962)
            attributes["_SPILLOVER"] = accessor(part.spillover.astype(np.float32), 5126, "SCALAR", 34962)
        indices = accessor(part.faces.astype(np.uint32).ravel(), 5125, "SCALAR", 34963)
        meshes.append(
            {"name": part.name, "primitives": [{"attributes": attributes, "indices": indices, "material": 0}]}
        )
        extras = {"kind": part.kind, "licence": part.licence, "credit": part.credit}
        nodes.append({"name": part.name, "mesh": len(meshes) - 1, "extras": extras})
    material = {"name": "painted", "pbrMetallicRoughness": {"metallicFactor": 0, "roughnessFactor": 0.8}}
    head = {
        "asset": {
            "version": "2.0",
            "generator": f"Referred Pain Explorer {__version__}",
            "copyright": " ".join(lines[3:]),
            "extras": {
                "title": lines[0],
                "notice": list(lines),
                "frame": "metres, +Y up, +Z front, +X the subject's left; times 1000 and (x, -z, y) gives mm, LPS",
            },
        },
        "scene": 0,
        "scenes": [{"name": lines[0], "nodes": list(range(len(nodes)))}],
        "nodes": nodes,
        "meshes": meshes,
        "materials": [material],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": sum(map(len, chunks))}],
    }
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(chunks)
    total = 12 + 8 + len(text) + 8 + len(body)
    return b"".join(
        [
            struct.pack("<4sII", b"glTF", 2, total),
            struct.pack("<I4s", len(text), b"JSON") + text,
            struct.pack("<I4s", len(body), b"BIN\0") + body,
        ]
    )


def _normals(vertices: Floats, faces: Ints) -> Floats:
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    own = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(out, faces[:, k], own)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 0, out / np.where(length > 0, length, 1), (0.0, 1.0, 0.0))


def ply(parts: Sequence[Part], lines: Sequence[str]) -> bytes:
    """Binary PLY: all parts in one, with colours, weights, and the number of the part at each vertex and face."""
    count = [len(part.vertices) for part in parts]
    start = np.concatenate([[0], np.cumsum(count)])
    vertex = np.zeros(
        start[-1],
        [
            ("x", "<f4"),
            ("y", "<f4"),
            ("z", "<f4"),
            ("red", "u1"),
            ("green", "u1"),
            ("blue", "u1"),
            ("core", "<f4"),
            ("spillover", "<f4"),
            ("part", "<u2"),
        ],
    )
    places = np.vstack([part.vertices for part in parts])
    colours = np.vstack([part.colours for part in parts])
    for k, name in enumerate("xyz"):
        vertex[name] = places[:, k]
    for k, name in enumerate(("red", "green", "blue")):
        vertex[name] = colours[:, k]
    vertex["core"] = np.concatenate([part.core for part in parts])
    vertex["spillover"] = np.concatenate([part.spillover for part in parts])
    vertex["part"] = np.repeat(np.arange(len(parts)), count)
    faces = np.zeros(sum(len(part.faces) for part in parts), [("n", "u1"), ("corners", "<i4", 3), ("part", "<u2")])
    faces["n"] = 3
    faces["corners"] = np.vstack([part.faces + offset for part, offset in zip(parts, start, strict=False)])
    faces["part"] = np.repeat(np.arange(len(parts)), [len(part.faces) for part in parts])
    head = ["ply", "format binary_little_endian 1.0"]
    head += [f"comment {_ascii(line)}" for line in lines]
    head += ["comment Units: mm. Frame: LPS (+x left, +y back, +z up)"]
    head += [f"comment part {k}: {_ascii(part.name)} ({part.kind})" for k, part in enumerate(parts)]
    head += [f"element vertex {len(vertex)}", *(f"property float {name}" for name in "xyz")]
    head += [f"property uchar {name}" for name in ("red", "green", "blue")]
    head += ["property float core", "property float spillover", "property ushort part", f"element face {len(faces)}"]
    head += ["property list uchar int vertex_indices", "property ushort part", "end_header"]
    return ("\n".join(head) + "\n").encode("ascii") + vertex.tobytes() + faces.tobytes()


def stl(parts: Sequence[Part], lines: Sequence[str]) -> bytes:
    """Binary STL: triangles alone; its 80 characters name the licence."""
    licence = "CC BY-SA 2.1 JP" if any(SHARE_ALIKE in part.licence for part in parts) else "CC0 / CC BY 4.0"
    title = f"Referred Pain Explorer {__version__}, {licence}, see .LICENSE.txt beside. mm LPS"
    corners = np.concatenate([part.vertices[part.faces] for part in parts])
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    rows = np.zeros(len(corners), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    rows["normal"] = normal / np.where(length > 0, length, 1)
    rows["corners"] = corners
    return title.encode("ascii")[:80].ljust(80) + struct.pack("<I", len(rows)) + rows.tobytes()


def _ascii(text: str) -> str:
    """ASCII, as the head of a PLY must be."""
    return text.encode("ascii", "backslashreplace").decode()
