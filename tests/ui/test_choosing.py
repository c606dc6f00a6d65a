"""What a person does: search, choose, click the body, turn the side, send the link."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import load_atlas

ATLAS = load_atlas()


def blue(picture: np.ndarray) -> np.ndarray:
    """(height, width) True where a pixel has the colour of core paint."""
    red, green, blue_ = picture[..., 0], picture[..., 1], picture[..., 2]
    return (blue_ > red + 45) & (blue_ > green + 20)


def choose(visitor, name: str) -> None:
    visitor.page.fill("#rpx-search", name)
    visitor.page.keyboard.press("Enter")
    visitor.settle()


def test_search_finds_a_muscle_and_shows_its_card(visitor):
    visitor.open()
    visitor.page.locator("#rpx-search").press_sequentially("sternocl")
    names = visitor.page.locator(".rpx .entry-name").all_inner_texts()
    assert names[:2] == [ATLAS["sternocleidomastoid_sternal"].name, ATLAS["sternocleidomastoid_clavicular"].name]
    visitor.page.locator(".rpx .entry").first.click()
    visitor.settle()
    assert visitor.state["structures"] == ["sternocleidomastoid_sternal"]
    card = visitor.page.locator(".rpx .card")
    assert card.locator("h2").inner_text() == ATLAS["sternocleidomastoid_sternal"].name
    text = card.inner_text()
    pattern = ATLAS["sternocleidomastoid_sternal"].patterns[1]
    assert pattern.plain in text
    assert "Limited" in text
    card.locator("details.sources summary").first.click()
    assert card.locator("a[href^='https://doi.org/'], a[href^='https://pubmed']").count() > 0
    for reference in {row.reference.citation for row in ATLAS["sternocleidomastoid_sternal"].patterns[0].evidence}:
        assert reference in card.inner_text()


@pytest.mark.parametrize("word", ["SCM", "wry neck", "sternocleidomastoideus", "STERNO cleido"])
def test_search_knows_other_names(visitor, word):
    visitor.open()
    visitor.page.fill("#rpx-search", word)
    found = visitor.page.locator(".rpx .entry").evaluate_all("nodes => nodes.map(n => n.dataset.id)")
    assert "sternocleidomastoid_sternal" in found


def test_paint_changes_where_the_pattern_says_and_nowhere_else(visitor):
    """Pixels that turn to paint lie on skin that the pattern covers; skin that it does not cover keeps its colour."""
    visitor.open("v=1&s=sternocleidomastoid_clavicular&view=front&skin=100&muscles=0&bones=0")
    visitor.run("e => e.set({ pattern: 'scm_cl_mid', view: 'front' })")
    visitor.settle()
    painted = visitor.picture()
    visitor.run("e => e.view.show({ ...e.scene(), paint: [], deep: [] })")
    visitor.settle()
    bare = visitor.picture()
    changed = np.abs(painted - bare).sum(axis=2) > 40

    core, spillover = ATLAS.paint("scm_cl_mid", "left")
    both = np.maximum(core, spillover)
    surface = ATLAS.skin
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    seen = {"paint": 0, "bare": 0}
    front = (
        (surface.vertex_normals[:, 1] < -0.6) & (surface.vertices[:, 2] > -110) & (np.abs(surface.vertices[:, 0]) < 75)
    )
    for vertex in np.flatnonzero(front)[::5]:
        x, y = visitor.where(surface.vertices[vertex])
        column, row = round(x - box["x"]), round(y - box["y"])
        if not (2 <= row < changed.shape[0] - 2 and 2 <= column < changed.shape[1] - 2):
            continue
        near = changed[row - 1 : row + 2, column - 1 : column + 2]
        if core[vertex] > 0.9:
            assert near.any(), f"no paint at {surface.vertices[vertex].round()}"
            seen["paint"] += 1
        elif both[vertex] == 0:
            assert not near.all(), f"paint where nothing is named, at {surface.vertices[vertex].round()}"
            seen["bare"] += 1
    assert seen["paint"] > 20
    assert seen["bare"] > 100


def test_a_click_on_the_body_opens_the_card_of_the_muscle(visitor):
    visitor.open("v=1&view=left&skin=0")
    middle = ATLAS.mesh("masseter_superficial", "left").vertices
    x, y = visitor.where(middle[np.argmax(middle[:, 0])])
    visitor.page.mouse.move(x, y)
    assert visitor.page.locator(".rpx .hover-name").inner_text() == ATLAS["masseter_superficial"].name
    visitor.page.mouse.click(x, y)
    visitor.settle()
    assert visitor.state["structures"] == ["masseter_superficial"]
    assert visitor.page.locator(".rpx .card h2").inner_text() == ATLAS["masseter_superficial"].name


def test_a_drag_turns_the_body_and_chooses_nothing(visitor):
    visitor.open("v=1&view=left&skin=0")
    middle = ATLAS.mesh("masseter_superficial", "left").centroid
    x, y = visitor.where(middle)
    before = visitor.run("e => e.view.pose()")
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.page.mouse.move(x + 60, y + 5, steps=5)
    visitor.page.mouse.up()
    visitor.settle()
    assert visitor.state["structures"] == []
    assert visitor.run("e => e.view.pose()")["azimuth"] != pytest.approx(before["azimuth"])


def test_the_side_turns_the_pattern_and_the_letters_tell_which(visitor):
    visitor.open("v=1&s=temporalis&view=front&skin=100&bones=0&muscles=0")
    letters = visitor.page.locator(".rpx .letter").all_inner_texts()
    assert letters == ["R", "L"]  # seen from the front, the subject's right is on the left of the picture
    assert visitor.state["view"] == "front"

    def share_on_the_right() -> float:
        painted = blue(visitor.picture())
        middle = round(visitor.where([0, -90, 20])[0] - visitor.page.locator(".rpx .canvas").bounding_box()["x"])
        return float(painted[:, middle:].sum() / painted.sum())

    assert share_on_the_right() > 0.95
    visitor.page.locator(".rpx [data-side='right']").first.click()
    visitor.run("e => e.set({ view: 'front' })")
    visitor.settle()
    assert share_on_the_right() < 0.05


def test_the_link_brings_back_the_same_state_and_picture(visitor):
    visitor.open()
    choose(visitor, "levator")
    visitor.page.locator(".rpx [data-side='right']").first.click()
    visitor.page.locator(".rpx .views [data-view='back']").click()
    visitor.settle()
    state, picture, fragment = visitor.state, visitor.picture(), visitor.fragment
    assert fragment == "v=1&s=levator_scapulae&side=right&view=back"
    visitor.open(fragment)
    assert visitor.state == state
    assert np.abs(visitor.picture() - picture).mean() < 1.0


def test_back_and_forward_walk_through_what_was_chosen(visitor):
    visitor.open()
    choose(visitor, "temporalis")
    choose(visitor, "levator")
    visitor.page.go_back()
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis"]
    assert visitor.page.locator(".rpx .card h2").inner_text() == "Temporalis"
    visitor.page.go_forward()
    visitor.settle()
    assert visitor.state["structures"] == ["levator_scapulae"]


@pytest.mark.parametrize(
    "fragment",
    [
        "v=1&s=no_such_muscle",
        "v=1&s=temporalis&p=trap_1",
        "v=1&side=up",
        "v=1&skin=900",
        "v=9&view=inside",
        "nonsense",
        "v=1&s=%3Cscript%3Ealert(1)%3C/script%3E",
        "v=1&s=" + "a," * 500,
        "%E0%A4%A",
    ],
)
def test_a_nonsense_link_opens_the_explorer_with_a_note(visitor, fragment):
    visitor.open(fragment)
    note = visitor.page.locator(".rpx .toast")
    assert note.is_visible()
    text = note.inner_text()
    assert "not known here" in text
    assert "\n" not in text
    assert visitor.page.locator(".rpx .entry").count() == sum(s.part_of is None for s in ATLAS)


def test_one_pattern_alone(visitor):
    visitor.open("v=1&s=trapezius_upper")
    whole = visitor.run("e => e.scene().paint.length")
    visitor.page.locator(".rpx button.pattern-name").first.click()
    visitor.settle()
    assert visitor.state["pattern"] == "trap_1"
    assert visitor.run("e => e.scene().paint.length") == 1 < whole
    assert "p=trap_1" in visitor.fragment
    visitor.page.locator(".rpx button.pattern-name").first.click()
    assert visitor.state["pattern"] is None


def test_a_trigger_point_is_a_button_where_it_lies(visitor):
    visitor.open("v=1&s=temporalis&view=left")
    x, y = visitor.where(ATLAS.trigger_point_places["temp_2"])
    mark = visitor.page.locator(".rpx .mark[data-point='temp_2'][data-side='left']")
    box = mark.bounding_box()
    assert box["x"] + box["width"] / 2 == pytest.approx(x, abs=2)
    assert box["y"] + box["height"] / 2 == pytest.approx(y, abs=2)
    mark.click()
    visitor.settle()
    assert visitor.state["pattern"] == "temp_2"


def test_both_voices(visitor):
    pattern = ATLAS.dataset.patterns["lev_up"]
    visitor.open("v=1&s=levator_scapulae")
    card = visitor.page.locator(".rpx .card")
    assert pattern.plain in card.inner_text()
    card.get_by_role("button", name="Clinical").click()
    assert pattern.clinical in card.inner_text()
    assert pattern.plain not in card.inner_text()


def test_a_disputed_pattern_and_one_of_a_group_say_so(visitor):
    visitor.open("v=1&s=obliquus_capitis_inferior")
    text = visitor.page.locator(".rpx .card").inner_text()
    assert "Documented for the group" in text
    assert "Disputed" in text
    assert ATLAS.dataset.patterns["oc_inf_1"].dispute in text


def test_choosing_sends_less_than_a_kilobyte(visitor):
    visitor.open()
    for name in ("temporalis", "levator", "suboccipital"):
        before = visitor.wire
        choose(visitor, name)
        visitor.page.wait_for_timeout(300)
        assert visitor.wire - before < 1000


def test_the_keyboard_is_enough(visitor):
    visitor.open()
    page = visitor.page
    page.keyboard.press("/")
    page.keyboard.type("splenius cap")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    visitor.settle()
    assert visitor.state["structures"] == ["splenius_capitis"]
    page.locator(".rpx .canvas").focus()
    before = visitor.run("e => e.view.pose()")
    page.keyboard.press("ArrowLeft")
    visitor.settle()
    assert visitor.run("e => e.view.pose()")["azimuth"] != pytest.approx(before["azimuth"])
    page.keyboard.press("4")
    visitor.settle()
    assert visitor.state["view"] == "back"
    page.keyboard.press("Escape")
    assert visitor.state["structures"] == []


def test_layers_are_shown_and_hidden(visitor):
    visitor.open("v=1&view=left&skin=0")
    with_bones = visitor.picture()
    visitor.page.locator("#rpx-bones").uncheck()
    visitor.settle()
    without = visitor.picture()
    visitor.page.locator("#rpx-muscles").uncheck()
    visitor.settle()
    bare = visitor.picture()

    def drawn(picture):
        return (np.ptp(picture, axis=2) > 12).mean()

    assert (np.abs(with_bones - without).sum(axis=2) > 30).mean() > 0.01
    assert drawn(bare) < drawn(without)


def test_every_structure_opens_without_a_fault(visitor):
    visitor.open()
    for structure in ATLAS:
        visitor.run("(e, id) => e.set({ structures: [id], pattern: null })", structure.id)
        assert visitor.page.locator(".rpx .card h2").inner_text() == structure.name
        assert visitor.run("e => e.scene().paint.length") == len(structure.patterns)
    visitor.settle()
