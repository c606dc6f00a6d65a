"""The hand-out as one HTML file that opens from disk: words that need no script, and the 3D view packed beside them."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import escape

from explorer.anatomy.weights import Weights
from explorer.assets import Asset, Assets, onefile_shell
from explorer.atlas import Atlas
from explorer.export.handout import HandoutContent, HandoutRequest, chosen, handout_content
from explorer.export.vtkjs import vtkjs
from explorer.export.whole import whole_file

if TYPE_CHECKING:
    from explorer.records import Structure

#: characters of a link that still makes a code which phones read from paper; the same in browser/handout.js
LONGEST_QR = 900


class PartAtlas(Atlas):
    """An atlas of some structures, with the whole body but no other muscles: what one hand-out needs.

    Parameters
    ----------
    whole : Atlas
    structures : tuple of Structure
        Their members and parts come along.
    """

    def __init__(self, whole: Atlas, structures: tuple[Structure, ...]) -> None:
        data = whole.dataset
        ids: set[str] = set()

        def add(name: str) -> None:
            if name not in ids:
                ids.add(name)
                for member in data.structures[name].members:
                    add(member)

        for structure in structures:
            add(structure.id)
        for structure in data.structures.values():
            if structure.part_of in ids:
                add(structure.id)
        kept = {name: structure for name, structure in data.structures.items() if name in ids}
        patterns = {p.id: p for structure in kept.values() for p in structure.patterns}
        cited = {e.reference_id for p in patterns.values() for e in p.evidence}
        cited |= {fact.reference_id for structure in kept.values() for fact in structure.anatomy}
        part = dataclasses.replace(
            data,
            structures=MappingProxyType(kept),
            patterns=MappingProxyType(patterns),
            trigger_points=MappingProxyType({k: p for k, p in data.trigger_points.items() if p.structure_id in ids}),
            references=MappingProxyType({name: entry for name, entry in data.references.items() if name in cited}),
            look_alikes=(),
        )
        super().__init__(part, whole.meshes, whole.name, whole.body)
        self._whole = whole
        self._shapes = ids | {row.area_id for p in patterns.values() for row in p.areas}

    def shape_ids(self, folder: str) -> tuple[str, ...]:
        every = super().shape_ids(folder)
        return every if folder == "bones" else tuple(name for name in every if name in self._shapes)

    @cached_property
    def pattern_weights(self) -> Weights:
        every = self._whole.pattern_weights
        return only(every, tuple(name for name in every.names if name.partition("/")[0] in self.dataset.patterns))

    @cached_property
    def area_weights(self) -> Weights:
        return self._whole.area_weights

    @cached_property
    def trigger_point_places(self) -> dict[str, tuple[float, float, float]]:
        every = self._whole.trigger_point_places
        return {name: every[name] for name in every if name in self.dataset.trigger_points}


def only(weights: Weights, names: tuple[str, ...]) -> Weights:
    """Weights with some of their layers."""
    rows = [weights.names.index(name) for name in names]
    parts = [slice(int(weights.start[k]), int(weights.start[k + 1])) for k in rows]
    lengths = [part.stop - part.start for part in parts]
    return Weights(
        names,
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.concatenate([weights.vertex[part] for part in parts] or [weights.vertex[:0]]),
        np.concatenate([weights.value[part] for part in parts] or [weights.value[:0]]),
        weights.vertex_count,
        weights.topology,
    )


def _qr(link: str | None) -> dict[str, Any] | None:
    """The dark modules of a QR code as the ``d`` of an SVG path, with its size."""
    if link is None or len(link) > LONGEST_QR:
        return None
    import segno

    rows = [list(row) for row in segno.make_qr(link, error="m", boost_error=False).matrix]
    parts = [
        f"M{found.start() + 4} {y + 4}h{len(found[0])}v1h-{len(found[0])}z"
        for y, row in enumerate(rows)
        for found in re.finditer("1+", "".join(str(int(module)) for module in row))
    ]
    return {"d": "".join(parts), "size": len(rows) + 8}


def text_of(atlas: Atlas, content: HandoutContent) -> str:
    """The words of a hand-out as HTML; everything is escaped."""
    texts = atlas.dataset.texts["en"]
    environment = Environment(
        loader=PackageLoader("explorer", "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("handout.html").render(c=content, t=texts.__getitem__, qr=_qr(content.link))


def html_of(atlas: Atlas, request: HandoutRequest) -> str:
    """The whole file.

    Raises
    ------
    DataError
        When the request cannot be used; see :func:`explorer.export.handout.handout_content`.
    """
    content = handout_content(atlas, request)
    structures = chosen(atlas, request)
    texts = atlas.dataset.texts["en"]
    assets = Assets(PartAtlas(atlas, structures))
    words = {
        "state": {"structures": [structure.id for structure in structures], "side": request.side},
        "turn": texts["handout.turn"],
        "failed": texts["handout.failed"],
    }
    plain = json.dumps(words, ensure_ascii=True)
    for letter in "<>&":
        plain = plain.replace(letter, f"\\u{ord(letter):04x}")
    own: dict[str, Asset] = {"vtk": vtkjs(), "code": assets.code, "sheet": assets.sheet} | assets.data
    packs = [
        f'<script type="application/octet-stream" id="pack-{name}">{base64.b64encode(asset.content).decode()}</script>'
        for name, asset in own.items()
    ]
    packs.append(f'<script type="application/json" id="pack-words">{plain}</script>')
    shell = onefile_shell()
    parts = {
        "title": str(escape(f"{content.title} - {content.app}")),
        "style": shell["style"],
        "text": text_of(atlas, content),
        "packs": "\n".join(packs),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], shell["shell"])


def write_html(atlas: Atlas, request: HandoutRequest, path: Path) -> None:
    """Write the file, whole or not at all.

    Raises
    ------
    DataError
        When the request cannot be used.
    """
    text = html_of(atlas, request)
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8", newline="\n")
