"""Names on leader lines: on what they name, clear of the face, of each other, and of every control."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from explorer import load_atlas

ATLAS = load_atlas()
#: areas of the skin that make up the face
FACE = (
    "supraorbital_ridge", "glabella", "upper_eyelid", "lower_eyelid", "infraorbital", "nose_side", "nose_bridge",
    "nose_tip", "cheek_maxillary", "upper_lip", "lower_lip", "chin",
)  # fmt: skip
CONTROLS = ".bar > *, .tools, .mannequin, .letter:not(:empty), .mirror-note, .mark, .compare-chips > *"


def named(visitor) -> list[dict]:
    visitor.settle()
    visitor.page.wait_for_selector(".rpx .labels[data-still=true]", state="attached")
    return visitor.run("e => e.labels.shown()")


def boxes(visitor, selector: str) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of what is visible of a kind, page pixels."""
    found = visitor.page.locator(f".rpx .stage :is({selector})").evaluate_all(
        "nodes => nodes.map(n => n.getBoundingClientRect()).filter(b => b.width && b.height)"
        ".map(b => [b.left, b.top, b.right, b.bottom])"
    )
    return [tuple(box) for box in found]


def meet(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def face(visitor, turned_to_eye: np.ndarray) -> tuple[float, float, float, float] | None:
    """The face in the picture, from the areas' weights and the projection; None when it looks away."""
    half = np.max([ATLAS.area_weights.layer(name) for name in FACE], axis=0) > 0.5
    vertices = np.flatnonzero(half | half[ATLAS.skin_mesh.values["mirror"]])
    facing = vertices[ATLAS.skin.vertex_normals[vertices] @ turned_to_eye > 0.1]
    if len(facing) < 0.2 * len(vertices):
        return None
    places = np.array([visitor.where(ATLAS.skin.vertices[vertex]) for vertex in facing[::3]])
    return (*places.min(axis=0), *places.max(axis=0))


STATES = [
    ("v=1&s=temporalis&names=all", (0.61, -0.78, 0.14)),
    ("v=1&s=masseter_superficial,splenius_capitis&view=left", (1, 0, 0)),
    ("v=1&names=all&view=front&skin=0", (0, -1, 0)),
    ("v=1&names=all&view=left", (1, 0, 0)),
    ("v=1&names=all&view=back&skin=0&peel=1", (0, 1, 0)),
    ("v=1&s=suboccipital_group&side=both&view=back&names=all&mirror=1", (0, 1, 0)),
]


@pytest.mark.parametrize(("fragment", "eye"), STATES)
def test_names_cover_neither_each_other_nor_controls_nor_the_face(visitor, fragment, eye):
    visitor.open(fragment)
    shown = named(visitor)
    assert len(shown) >= (2 if "names=all" not in fragment else 5)
    names = boxes(visitor, ".name")
    assert len(names) == len(shown)
    for one, other in itertools.combinations(names, 2):
        assert not meet(one, other), (one, other)
    controls = boxes(visitor, CONTROLS)
    assert len(controls) >= 6
    stage = boxes(visitor, ".canvas")[0]
    looks = face(visitor, np.array(eye)) if eye else None
    for name, entry in zip(names, shown, strict=True):
        assert not [box for box in controls if meet(name, box)], entry["id"]
        assert looks is None or not meet(name, looks), entry["id"]
        assert stage[0] <= name[0]
        assert name[2] <= stage[2]
        assert stage[1] <= name[1]
        assert name[3] <= stage[3]


@pytest.mark.parametrize("fragment", [STATES[0][0], STATES[3][0], STATES[5][0]])
def test_lines_end_on_what_they_name_and_do_not_run_through_names(visitor, fragment):
    visitor.open(fragment)
    shown = named(visitor)
    for entry in shown:
        x, y = entry["anchor"]
        for dx, dy in ((0, 0), (3, 0), (-3, 0), (0, 3), (0, -3)):
            hit = visitor.run(
                "(e, [x, y]) => { const hit = e.view.pick(x, y); return [hit.id, hit.side]; }", [x + dx, y + dy]
            )
            assert hit == [entry["id"], entry["side"]]
        for other in shown:
            along = np.linspace(entry["from"], entry["anchor"], 200)
            left, top, right, bottom = other["box"]
            inside = (along[:, 0] > left) & (along[:, 0] < right) & (along[:, 1] > top) & (along[:, 1] < bottom)
            assert not inside.any(), (entry["id"], other["id"])


def test_what_is_chosen_is_named_by_itself_and_compared_ones_by_letter(visitor):
    visitor.open("v=1&s=temporalis,masseter_superficial&view=left")
    shown = named(visitor)
    assert {entry["id"] for entry in shown} == {"temporalis", "masseter_superficial"}
    assert all(entry["own"] for entry in shown)
    texts = visitor.page.locator(".rpx .name").all_inner_texts()
    assert {"".join(text.split()) for text in texts} == {
        "A" + "".join(ATLAS["temporalis"].name.split()),
        "B" + "".join(ATLAS["masseter_superficial"].name.split()),
    }
    visitor.run("e => e.set({ structures: [] })")
    assert named(visitor) == []


def test_names_leave_while_the_body_turns_and_come_back_for_the_new_view(visitor):
    visitor.open("v=1&s=temporalis&view=left&names=all")
    before = {entry["id"]: entry["anchor"] for entry in named(visitor)}
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    visitor.page.mouse.move(x, y)
    visitor.page.mouse.down()
    visitor.run(
        """e => {
            const labels = e.labels.element;
            labels.style.transition = "none";
            window.whileTurning = [];
            new MutationObserver(() => window.whileTurning.push([labels.dataset.still, getComputedStyle(labels).opacity]))
                .observe(labels, { attributes: true, attributeFilter: ["data-still"] });
        }"""
    )
    visitor.page.mouse.move(x + 70, y, steps=4)
    visitor.page.wait_for_function("() => window.whileTurning.length > 0")
    assert visitor.page.evaluate("window.whileTurning[0]") == ["false", "0"]
    visitor.page.mouse.up()
    after = {entry["id"]: entry["anchor"] for entry in named(visitor)}
    both = set(before) & set(after)
    assert "temporalis" in both
    assert before["temporalis"] != after["temporalis"]
    # places are looked for on a raster, so that a name or two may stand where it stood
    assert sum(before[name] != after[name] for name in both) >= len(both) / 2


def test_coming_nearer_names_the_neighbours_and_none_means_none(visitor):
    visitor.open("v=1&s=masseter_superficial&view=left&skin=0")
    assert [entry["id"] for entry in named(visitor)] == ["masseter_superficial"]
    before = visitor.run("e => e.view.frames()")
    visitor.run("e => e.view.zoom(0.55)")
    while visitor.run("e => e.view.frames()") == before:
        visitor.page.wait_for_timeout(50)
    assert len(named(visitor)) > 2
    visitor.run("e => e.set({ names: 'none' })")
    assert named(visitor) == []
    assert "names=none" in visitor.fragment


def test_names_are_switched_by_keyboard_and_kept_in_the_link(visitor):
    visitor.open("v=1&view=left")
    assert named(visitor) == []
    visitor.page.locator(".rpx .canvas").focus()
    visitor.page.keyboard.press("n")
    assert len(named(visitor)) > 4
    assert "names=all" in visitor.fragment
    visitor.page.keyboard.press("n")
    assert named(visitor) == []
    visitor.page.locator(".rpx .more summary").focus()
    visitor.page.keyboard.press("Enter")
    button = visitor.page.get_by_role("group", name="Names beside the body").get_by_role(
        "button", name="All that is seen"
    )
    button.focus()
    visitor.page.keyboard.press("Enter")
    visitor.settle()
    assert visitor.state["names"] == "all"
    assert button.get_attribute("aria-pressed") == "true"


def test_a_phone_shows_names_only_when_asked(visitor):
    visitor.page.set_viewport_size({"width": 390, "height": 844})
    visitor.open("v=1&s=temporalis&view=left")
    assert named(visitor) == []
    visitor.run("e => e.set({ names: 'all' })")
    assert "temporalis" in {entry["id"] for entry in named(visitor)}
