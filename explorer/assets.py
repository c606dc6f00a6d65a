"""The files that the browser loads once: catalogue, body, paint, code and style, each named by its content."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from explorer import folders
from explorer.anatomy.meshio import STEP_MM, Mesh, load_mesh, quantise
from explorer.anatomy.surface import Surface
from explorer.anatomy.variant import FADE, OUTWARD_MM, REACH, Variant, load_variant
from explorer.atlas import VARIANTS
from explorer.bundle import bundle
from explorer.catalogue import catalogue
from explorer.errors import ExplorerError

if TYPE_CHECKING:
    from explorer.atlas import Atlas

MAGIC = b"RPX1"
#: style sheets of the explorer, in the order in which they hold
SHEETS = ("style.css", "tools.css", "share.css", "press.css", "compare.css", "labels.css")
#: distance of the dots of spillover: so many millimetres, and more where the mesh is coarse
DOT_SPACING_MM = 4.2
DOT_SPACING_EDGES = 0.9
#: radius of a dot, as a share of the distance
DOT_SHARE = 0.22
_CODES = {np.dtype(np.uint8): "u1", np.dtype(np.uint16): "u2", np.dtype(np.uint32): "u4", np.dtype(np.float32): "f4"}


@dataclass(frozen=True)
class Asset:
    """One file for the browser.

    Attributes
    ----------
    name : str
        File name with the hash of its content.
    content : bytes
        As it is sent, gzip-compressed.
    kind : str
        Media type of what is inside.
    """

    name: str
    content: bytes
    kind: str

    @property
    def transparent(self) -> bool:
        """True when the server says that it is compressed and the browser unpacks it by itself."""
        return self.kind.startswith("text/")


def _named(stem: str, ending: str, raw: bytes, kind: str) -> Asset:
    content = gzip.compress(raw, 9, mtime=0)
    digest = hashlib.sha256(content).hexdigest()[:16]
    return Asset(f"{stem}-{digest}.{ending}", content, kind)


def pack_arrays(header: dict[str, Any], arrays: dict[str, tuple[NDArray[Any], int]]) -> bytes:
    """Pack arrays into a container that ``assets.js`` reads.

    Parameters
    ----------
    header : dict
        Plain values that go along.
    arrays : dict of name to (array, delta)
        ``delta`` > 0: each value is kept as its difference, modulo the type, to the one so many places before.
    """
    index: dict[str, Any] = {}
    parts: list[bytes] = []
    offset = 0
    for name, (array, delta) in arrays.items():
        flat = np.ascontiguousarray(array).ravel()
        if delta:
            kept = flat.copy()
            kept[delta:] = flat[delta:] - flat[:-delta]
            flat = kept
        data = flat.astype(flat.dtype.newbyteorder("<")).tobytes()
        index[name] = {"type": _CODES[flat.dtype], "offset": offset, "length": len(flat), "delta": delta}
        padding = -len(data) % 4
        parts += [data, b"\0" * padding]
        offset += len(data) + padding
    text = json.dumps(header | {"arrays": index}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return MAGIC + struct.pack("<I", len(text)) + text + b"".join(parts)


#: shapes without a record that lie on the midline
MIDLINE = ("brainstem_cord",)
#: folder of shapes -> kind of thing in the view
KINDS = {"bones": "bone", "muscles": "muscle", "joints": "joint", "nerves": "nerve", "deep": "deep"}


def dot_spacing(surface: Surface) -> NDArray[np.float64]:
    """(n,) least distance of a dot of spillover at each vertex to any other, mm."""
    return np.maximum(DOT_SPACING_MM, DOT_SPACING_EDGES * surface.spacing)


def even_dots(vertices: NDArray[np.float64], spacing: NDArray[np.float64]) -> NDArray[np.int64]:
    """Choose vertices that lie evenly over a surface.

    Parameters
    ----------
    vertices : (n, 3) float
        mm.
    spacing : (n,) float
        Least distance of a chosen vertex to any other, mm.

    Returns
    -------
    (k,) int
        Rising vertex ids.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(vertices)
    free = np.ones(len(vertices), bool)
    chosen = []
    # a fixed shuffle: neither rows of the mesh nor chance from run to run shows in the dots
    for vertex in np.random.default_rng(7).permutation(len(vertices)):
        if free[vertex]:
            chosen.append(int(vertex))
            free[tree.query_ball_point(vertices[vertex], spacing[vertex])] = False
    return np.sort(np.array(chosen))


