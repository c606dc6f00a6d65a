"""What is chosen is shown: from a side on which its paint is seen, and clear of what lies over the picture."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import load_atlas

ATLAS = load_atlas()
EYES = {"front": (0, -1, 0), "back": (0, 1, 0), "left": (1, 0, 0), "right": (-1, 0, 0)}


def painted(structure: str, side: str) -> np.ndarray:
    """Vertices of the skin in the core or the spillover of any of its patterns."""
    layers = [
        ATLAS.pattern_weights.layer(f"{pattern.id}/{role}")
        for pattern in ATLAS[structure].patterns
        for role in ("core", "spillover")
    ]
    left = np.max(layers, axis=0) > 0.5
    return np.flatnonzero(left if side == "left" else left[ATLAS.skin_mesh.values["mirror"]])


@pytest.mark.parametrize(
    ("structure", "side"), [("temporalis", "right"), ("levator_scapulae", "left"), ("trapezius_upper", "right")]
)
def test_a_link_without_a_view_is_shown_from_where_its_paint_is_seen(visitor, structure, side):
    visitor.open(f"v=1&s={structure}&side={side}")
    pose = visitor.run("e => e.view.pose()")
    eye = np.array([np.sin(pose["azimuth"]), -np.cos(pose["azimuth"]), 0.0])
    own = painted(structure, side)
    seen = (ATLAS.skin.vertex_normals[own] @ eye > 0.2).mean()
    best = max((ATLAS.skin.vertex_normals[own] @ np.array(way) > 0.2).mean() for way in EYES.values())
    assert seen > 0.35 * best
    assert visitor.state["view"] in ("three_quarter", *EYES)


def test_a_link_that_names_its_view_keeps_it(visitor):
    visitor.open("v=1&s=temporalis&side=right&view=three_quarter")
    assert visitor.state["view"] == "three_quarter"
    visitor.run("e => e.set({ voice: 'clinical' })")
    assert "view=three_quarter" in visitor.fragment


@pytest.mark.parametrize(
    "fragment",
    ["s=temporalis&view=left", "s=temporalis,masseter_superficial&view=left", "s=levator_scapulae&view=back"],
)
@pytest.mark.parametrize("size", [(1300, 850), (1000, 620), (390, 844)])
def test_no_paint_lies_behind_the_bars(visitor, fragment, size):
    visitor.page.set_viewport_size({"width": size[0], "height": size[1]})
    visitor.open(f"v=1&{fragment}")
    structures = visitor.state["structures"]
    places = np.array(
        [visitor.where(ATLAS.skin.vertices[v]) for name in structures for v in painted(name, "left")[::12]]
    )
    stage = visitor.page.locator(".rpx .canvas").bounding_box()
    bars = [visitor.page.locator(f".rpx .bar.{name}").bounding_box() for name in ("top", "bottom")]
    assert bars[0]["y"] < bars[1]["y"]
    assert places[:, 1].max() <= bars[1]["y"] + 2
    assert places[:, 1].min() >= bars[0]["y"] + bars[0]["height"] - 2
    assert places[:, 0].min() >= stage["x"] - 2
    assert places[:, 0].max() <= stage["x"] + stage["width"] + 2
