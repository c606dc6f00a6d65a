"""Other bodies and skin tones in the browser."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import load_atlas

NAMES = ("male", "female", "older")
SAMPLES = ("skin", "trapezius_upper", "orbicularis_oculi_orbital", "skull", "eye", "gon", "orbit_deep", "humerus")

POSITIONS = """(e, [key, every]) => {
  const p = e.view.meshOf(key).positions;
  return Array.from({ length: Math.ceil(p.length / 3 / every) }, (_, k) => [...p.subarray(3 * k * every, 3 * k * every + 3)]);
}"""


def opened(visitor):
    """The options behind "More", opened."""
    more = visitor.page.locator(".rpx .more")
    if more.get_attribute("open") is None:
        more.locator("summary").click()
    return more


def chosen_body(visitor, name: str) -> None:
    opened(visitor).locator("#rpx-body").select_option(name)
    visitor.page.wait_for_selector(f".rpx[data-body='{name}']", timeout=30_000)
    visitor.settle()


@pytest.mark.parametrize("name", NAMES)
def test_the_browser_carries_shapes_as_python_does(visitor, name):
    atlas = load_atlas(variant=name)
    visitor.open(f"v=1&body={name}")
    for shape in SAMPLES:
        mesh = {"skin": atlas.skin_mesh, "eye": atlas.eye_mesh}.get(shape) or atlas._shape(shape)
        record = atlas.dataset.bones.get(shape)
        midline = record is not None and record.pairing == "midline"
        key = "skin" if shape == "skin" else f"{shape}/{'midline' if midline else 'left'}"
        seen = np.array(visitor.run(POSITIONS, [key, 23]))
        assert np.abs(seen - mesh.vertices[::23]).max() < 1e-3, shape
        if not midline and shape != "skin":
            right = np.array(visitor.run(POSITIONS, [f"{shape}/right", 23]))
            assert np.abs(right - mesh.vertices[::23] * [-1, 1, 1]).max() < 1e-3, shape


def test_a_body_is_fetched_only_when_chosen_and_kept_in_the_link(visitor):
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    visitor.open("v=1&s=trapezius_upper")
    assert not [name for name in asked if name.startswith(("body-male", "body-female"))]
    before = visitor.run(POSITIONS, ["trapezius_upper/left", 50])
    chosen_body(visitor, "female")
    assert len([name for name in asked if name.startswith("body-female")]) == 1
    assert "body=female" in visitor.fragment
    assert visitor.run(POSITIONS, ["trapezius_upper/left", 50]) != before
    chosen_body(visitor, "average")
    assert "body=" not in visitor.fragment
    assert visitor.run(POSITIONS, ["trapezius_upper/left", 50]) == before
    chosen_body(visitor, "female")
    assert len([name for name in asked if name.startswith("body-female")]) == 1


def test_marks_and_picking_follow_the_body(visitor):
    female = load_atlas(variant="female")
    visitor.open("v=1&s=trapezius_upper&view=back&body=female")
    mark = visitor.page.locator(".rpx .mark").first
    point, box = mark.get_attribute("data-point"), mark.bounding_box()
    x, y = visitor.where(female.trigger_point_places[point])
    assert np.hypot(box["x"] + box["width"] / 2 - x, box["y"] + box["height"] / 2 - y) < 1.5
    # a ray to a vertex of the carried skin meets the skin there
    skin = female.skin_mesh
    target = skin.vertices[(skin.vertices * [0, 1, 0]).sum(axis=1).argmax()]
    spot = visitor.run("(e, p) => e.view.project(p)", target.tolist())
    hit = visitor.run("(e, [x, y]) => e.view.pick(x, y).skin.xyz_mm", [spot["x"], spot["y"]])
    assert np.linalg.norm(np.array(hit) - target) < 0.5


def test_body_and_tone_are_reached_by_keyboard_and_named(visitor):
    visitor.open()
    visitor.page.locator(".rpx .more summary").press("Enter")
    body = visitor.page.get_by_label("Body", exact=True)
    body.focus()
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.wait_for_selector(".rpx[data-body]", timeout=30_000)
    assert visitor.state["body"] == visitor.run("e => e.bodies.names[1]")
    assert "Body shown" in visitor.page.locator(".rpx .sr-only[role=status]").inner_text()
    visitor.page.get_by_label("Skin tone", exact=True).focus()
    visitor.page.keyboard.press("ArrowDown")
    assert visitor.state["tone"] == "medium"
    assert "tone=medium" in visitor.fragment


def test_a_darker_tone_darkens_the_skin_and_keeps_the_paint_apart_from_it(visitor):
    light = visitor.open("v=1&s=temporalis&view=left").picture()
    opened(visitor).locator("#rpx-tone").select_option("dark")
    visitor.settle()
    dark = visitor.picture()
    centre = [visitor.run("(e, p) => e.view.project(p)", p) for p in ([40.0, -85.0, -60.0],)]
    x, y = int(centre[0]["x"]), int(centre[0]["y"])
    assert dark[y, x].sum() < 0.6 * light[y, x].sum()
    core = visitor.page.locator(".rpx").evaluate("node => getComputedStyle(node).getPropertyValue('--core')")
    assert core.strip() == visitor.run("e => e.catalogue.style.tones.dark.core")


def test_an_unknown_body_in_a_link_is_named(visitor):
    visitor.open("v=1&body=giant&tone=green")
    assert visitor.state["body"] == "average"
    assert visitor.state["tone"] == "light"
    assert "giant, green" in visitor.page.locator(".rpx .toast").inner_text()


def test_a_body_that_does_not_come_leaves_the_one_before(visitor):
    visitor.open("v=1&s=temporalis")
    visitor.page.route("**/body-male*", lambda route: route.abort())
    opened(visitor).locator("#rpx-body").select_option("male")
    visitor.page.wait_for_selector(".rpx .toast:not([hidden])")
    assert "could not be loaded" in visitor.page.locator(".rpx .toast").inner_text()
    assert visitor.state["body"] == "average"
    assert visitor.page.locator(".rpx #rpx-body").input_value() == "average"
    visitor.errors.clear()  # the browser itself reports the request that was cut
