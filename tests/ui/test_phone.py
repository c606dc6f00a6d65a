"""On a phone of 390 px, with fingers: painting, turning with two, the way from drawing to list; and large print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from explorer import load_atlas
from tests.ui.conftest import Visitor
from tests.ui.test_pain import middle_of

ATLAS = load_atlas()
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}


@pytest.fixture
def phone(browser, address, request) -> Iterator[Visitor]:
    context = browser.new_context(**PHONE, reduced_motion="reduce", **getattr(request, "param", {}))
    person = Visitor(context.new_page(), address)
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []


def fingers(visitor: Visitor, *paths: list[tuple[float, float]]) -> None:
    """Put down a finger at the start of each path, move all together, lift them."""
    session = visitor.page.context.new_cdp_session(visitor.page)

    def touch(kind: str, points) -> None:
        spots = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    for count in range(1, len(paths) + 1):  # one finger after the other, as people do
        touch("touchStart", [path[0] for path in paths[:count]])
    for step in range(1, len(paths[0])):
        touch("touchMove", [path[step] for path in paths])
    touch("touchEnd", [])
    visitor.settle()


def line(start, end, steps: int = 8) -> list[tuple[float, float]]:
    return [tuple(np.add(start, np.subtract(end, start) * k / steps)) for k in range(steps + 1)]


@pytest.mark.parametrize(
    "phone", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
def test_a_finger_paints_two_turn_and_the_list_is_one_tap_away(phone):
    phone.open("v=1&mode=pain&view=left")
    page = phone.page
    page.locator(".rpx .brushes [data-tool=brush]").tap()
    phone.settle()
    spots = [phone.where(middle_of(area)) for area in ("temple_anterior", "temple_mid", "temple_posterior")]
    pose = phone.run("e => e.view.pose()")
    fingers(phone, [spot for one, two in pairwise(spots) for spot in line(one, two)])
    assert phone.run("e => e.view.pose()") == pose  # one finger paints and does not turn
    assert len(phone.state["strokes"]) == 1
    painted = np.array(phone.run("e => [...e.pain.paintOf(e.get())]"))
    for area in ("temple_anterior", "temple_mid"):
        near = np.argmin(np.linalg.norm(ATLAS.skin_mesh.vertices - middle_of(area), axis=1))
        assert painted[near] > 0.5
    assert painted[ATLAS.paint_area("temple_mid", "right") > 0.5].max() == 0
    assert page.evaluate("scrollY") == 0

    # two fingers near each other move the body as a sheet, spread they bring it nearer; neither paints
    box = page.locator(".rpx .canvas").bounding_box()
    cx, cy = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers(phone, line((cx - 30, cy), (cx - 90, cy)), line((cx + 30, cy), (cx + 90, cy)))
    assert phone.run("e => e.view.pose().distance") < 0.7 * pose["distance"]
    assert len(phone.state["strokes"]) == 1
    assert np.array_equal(np.array(phone.run("e => [...e.pain.paintOf(e.get())]")), painted)
    page.locator(".rpx [data-tool=back]").tap()
    phone.settle()

    # from the drawing to the warning signs and the list with one tap each
    page.locator(".rpx [data-act=see]").tap()
    assert page.locator(".rpx .pain-right [data-act=continue]").is_visible()
    page.locator(".rpx .pain-right [data-act=continue]").tap()
    rows = page.locator(".rpx .match")
    expected = ATLAS.match(weights=painted)
    assert rows.first.get_attribute("data-pattern") == expected[0].pattern
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(
            path=f"{folder}/phone_{page.evaluate('matchMedia(`(prefers-color-scheme: dark)`).matches')}.png"
        )
    # the chart holds the drawing too
    page.locator(".rpx .tabs [data-tab=chart]").tap()
    assert page.locator(".rpx .chart .own").count() >= 1


def test_two_fingers_turn_while_the_areas_are_chosen(phone):
    """With no brush in hand one finger turns, and does not choose; a tap does."""
    phone.open("v=1&mode=pain&view=left")
    box = phone.page.locator(".rpx .canvas").bounding_box()
    cx, cy = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = phone.run("e => e.view.pose()")
    fingers(phone, line((cx, cy), (cx + 80, cy)))
    after = phone.run("e => e.view.pose()")
    assert after != before
    assert after["distance"] == before["distance"]
    assert phone.state["areas"] == []
    phone.page.locator(".rpx [data-tool=back]").tap()
    phone.settle()
    phone.page.touchscreen.tap(*phone.where(middle_of("temple_mid")))
    phone.settle()
    assert phone.state["areas"] == ["temple_mid:left"]


@pytest.mark.parametrize("phone", [{"color_scheme": "light"}], indirect=True)
@pytest.mark.parametrize("fragment", ["", "v=1&mode=pain&a=temple_mid:left", "v=1&s=trapezius_upper"])
def test_large_print_cuts_nothing_off(phone, fragment):
    """Twice the size of letters, as a person sets it on a phone: no sideways scrolling, no word outside its button."""
    phone.open(fragment)
    page = phone.page
    phone.page.locator(".rpx").evaluate("root => { root.style.fontSize = '30px'; }")
    for tab in ("list", "card", "chart", "options"):
        page.locator(f".rpx .tabs [data-tab='{tab}']").click()
        cut = page.locator(".rpx").evaluate(
            """root => [...root.querySelectorAll("button, summary, h2, h3, label, p")]
              .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(".sr-only") && node.getBoundingClientRect().width > 2)
              .filter((node) => node.getBoundingClientRect().right > innerWidth + 1 || node.scrollWidth > node.clientWidth + 2 && getComputedStyle(node).display !== "inline")
              .map((node) => node.outerHTML.slice(0, 120))"""
        )
        if folder := os.environ.get("PICTURES"):
            page.screenshot(path=f"{folder}/large_{tab}_{len(fragment)}.png")
        assert cut == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
