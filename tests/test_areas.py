"""The named areas: every place that a person can point at has a name, and places that are drawn are drawn."""

from __future__ import annotations

import numpy as np

from explorer.anatomy.surface import Surface

#: the browser names a place from this weight on (``areaAt`` in ``explorer/browser/paint.js``), of 255
NAMED = 90


def test_every_place_on_the_skin_has_a_name(atlas, data):
    """Less than 1 % of the skin has none: borders of lips and lids, and the inside of the eye sockets."""
    best = np.zeros(len(atlas.skin_mesh.vertices))
    for area in data.areas.values():
        if area.place == "skin":
            for side in ("left", "right"):
                best = np.maximum(best, atlas.paint_area(area.id, side))
    size = Surface(atlas.skin_mesh.vertices, atlas.skin_mesh.faces).vertex_areas
    assert size[best * 255 <= NAMED].sum() / size.sum() < 0.01


def test_what_is_drawn_is_not_said_to_lie_below_the_edge(data):
    drawn = {shape.area_id for shape in data.area_shapes}
    assert [area.id for area in data.areas.values() if area.below_crop and area.id in drawn] == []