def _variant(variant: Variant) -> Asset:
    """A body for the browser: shifts of skin and eye, and the warp."""
    header: dict[str, Any] = {
        "name": variant.name,
        "step_mm": STEP_MM,
        "reach": REACH,
        "fade": FADE,
        "outward": OUTWARD_MM,
        "origin": {},
    }
    arrays: dict[str, tuple[NDArray[Any], int]] = {}
    for name, steps in (("skin", variant.skin), ("eye", variant.eye)):
        origin, kept = quantise(STEP_MM * steps.astype(np.float64))
        header["origin"][name] = [round(float(x), 4) for x in origin]
        arrays[name] = (kept, 3)
    arrays["points"] = (variant.spline.points.astype(np.float32), 0)
    arrays["weights"] = (variant.spline.weights.astype(np.float32), 0)
    return _named(f"body-{variant.name}", "bin.gz", pack_arrays(header, arrays), "application/octet-stream")


@dataclass(frozen=True)
class Assets:
    """All assets of one atlas, packed when first asked for."""

    atlas: Atlas

    @cached_property
    def catalogue(self) -> Asset:
        """Records and texts, JSON."""
        text = json.dumps(catalogue(self.atlas), ensure_ascii=False, separators=(",", ":"))
        return _named("catalogue", "json.gz", text.encode(), "application/json")

    @cached_property
    def body(self) -> Asset:
        """Meshes of skin, eye, bones, muscles, joints and deep areas."""
        meshes: dict[str, tuple[str, str, Mesh]] = {
            "skin": ("skin", "midline", self.atlas.skin_mesh),
            "eye": ("eye", "paired", self.atlas.eye_mesh),
        }
        data = self.atlas.dataset
        for folder, kind in KINDS.items():
            for name in self.atlas.shape_ids(folder):
                known = data.bones.get(name) or data.structures.get(name)
                pairing: str = known.pairing if known else "midline" if name in MIDLINE else "paired"
                own = self.atlas.own.path(folder, name, "right") if self.atlas.own else None
                meshes[name] = (kind, "left" if own else pairing, self.atlas.average_shape(name))
                if own:  # a right side that is no mirror image of the left
                    meshes[f"{name}@right"] = (kind, "right", load_mesh(own))
        header: dict[str, Any] = {"step_mm": STEP_MM, "meshes": {}}
        arrays: dict[str, tuple[NDArray[Any], int]] = {}
        for name, (kind, pairing, mesh) in meshes.items():
            origin, steps = quantise(mesh.vertices)
            header["meshes"][name] = {"kind": kind, "pairing": pairing, "origin": [round(float(x), 4) for x in origin]}
            arrays[f"{name}:steps"] = (steps, 3)
            arrays[f"{name}:faces"] = (mesh.faces.astype(np.uint16 if len(mesh.vertices) < 65536 else np.uint32), 3)
            for value in ("along", "across", "light"):
                if value in mesh.values:
                    arrays[f"{name}:{value}"] = (mesh.values[value], 0)
        return _named("body", "bin.gz", pack_arrays(header, arrays), "application/octet-stream")

    @cached_property
    def paint(self) -> Asset:
        """Painted weights of patterns and areas, the mirror map, areas of vertices, and the dots."""
        skin = self.atlas.skin_mesh
        surface = Surface(skin.vertices, skin.faces)
        patterns, areas = self.atlas.pattern_weights, self.atlas.area_weights
        spacing = dot_spacing(surface)
        dots = even_dots(skin.vertices, spacing)
        start = np.concatenate([patterns.start, areas.start[1:] + patterns.start[-1]])
        header = {"layers": [*patterns.names, *(f"area:{name}" for name in areas.names)], "topology": patterns.topology}
        arrays: dict[str, tuple[NDArray[Any], int]] = {
            "start": (start.astype(np.uint32), 0),
            "vertex": (np.concatenate([patterns.vertex, areas.vertex]), 1),
            "value": (np.concatenate([patterns.value, areas.value]), 0),
            "mirror": (skin.values["mirror"].astype(np.uint16), 1),
            "areas": (surface.vertex_areas.astype(np.float32), 0),
            "dots": (dots.astype(np.uint16), 1),
            "dot_radii": (np.round(10 * DOT_SHARE * spacing[dots]).astype(np.uint8), 0),
        }
        return _named("paint", "bin.gz", pack_arrays(header, arrays), "application/octet-stream")

    @cached_property
    def variants(self) -> dict[str, Asset]:
        """Other bodies by name, each loaded only when it is chosen."""
        return {
            name: _variant(load_variant(self.atlas.meshes / VARIANTS / f"{name}.npz")) for name in self.atlas.variants
        }

    @cached_property
    def code(self) -> Asset:
        """The browser's modules as one."""
        return _named("explorer", "js", bundle().encode(), "text/javascript")

    @cached_property
    def sheet(self) -> Asset:
        """The style sheet."""
        text = "".join((folders.BROWSER / name).read_text(encoding="utf-8") for name in SHEETS)
        return _named("explorer", "css", text.encode(), "text/css")

    @cached_property
    def kit(self) -> Asset:
        """What a hand-out made in the browser is made with: style sheet of its page, and frame of the one HTML file."""
        return _named("kit", "json.gz", json.dumps(onefile_shell()).encode(), "application/json")

    @property
    def data(self) -> dict[str, Asset]:
        """What the explorer loads by itself, by the names it knows."""
        return {"catalogue": self.catalogue, "body": self.body, "paint": self.paint}

    def places(self, prefix: str, name: Callable[[Asset], str] = lambda asset: asset.name) -> dict[str, Any]:
        """Where a page finds the assets, as ``mount`` of ``main.js`` takes it.

        Parameters
        ----------
        prefix : str
            Of all addresses.
        name : callable
            Under which name an asset is served.
        """

        def place(asset: Asset) -> dict[str, Any]:
            return {"url": prefix + name(asset), "bytes": len(asset.content)}

        return {
            "assets": {key: place(asset) for key, asset in self.data.items()},
            "variants": {key: place(asset) for key, asset in self.variants.items()},
            "sheet": place(self.sheet),
            "sources": {"kit": place(self.kit), "code": place(self.code), "sheet": place(self.sheet)},
        }

    @property
    def all(self) -> tuple[Asset, ...]:
        """Every asset."""
        return (*self.data.values(), *self.variants.values(), self.code, self.sheet, self.kit)


