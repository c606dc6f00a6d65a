"""Two or three structures at once: how a person chooses them, how each is marked, and what words say of them."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import load_atlas

ATLAS = load_atlas()
PAIR = ("temporalis", "sternocleidomastoid_clavicular")


def reached(name: str, side: str) -> dict[tuple[str, str], str]:
    """(area, side of the body) -> core or spillover, from the rows of all patterns of a structure."""
    out: dict[tuple[str, str], str] = {}
    structure = ATLAS[name]
    sides = ["left", "right"] if side == "both" else [side]
    for pattern in structure.patterns:
        for row in pattern.areas:
            for own in sides if structure.pairing == "paired" else ["midline"]:
                for where in row.sides_for(own):
                    if out.get((row.area_id, where)) != "core":
                        out[row.area_id, where] = row.role
    return out


def table(visitor) -> dict[tuple[str, str], list[str | None]]:
    """The table of the card, rows for both sides taken apart."""
    rows = visitor.page.locator(".rpx .compare-table tbody tr").evaluate_all(
        "rows => rows.map(r => [r.dataset.area, r.dataset.side, [...r.querySelectorAll('td')].map(c => c.dataset.role ?? null)])"
    )
    out = {}
    for area, side, roles in rows:
        for one in ["left", "right"] if side == "both" else [side]:
            assert (area, one) not in out
            out[area, one] = roles
    return out


def test_another_structure_is_compared_by_keyboard_alone_and_back_undoes_it(visitor):
    visitor.open("v=1&s=temporalis")
    visitor.page.locator(".rpx .compare-offer").focus()
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate(
        "document.activeElement.shadowRoot?.activeElement?.id ?? document.activeElement.id"
    ) == ("rpx-search")
    assert "Temporalis" in visitor.page.locator(".rpx .compare-hint").inner_text()
    visitor.page.keyboard.type("clavicular division")
    visitor.page.keyboard.press("Enter")
    visitor.settle()
    assert visitor.state["structures"] == list(PAIR)
    assert visitor.page.locator(".rpx .compare-hint").is_hidden()
    assert f"s={','.join(PAIR)}" in visitor.fragment
    said = visitor.page.locator(".rpx > .sr-only[role=status]").inner_text()
    assert said.startswith("Temporalis, Sternocleidomastoid, clavicular division chosen")
    assert "Both reach: " in said
    visitor.page.go_back()
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis"]


def test_rows_add_and_take_away_by_button_and_by_key(visitor):
    visitor.open("v=1&s=temporalis")
    row = visitor.page.locator('.rpx [data-id="masseter_superficial"]')
    row.focus()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("Enter")
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis", "masseter_superficial"]
    visitor.page.locator('.rpx [data-id="splenius_capitis"]').focus()
    visitor.page.keyboard.press("+")
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis", "masseter_superficial", "splenius_capitis"]
    button = visitor.page.locator('.rpx [data-compare="masseter_superficial"]')
    assert button.inner_text() == "B"
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24
    button.click()
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis", "splenius_capitis"]
    visitor.page.locator('.rpx [data-id="masseter_superficial"]').click(modifiers=["Control"])
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis", "splenius_capitis", "masseter_superficial"]


def test_a_click_with_shift_on_the_body_compares(visitor):
    visitor.open("v=1&s=temporalis&view=left&skin=0&rest=show")
    middle = ATLAS.mesh("masseter_superficial", "left").vertices
    x, y = visitor.where(middle[np.argmax(middle[:, 0])])
    visitor.page.keyboard.down("Shift")
    visitor.page.mouse.click(x, y)
    visitor.page.keyboard.up("Shift")
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis", "masseter_superficial"]


def test_a_fourth_is_refused_kindly_in_the_list_and_in_a_link(visitor):
    three = ["temporalis", "masseter_superficial", "splenius_capitis"]
    visitor.open(f"v=1&s={','.join(three)},levator_scapulae")
    note = visitor.page.locator(".rpx .toast")
    assert visitor.state["structures"] == three
    assert "Levator scapulae" in note.inner_text()
    visitor.page.locator('.rpx [data-id="levator_scapulae"]').click(modifiers=["Control"])
    visitor.settle()
    assert visitor.state["structures"] == three
    assert "Three at a time" in note.inner_text()
    assert visitor.page.locator(".rpx .compare-offer").count() == 0


@pytest.mark.parametrize("side", ["left", "right", "both"])
@pytest.mark.parametrize(
    "names", [PAIR, ("trapezius_upper", "splenius_capitis", "c2_c3"), ("temporalis", "trapezius_lower")]
)
def test_words_and_table_say_what_the_rows_say(visitor, names, side):
    """Ground truth from the atlas: the same areas, sides and roles for each structure, and no others."""
    visitor.open(f"v=1&s={','.join(names)}&side={side}&voice=clinical")
    wanted = [reached(name, side) for name in names]
    places = {place for own in wanted for place in own}
    assert table(visitor) == {place: [own.get(place) for own in wanted] for place in places}
    words = visitor.page.locator(".rpx .compare-words").inner_text()
    shared = {area for area, _ in set.intersection(*(set(own) for own in wanted))}
    head = words.partition(".")[0]
    assert head.startswith("Both reach" if len(names) == 2 else "All three reach") == bool(shared)
    for area in shared:
        assert ATLAS.dataset.areas[area].name in head
    for letter, own in zip("ABC", wanted, strict=False):
        others = set().union(*(set(other) for other in wanted if other is not own))
        assert (f"Only {letter}: " in words) == bool(set(own) - others)


def near(picture: np.ndarray, colour: str) -> np.ndarray:
    """(h, w) How far pixels are from a colour by hue, 0..1; dark and grey ones are far."""
    wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], float)
    flat = picture - picture.mean(axis=2, keepdims=True)
    wanted -= wanted.mean()
    length = np.linalg.norm(flat, axis=2)
    return np.where(length > 30, flat @ wanted / (length * np.linalg.norm(wanted) + 1e-9), -1)


def test_each_has_stripes_of_its_own_and_where_they_meet_both_are_seen(visitor):
    """Pixels around vertices of the front: the stripes of those that reach a place, and of no others."""
    names = ("sternocleidomastoid_clavicular", "sternocleidomastoid_sternal")
    visitor.open(f"v=1&s={','.join(names)}&view=front&muscles=0&bones=0")
    visitor.run("e => e.view.zoom(0.8)")
    visitor.page.wait_for_timeout(400)
    visitor.settle()
    picture = visitor.picture()
    marks = visitor.run("e => e.catalogue.style.tones.light.compare.map(m => m.core)")
    hues = [near(picture, colour) > 0.93 for colour in marks[:2]]
    paints = [[ATLAS.paint(p.id, "left") for p in ATLAS[name].patterns] for name in names]
    core = [np.max([own for own, _ in paint], axis=0) for paint in paints]
    dotted = np.max(
        [spillover * (own < 0.5) for paint, own in zip(paints, core, strict=True) for _, spillover in paint], axis=0
    )
    surface = ATLAS.skin
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    seen = {(True, False): 0, (False, True): 0, (True, True): 0}
    for vertex in np.flatnonzero((surface.vertex_normals[:, 1] < -0.7) & (surface.vertices[:, 2] > -70))[::3]:
        # well inside or well outside: the whole neighbourhood agrees
        around = np.linalg.norm(surface.vertices - surface.vertices[vertex], axis=1) < 8
        if any(0 < (own[around] > 0.5).mean() < 1 for own in core) or dotted[around].max() > 0.2:
            continue
        reach = tuple(bool(own[vertex] > 0.5) for own in core)
        if reach not in seen:
            continue
        x, y = visitor.where(surface.vertices[vertex])
        column, row = round(x - box["x"]), round(y - box["y"])
        if not (14 < row < picture.shape[0] - 14 and 14 < column < picture.shape[1] - 14):
            continue
        patch = np.s_[row - 6 : row + 7, column - 6 : column + 7]
        for on, hue in zip(reach, hues, strict=True):
            # single pixels at the rim of a stripe of the other may be of either hue
            assert (hue[patch].mean() > 0.1) == on, (surface.vertices[vertex].round(), reach)
        seen[reach] += 1
    assert seen[True, False] > 3
    assert seen[False, True] > 3


def test_marks_differ_without_colour_in_chart_and_legend(visitor):
    visitor.open("v=1&s=temporalis,sternocleidomastoid_clavicular,masseter_superficial")
    visitor.page.wait_for_timeout(500)
    turns = visitor.page.locator(".rpx .chart [data-side=left] pattern:not([id$='-own'])").evaluate_all(
        "nodes => nodes.map(n => n.getAttribute('patternTransform'))"
    )
    assert len(turns) == len(set(turns)) == 3
    signs = visitor.page.locator(".rpx .chart [data-side=left] .sign").all_text_contents()
    assert set(signs) <= set("ABC")
    assert len(signs) >= 2
    legend = visitor.page.locator(".rpx .legend li:visible").all_inner_texts()
    assert [text.split() for text in legend[:3]] == [
        ["A", "Temporalis"],
        ["B", "Sternocleidomastoid,", "clavicular", "division"],
        ["C", *ATLAS["masseter_superficial"].name.split()],
    ]
    assert visitor.page.locator(".rpx .compact h3").all_inner_texts() == [
        ATLAS[name].name for name in ("temporalis", "sternocleidomastoid_clavicular", "masseter_superficial")
    ]


def test_letters_stand_on_the_paint_that_they_name(visitor):
    visitor.open(f"v=1&s={','.join(PAIR)}&view=left")
    visitor.page.wait_for_timeout(600)
    spots = {spot["letter"]: np.array(spot["place"]) for spot in visitor.run("e => e.compare.spots()")}
    assert set(spots) == {"A", "B"}
    for letter, name in zip("AB", PAIR, strict=True):
        vertex = np.argmin(np.linalg.norm(ATLAS.skin.vertices - spots[letter], axis=1))
        assert max(ATLAS.paint(p.id, "left")[0][vertex] for p in ATLAS[name].patterns) > 0.5
        chip = visitor.page.locator(f".rpx .compare-chips .mark-{letter}").bounding_box()
        x, y = visitor.where(spots[letter])
        assert abs(chip["x"] + chip["width"] / 2 - x) < 2
        assert abs(chip["y"] + chip["height"] / 2 - y) < 2


def test_one_pattern_of_one_leaves_the_other_whole(visitor):
    visitor.open(f"v=1&s={','.join(PAIR)}&p=temp_2")
    paint = {entry["pattern"] for entry in visitor.run("e => e.scene().paint")}
    assert paint == {"temp_2", *(p.id for p in ATLAS[PAIR[1]].patterns)}


def test_classic_red_is_kept_in_the_link_and_paints_red(visitor):
    visitor.open("v=1&s=temporalis&p=temp_2&view=left&muscles=0&bones=0&palette=red")
    assert visitor.state["palette"] == "red"
    red = visitor.run("e => e.catalogue.style.palettes.red.light.core")
    vertices = np.flatnonzero(ATLAS.paint("temp_2", "left")[0] > 0.98)
    picture = visitor.picture()
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    right = 0
    hue = near(picture, red) > 0.85  # the chosen muscle shines through
    for vertex in vertices:
        if ATLAS.skin.vertex_normals[vertex, 0] < 0.8:
            continue
        x, y = visitor.where(ATLAS.skin.vertices[vertex])
        assert hue[round(y - box["y"]), round(x - box["x"])]
        right += 1
    assert right > 5
    assert visitor.page.locator(".rpx .chart path.core").first.get_attribute("fill") == red
    visitor.page.locator(".rpx .more summary").click()
    visitor.page.get_by_label("Colours of the paint", exact=True).select_option("blue")
    visitor.settle()
    assert "palette" not in visitor.fragment
