"""The pain-first door as a person uses it: paint, warning signs first, ranked list, refine, undo, open a pattern."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from explorer import load_atlas
from explorer.drawings import drawing_from_json

ATLAS = load_atlas()
TEMPLE = "v=1&mode=pain&a=temple_anterior:left,temple_mid:left"


def inside(visitor, selector: str):
    return visitor.page.locator(f".rpx {selector}")


def read_warnings(visitor) -> None:
    inside(visitor, ".pain-right [data-act=continue]").click()
    visitor.settle()


def rows(visitor) -> list[tuple[str, str]]:
    return [
        tuple(row)
        for row in inside(visitor, ".match").evaluate_all("b => b.map(n => [n.dataset.pattern, n.dataset.side])")
    ]


def middle_of(area: str, side: str = "left") -> np.ndarray:
    weights = ATLAS.paint_area(area, side)
    centre = np.average(ATLAS.skin_mesh.vertices, axis=0, weights=weights)
    near = np.linalg.norm(ATLAS.skin_mesh.vertices - centre, axis=1)
    return ATLAS.skin_mesh.vertices[np.argmin(near + 100 * (weights < 0.9))]


def stroke(visitor, *areas: str) -> None:
    """Drag the mouse over the middles of areas."""
    spots = [visitor.where(middle_of(area)) for area in areas]
    mouse = visitor.page.mouse
    mouse.move(*spots[0])
    mouse.down()
    for (x0, y0), (x1, y1) in pairwise(spots):
        for k in range(1, 7):
            mouse.move(x0 + (x1 - x0) * k / 6, y0 + (y1 - y0) * k / 6)
    mouse.up()
    visitor.settle()


def warm(picture: np.ndarray) -> np.ndarray:
    """(height, width) True where a pixel has the colour of drawn pain."""
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    return (red > green + 60) & (red > blue + 60)


def test_the_whole_way_from_a_painted_temple_to_a_pattern_and_back(visitor):
    visitor.open("v=1&view=left")
    inside(visitor, ".doors [data-mode=pain]").click()
    inside(visitor, ".brushes [data-tool=brush]").click()
    visitor.settle()
    before = warm(visitor.picture())
    assert before.sum() < 20  # the corners of the mouth at most
    stroke(visitor, "temple_anterior", "temple_mid")

    # what was painted lies where the mouse went
    assert len(visitor.state["strokes"]) == 1
    painted = np.array(visitor.run("e => [...e.pain.paintOf(e.get())]"))
    for area in ("temple_anterior", "temple_mid"):
        near = np.argmin(np.linalg.norm(ATLAS.skin_mesh.vertices - middle_of(area), axis=1))
        assert painted[near] > 0.5
    assert painted[ATLAS.paint_area("temple_mid", "right") > 0.5].max() == 0
    assert painted[ATLAS.paint_area("chin", "left") > 0.5].max() == 0
    assert (warm(visitor.picture()) & ~before).sum() > 300

    # warning signs come before any list, in plain words, with their sources
    assert rows(visitor) == []
    card = inside(visitor, ".pain-right").inner_text()
    for flag in ATLAS.dataset.red_flags:
        if flag.applies_to == "head and neck":
            assert flag.plain.rpartition(" if ")[2][-40:] in card
    assert inside(visitor, ".warning a[href^='https://doi.org/'], .warning a[href^='https://pubmed']").count() > 5
    read_warnings(visitor)

    # the list is what Python says of the same drawing
    expected = ATLAS.match(weights=painted)
    assert rows(visitor) == [(m.pattern, m.side) for m in expected[:10]]
    first = inside(visitor, ".match").first.inner_text()
    assert "cm²" in first
    assert "Would add" in first or "Covers" in first

    # refining moves documented rows, and back
    inside(visitor, ".refine summary").click()
    inside(visitor, "[data-keep=feature-chewing]").click()
    visitor.settle()
    moved = ATLAS.match(weights=painted, features=["chewing"])
    assert rows(visitor) == [(m.pattern, m.side) for m in moved[:10]]
    assert rows(visitor) != [(m.pattern, m.side) for m in expected[:10]]
    inside(visitor, "[data-keep=feature-chewing]").click()
    visitor.settle()
    assert rows(visitor) == [(m.pattern, m.side) for m in expected[:10]]

    # a second stroke, undone, done again, erased
    stroke(visitor, "jaw_angle", "cheek_mid")
    assert len(visitor.state["strokes"]) == 2
    assert inside(visitor, "[data-act=continue]").count() == 0  # never in the way twice
    inside(visitor, "[data-act=undo]").click()
    visitor.settle()
    assert len(visitor.state["strokes"]) == 1
    assert rows(visitor) == [(m.pattern, m.side) for m in expected[:10]]
    inside(visitor, "[data-act=redo]").click()
    assert len(visitor.state["strokes"]) == 2
    inside(visitor, ".brushes [data-tool=eraser]").click()
    visitor.settle()
    stroke(visitor, "jaw_angle", "cheek_mid")
    after = np.array(visitor.run("e => [...e.pain.paintOf(e.get())]"))
    near = np.argmin(np.linalg.norm(ATLAS.skin_mesh.vertices - middle_of("cheek_mid"), axis=1))
    assert after[near] < 0.1
    for _ in range(2):
        visitor.page.keyboard.press("Control+z")
    visitor.settle()
    assert len(visitor.state["strokes"]) == 1

    # open a pattern, and back to the list as it was
    choice = expected[0]
    inside(visitor, ".match").first.click()
    visitor.settle()
    assert (visitor.state["structures"], visitor.state["pattern"]) == ([choice.structure], choice.pattern)
    assert inside(visitor, ".card h2").first.inner_text() == ATLAS[choice.structure].name
    inside(visitor, "[data-act=back]").click()
    visitor.settle()
    assert rows(visitor) == [(m.pattern, m.side) for m in expected[:10]]


def test_the_keyboard_alone_is_enough(visitor):
    visitor.open()
    page = visitor.page
    inside(visitor, ".doors [data-mode=pain]").focus()
    page.keyboard.press("Enter")
    inside(visitor, "#rpx-area-filter").focus()
    page.keyboard.type("behind the eye")
    inside(visitor, "[data-area=orbit_deep]").focus()
    page.keyboard.press("Space")
    assert visitor.state["areas"] == ["orbit_deep:left"]
    assert "Deep behind the eye, left" in inside(visitor, "[role=status].sr-only").inner_text()
    inside(visitor, "[data-act=continue]").focus()
    page.keyboard.press("Enter")
    visitor.settle()
    expected = ATLAS.match([("orbit_deep", "left")])
    assert rows(visitor) == [(m.pattern, m.side) for m in expected[:10]]
    inside(visitor, ".match").first.focus()
    visitor.settle()
    assert visitor.run("e => e.pain.preview().pattern") == expected[0].pattern
    page.keyboard.press("Enter")
    visitor.settle()
    assert visitor.state["pattern"] == expected[0].pattern


def test_clicking_the_body_chooses_and_takes_away_an_area(visitor):
    visitor.open("v=1&mode=pain&view=left")
    spot = visitor.where(middle_of("temple_mid"))
    visitor.page.mouse.click(*spot)
    visitor.settle()
    assert visitor.state["areas"] == ["temple_mid:left"]
    assert inside(visitor, "[data-area=temple_mid]").is_checked()
    visitor.page.mouse.click(*spot)
    assert visitor.state["areas"] == []
    inside(visitor, ".pain-left [data-tick=both]").click()
    inside(visitor, "[data-area=temple_mid]").check()
    assert visitor.state["areas"] == ["temple_mid:left", "temple_mid:right"]


def test_a_link_brings_areas_paint_and_features_back(visitor):
    visitor.open("v=1&mode=pain&view=left&a=orbit_deep:right&f=chewing&from=left")
    inside(visitor, ".brushes [data-tool=brush]").click()
    visitor.settle()
    stroke(visitor, "temple_anterior", "temple_mid")
    before, fragment = visitor.state, visitor.fragment
    assert "d=" in fragment
    visitor.open(fragment)
    for name in ("mode", "areas", "strokes", "features", "from"):
        assert visitor.state[name] == before[name]


@pytest.mark.parametrize(
    "part", ["a=nowhere:left", "a=temple_mid:up", "a=local:left", "f=flying", "d=!!", "d=AAAA", "from=up"]
)
def test_what_a_link_cannot_mean_is_told(visitor, part):
    visitor.open(f"v=1&mode=pain&{part}")
    assert "not known here" in inside(visitor, ".toast").inner_text()
    assert visitor.state["areas"] == []
    assert visitor.state["strokes"] == []


def test_chest_and_arm_have_warning_signs_of_their_own(visitor):
    visitor.open(TEMPLE)
    read_warnings(visitor)
    inside(visitor, "#rpx-area-filter").fill("front of the chest")
    inside(visitor, "[data-area=chest_anterior]").check()
    card = inside(visitor, ".pain-right").inner_text()
    assert "pressure or pain in the chest" in card.replace("There is ", "")
    assert "very strong headache" not in card
    read_warnings(visitor)
    visitor.open(TEMPLE + ",chest_anterior:left")
    assert rows(visitor)  # read once in this session


def test_hovering_a_row_shows_its_map_with_the_drawing(visitor):
    visitor.open(TEMPLE + "&view=left")
    read_warnings(visitor)
    visitor.page.mouse.move(700, 20)
    visitor.settle()
    bare = visitor.picture()
    inside(visitor, ".match").first.hover()
    visitor.settle()
    with_map = visitor.picture()
    blue = (with_map[..., 2] > with_map[..., 0] + 45) & (with_map[..., 2] > with_map[..., 1] + 20)
    assert blue.sum() > 300
    assert ((bare[..., 2] > bare[..., 0] + 45) & (bare[..., 2] > bare[..., 1] + 20)).sum() < 30
    assert warm(with_map).sum() > 100


def test_grades_filter_and_look_alikes_and_words(visitor):
    visitor.open(TEMPLE)
    read_warnings(visitor)
    inside(visitor, ".refine summary").click()
    kept = [m for m in ATLAS.match([("temple_anterior", "left"), ("temple_mid", "left")]) if m.grade != "B"]
    inside(visitor, "[data-keep=grade-B]").click()
    assert rows(visitor) == [(m.pattern, m.side) for m in kept[:10]]
    text = inside(visitor, ".pain-right").inner_text()
    for entry in ATLAS.dataset.look_alikes:
        assert (entry.plain in text and entry.tells_apart_plain in text) == bool(
            {"temple_anterior", "temple_mid"} & set(entry.areas)
        )
    assert "0.62" in text
    assert "Leoni" in text
    own = " ".join(inside(visitor, ".match").all_inner_texts())
    for word in ("probab", "likely", "diagnos", "%", "certain"):
        assert word not in own.lower()


def test_a_saved_drawing_is_read_by_python_and_opened_again(visitor, tmp_path):
    visitor.open("v=1&mode=pain&view=left&a=orbit_deep:left,occiput:right")
    inside(visitor, ".brushes [data-tool=brush]").click()
    visitor.settle()
    stroke(visitor, "temple_anterior", "temple_mid")
    with visitor.page.expect_download() as download:
        inside(visitor, "[data-act=save]").click()
    path = tmp_path / "drawing.json"
    download.value.save_as(path)
    drawing = drawing_from_json(ATLAS, path.read_text(encoding="utf-8"))
    assert set(drawing.areas) == {("orbit_deep", "left"), ("occiput", "right")}
    theirs = visitor.run("e => e.pain.ranked().found.map(r => [r.pattern, r.side, r.score])")
    own = {(m.pattern, m.side): m.score for m in ATLAS.match(drawing.areas, weights=drawing.weights)}
    assert {(p, s): pytest.approx(score, abs=1e-6) for p, s, score in theirs} == own

    visitor.open("v=1&mode=pain&view=left")
    inside(visitor, "#rpx-open-drawing").set_input_files(path)
    inside(visitor, ".chips .chip").first.wait_for()
    again = visitor.run("e => e.pain.ranked().found.map(r => [r.pattern, r.side, r.score])")
    assert again == theirs

    for change in ({"topology": "0"}, {"frame": "RAS"}, {"body": "older"}, {"version": 9}, {"weight_255": [None]}):
        bad = tmp_path / "bad.json"
        bad.write_text(json.dumps(json.loads(path.read_text()) | change))
        inside(visitor, "#rpx-open-drawing").set_input_files(bad)
        inside(visitor, ".fault-note").wait_for()
        assert "bad.json cannot be opened" in inside(visitor, ".fault-note").inner_text()
        inside(visitor, "#rpx-open-drawing").set_input_files(path)
        inside(visitor, ".fault-note").wait_for(state="hidden")
