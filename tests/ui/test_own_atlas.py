"""A person's own atlas in the app: shown, told apart from ours, credited, chosen and left again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from explorer import load_atlas
from explorer.bring.importing import import_atlas
from tests import bring_kit as kit
from tests.ui.conftest import Visitor


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A server whose shelf holds a small atlas named lab."""
    home = tmp_path_factory.mktemp("home")
    ours = load_atlas()
    shapes = kit.small_atlas(ours)
    # a right side that is no mirror image
    v, f = shapes["right_trapezius_upper"]
    shapes["right_trapezius_upper"] = (v, f[: len(f)])
    kit.put(home / "lab", shapes, "ply", kit.ply)
    table = kit.mapping(home / "map.csv", shapes, ".ply")
    import_atlas(home / "lab", ours, mapping=table, name="lab", credit="Our lab, 2024", shelf=home / "atlases")
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser", "--atlas", "lab"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "REFERRED_PAIN_HOME": str(home)}
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=root
    ) as server:
        assert server.stdout is not None
        for line in server.stdout:
            found = re.search(r"http://localhost:\d+", line)
            if found:
                break
        else:
            pytest.fail("the server never printed its address")
        try:
            yield found[0]
        finally:
            server.terminate()


def words(visitor: Visitor, css: str) -> str:
    return visitor.page.locator(f".rpx {css}").first.inner_text()


def test_theirs_is_shown_with_everything_that_ours_has(visitor):
    visitor.open("v=1&s=trapezius_upper&side=both")
    theirs = visitor.run("e => e.view.meshOf('trapezius_upper/left').positions.length")
    right = visitor.run("e => e.view.meshOf('trapezius_upper/right')?.key")
    assert right == "trapezius_upper@right"
    assert theirs > 0
    sides = visitor.run(
        "e => ['left', 'right'].map(s => e.view.meshOf(`scapula/${s}`).positions.filter((_, k) => k % 3 === 0).reduce((a, b) => a + b) > 0)"
    )
    assert sides == [True, False]
    assert "Shape: from lab." in words(visitor, ".card")
    assert len(visitor.run("e => e.scene().paint")) == 4  # two patterns, both sides
    # each trigger point lies by the muscle of its side
    for marker in visitor.run("e => e.scene().markers"):
        assert (marker["xyz_mm"][0] > 0) == (marker["side"] == "left")
    visitor.run("e => e.set({ body: 'female', structures: ['levator_scapulae'] })")
    visitor.page.wait_for_selector(".rpx[data-body=female]")
    visitor.settle()
    place = visitor.run("e => e.view.meshOf('levator_scapulae/right').positions")
    assert sum(list(place.values())[::3] if isinstance(place, dict) else place[::3]) < 0


def test_what_is_missing_is_said_to_be_ours(visitor):
    visitor.open("v=1&s=temporalis")
    assert "our own; lab has none of it" in words(visitor, ".card")
    entry = visitor.page.locator('.rpx button.entry[data-id="temporalis"] .badge-ours')
    assert entry.inner_text() == "our shape"
    assert visitor.page.locator('.rpx button.entry[data-id="trapezius_upper"] .badge-ours').count() == 0
    assert "Our muscle" in words(visitor, ".legend")
    style = visitor.run("e => e.catalogue.style")
    visitor.run("e => e.set({ structures: [] })")
    colours = visitor.run(
        "e => Object.fromEntries(Object.entries(e.scene().structures).map(([k, v]) => [k, v.colour]))"
    )
    assert colours["temporalis/left"] == style["muscle_ours"]
    assert colours["trapezius_upper/left"] == style["muscle"]


def test_credits_and_their_condition_stand_on_card_about_page_and_pictures(visitor, address):
    visitor.open()
    card = words(visitor, ".shape-credits")
    assert "Our lab, 2024 (unknown)" in card
    assert "The licence of these shapes was not said" in card
    visitor.page.goto(f"{address}/about")
    assert "lab: Our lab, 2024 (unknown)" in visitor.page.locator("body").inner_text()
    visitor.open("v=1&s=trapezius_upper")
    visitor.page.locator(".rpx summary, .rpx button").filter(has_text="More").first.click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_text("Chart (SVG)").click()
    drawn = re.sub(r"<[^>]+>", " ", Path(download.value.path()).read_text(encoding="utf-8"))
    text = " ".join(drawn.split())
    assert "Our lab, 2024 (unknown)" in text
    assert "Keep pictures of them to yourself" in text


def test_shapes_are_chosen_in_the_page_and_the_link_keeps_them(visitor):
    visitor.open("v=1&s=trapezius_upper")
    theirs = visitor.run("e => e.view.meshOf('trapezius_upper/left').positions.length")
    menu = visitor.page.locator("#rpx-atlas")
    assert menu.input_value() == "lab"
    visitor.page.locator(".rpx summary, .rpx button").filter(has_text="More").first.click()
    with visitor.page.expect_navigation():
        menu.select_option("default")
    visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    visitor.settle()
    assert "atlas=default" in visitor.fragment
    assert visitor.run("e => e.catalogue.own") is None
    assert visitor.run("e => e.view.meshOf('trapezius_upper/left').positions.length") != theirs
    assert visitor.state["structures"] == ["trapezius_upper"]
    assert visitor.page.locator(".rpx .shape-credits").count() == 0
    visitor.open("v=1&s=trapezius_upper&atlas=unheard_of")
    assert "unheard_of" in words(visitor, ".toast")
    assert visitor.run("e => e.catalogue.own.name") == "lab"