def file_asset(path: Path) -> Asset:
    """A script or a style sheet that a library brings, named by its content.

    Raises
    ------
    ExplorerError
        When the library has no such file.
    """
    if not path.is_file():
        raise ExplorerError(f"{path}: a file of the installed Panel or Bokeh is missing; install them again with pip")
    kinds = {".js": "text/javascript", ".css": "text/css"}
    return _named(path.name.removesuffix(path.suffix), path.suffix[1:], path.read_bytes(), kinds[path.suffix])


def site_sheet() -> Asset:
    """The style sheet of the pages around the explorer."""
    return _named("site", "css", (folders.BROWSER / "site.css").read_bytes(), "text/css")


def onefile_shell() -> dict[str, str]:
    """The frame of a hand-out as one HTML file, and the style sheet of its page.

    Returns
    -------
    dict
        ``shell`` with places ``{{title}}``, ``{{style}}``, ``{{text}}``, ``{{packs}}``; its only script is named by
        hash in its content security policy. ``style``, CSS.
    """
    boot = (folders.BROWSER / "onefile_boot.txt").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(boot.encode()).digest()).decode()
    shell = (folders.BROWSER / "onefile.html").read_text(encoding="utf-8")
    shell = shell.replace("{{boot}}", boot).replace("{{hash}}", f"sha256-{digest}")
    return {"shell": shell, "style": (folders.BROWSER / "handout.css").read_text(encoding="utf-8")}
