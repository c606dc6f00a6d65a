"""Pressing a trigger point: what is painted while it is held, by pointer and by key, and what is told."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import trimesh
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from explorer import load_atlas

from .test_choosing import blue

ATLAS = load_atlas()
POINT = ".rpx .mark[data-point='{}'][data-side='left']"


def painted(visitor) -> list[str]:
    """Patterns that the view is asked to paint, seen by its uniforms and its picture."""
    return visitor.run("e => e.view.shading()")


def seen(visitor) -> np.ndarray:
    """(height, width) True where the view is painted; without touching what is held, which would let go."""
    address = visitor.run("e => e.view.snapshot().image.toDataURL()")
    image = Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGB")
    return blue(np.asarray(image).astype(int))


def hold(visitor, locator, milliseconds: int = 700) -> None:
    box = locator.bounding_box()
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    visitor.page.mouse.down()
    visitor.page.wait_for_timeout(milliseconds)
    visitor.settle()


def test_holding_a_mark_shows_its_pattern_alone_and_letting_go_brings_all_back(visitor):
    visitor.open("v=1&s=temporalis&view=left")
    whole = seen(visitor)
    mark = visitor.page.locator(POINT.format("temp_4"))
    hold(visitor, mark)
    caption = visitor.page.locator(".rpx .press-caption").first
    assert caption.is_visible()
    assert caption.inner_text().startswith("Illustration: what is described when this place is pressed")
    assert ATLAS["temporalis"].name in caption.inner_text()
    assert mark.get_attribute("aria-pressed") == "true"
    assert painted(visitor)["pressGlow"] == 1
    pressed = seen(visitor)
    visitor.page.mouse.up()
    visitor.settle()
    after = seen(visitor)
    assert caption.is_hidden()
    assert mark.get_attribute("aria-pressed") == "false"
    assert visitor.state["pattern"] is None  # a hold is not a click
    assert pressed.sum() < 0.6 * whole.sum()
    assert (after != whole).sum() < 40


def test_a_short_click_still_chooses_the_pattern(visitor):
    visitor.open("v=1&s=temporalis&view=left")
    visitor.page.locator(POINT.format("temp_4")).click()
    visitor.settle()
    assert visitor.state["pattern"] == "temp_4"
    assert visitor.page.locator(".rpx .press-caption").first.is_hidden()


def tap(button, key: str) -> None:
    """A short key, however slowly this machine draws."""
    button.evaluate(
        """(node, key) => {
            for (const type of ["keydown", "keyup"]) node.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true, composed: true }));
        }""",
        key,
    )


@pytest.mark.parametrize("key", ["Enter", " "])
def test_keys_press_a_mark_and_let_go(visitor, key):
    visitor.open("v=1&s=temporalis&view=left")
    mark = visitor.page.locator(POINT.format("temp_2"))
    caption = visitor.page.locator(".rpx .press-caption").first
    mark.focus()
    tap(mark, key)  # it stays pressed
    visitor.page.wait_for_timeout(500)
    assert caption.is_visible()
    tap(mark, key)
    assert caption.is_hidden()
    visitor.page.keyboard.down(key)  # held: as long as it is held
    visitor.page.wait_for_timeout(800)
    assert caption.is_visible()
    visitor.page.keyboard.up(key)
    assert caption.is_hidden()
    tap(mark, key)
    visitor.page.keyboard.press("Escape")
    assert caption.is_hidden()
    assert visitor.state["structures"] == ["temporalis"]  # Escape let go, and nothing else
    assert visitor.state["pattern"] is None


def test_the_card_presses_too_and_tells_those_who_do_not_see(visitor):
    visitor.open("v=1&s=suboccipital_group&view=left")
    button = visitor.page.locator(".rpx .press-button").first
    button.focus()
    visitor.page.keyboard.press("Enter")
    said = visitor.page.locator(".rpx [role=status].sr-only").inner_text()
    pattern = ATLAS["suboccipital_group"].patterns[0]
    assert said.startswith("Illustration:")
    for row in pattern.areas:
        assert ATLAS.dataset.areas[row.area_id].plain in said
    assert button.get_attribute("aria-pressed") == "true"
    visitor.page.locator("#rpx-search").focus()  # leaving it lets go
    assert button.get_attribute("aria-pressed") == "false"


def test_joints_spread_from_their_middle(visitor):
    visitor.open("v=1&s=c2_c3&view=left")
    button = visitor.page.locator(".rpx .press-button").first
    button.click()
    visitor.settle()
    assert "when pain comes from here" in visitor.page.locator(".rpx .press-caption").first.inner_text()
    assert painted(visitor)["pressGlow"] == 1
    button.click()
    visitor.settle()
    assert painted(visitor)["pressGlow"] == 0


def test_places_that_are_not_for_pressing_say_so_with_their_source(visitor):
    """All structures of a region with a caution, and only they, carry it on the card and while pressed."""
    cautions = ATLAS.dataset.press_cautions
    assert {ATLAS[name].region for name in ("scalenus_anterior", "longus_colli", "digastric_posterior")} <= set(
        cautions
    )
    visitor.open("v=1&s=scalenus_anterior&view=front")
    caution = cautions["neck_front_side"]
    card = visitor.page.locator(".rpx .card")
    assert caution.plain in card.inner_text()
    assert caution.reference.citation in card.inner_text()
    visitor.page.locator(".rpx .press-button").first.click()
    assert caution.plain in visitor.page.locator(".rpx .press-caption").first.inner_text()
    visitor.run("e => e.set({ structures: ['temporalis'], pattern: null })")
    visitor.settle()
    assert visitor.page.locator(".rpx .caution").count() == 0


@pytest.mark.parametrize(("pattern", "point"), [("trap_1", "trap_1"), ("scm_st_mid", "scm_st_mid"), ("inf_1", "inf_1")])
def test_distances_run_along_the_skin(visitor, pattern, point):
    """From the foot of a trigger point: never shorter than the straight way, and near the exact graph distance or below."""
    visitor.open(f"v=1&s={ATLAS.dataset.patterns[pattern].structure_id}")
    place = list(ATLAS.trigger_point_places[point])
    values, feet, reach = visitor.run(
        """(e, [pattern, place]) => { const scene = e.sceneOf({ ...e.get(), pattern }); const f = e.view.press(scene, [place]);
           const out = [[...f.values], f.feet, f.reach_mm]; e.view.release(e.scene()); return out; }""",
        [pattern, place],
    )
    values = np.reshape(values, (-1, 3))
    skin = ATLAS.skin
    [foot] = feet
    straight = np.linalg.norm(skin.vertices - skin.vertices[foot], axis=1)
    reached = values[:, 0] < 1e4
    assert reached.mean() > 0.95
    assert (values[reached, 0] >= straight[reached] - 0.2).all()
    edges, lengths, count = skin.edges_unique, skin.edges_unique_length, len(skin.vertices)
    graph = coo_matrix((lengths, edges.T), shape=(count, count)).tocsr()
    exact = dijkstra(graph, directed=False, indices=foot, limit=120)
    near = np.flatnonzero(np.isfinite(exact))
    along = exact[near]
    assert (values[near, 0] <= along + 0.2).all()
    assert (values[near, 0] >= 0.8 * along - 0.2).mean() > 0.98  # over sharp folds the corners of two faces are nearer
    assert (values[near, 0] >= 0.5 * along - 0.2).all()
    core, _ = ATLAS.paint(pattern, "left")
    assert reach == pytest.approx(values[(core > 0.5) & reached, 0].max(), abs=0.5)
    assert np.linalg.norm(skin.vertices[foot] - place) < 60
    assert values[foot, 0] == 0
    assert ((values[:, 1] >= 0) & (values[:, 1] <= 1)).all()


def test_the_spread_reaches_the_core_before_the_spillover_and_ends_in_the_whole_pattern(browser, address):
    """With motion: the fronts rise, and at the end the picture is that of the pattern alone."""
    from .conftest import Visitor

    context = browser.new_context(viewport={"width": 1300, "height": 850})
    visitor = Visitor(context.new_page(), address)
    visitor.open("v=1&s=trapezius_upper&p=trap_1&view=left&skin=100")
    still = seen(visitor)
    button = visitor.page.locator(".rpx .press-button").first
    button.focus()
    visitor.page.keyboard.press("Enter")
    fronts = []
    for _ in range(200):
        now = painted(visitor)
        fronts.append((now["pressFront"], now["pressSpill"]))
        if now["pressSpill"] >= 1.1:
            break
        visitor.page.wait_for_timeout(30)
    visitor.settle()
    front, spill = np.array(fronts).T
    assert (np.diff(front) >= 0).all()
    assert (np.diff(spill) >= 0).all()
    assert spill[-1] > 1
    assert front[spill == 0].max(initial=0) < front[-1]
    at_end = seen(visitor)
    assert (at_end & still).sum() > 0.93 * still.sum()
    visitor.page.keyboard.press("Enter")
    visitor.page.wait_for_timeout(1500)  # it fades in, and frames may be slow
    visitor.settle()
    assert (seen(visitor) != still).sum() < 40
    assert visitor.errors == []
    context.close()


@pytest.mark.parametrize("structure", ["masseter_superficial", "sternocleidomastoid_sternal", "infraspinatus"])
def test_attachments_lie_on_the_bones_that_the_record_names(visitor, structure):
    visitor.open(f"v=1&s={structure}&view=left&skin=0")
    corners = np.reshape(visitor.run("e => e.view.attached()"), (-1, 3))
    assert len(corners) > 30
    bones = trimesh.util.concatenate(
        [ATLAS.mesh(b, "midline") for b in ("skull", "mandible", "sternum")]
        + [ATLAS.mesh(b, "left") for b in ("scapula", "humerus")]
    )
    muscle = ATLAS.mesh(structure, "left")
    near = corners[:: max(1, len(corners) // 200)]
    assert bones.nearest.on_surface(near)[1].max() < 1.0
    assert muscle.nearest.on_surface(near)[1].max() < 16
    line = visitor.page.locator(f".rpx [data-attached='{structure}']").inner_text()
    expected = {
        "masseter_superficial": "origin: Skull; insertion: Mandible",
        "sternocleidomastoid_sternal": "origin: Sternum with costal cartilages; insertion: Skull",
        "infraspinatus": "origin: Scapula; insertion: Humerus",
    }[structure]
    assert expected in line
    for end in ("origin", "insertion"):
        assert visitor.page.locator(f".rpx .legend [data-legend={end}]").is_visible()


def test_attachments_go_with_the_bones(visitor):
    visitor.open("v=1&s=masseter_superficial&view=left&skin=0")
    with_bones = visitor.picture()
    green = lambda p: ((p[..., 1] > p[..., 0] + 12) & (p[..., 1] > p[..., 2] + 4)).sum()  # noqa: E731
    assert green(with_bones) > 60
    visitor.run("e => e.set({ bones: false })")
    visitor.settle()
    assert visitor.run("e => e.view.attached()") == []
    assert green(visitor.picture()) == 0
    assert visitor.page.locator(".rpx .legend [data-legend=origin]").is_hidden()
    visitor.run("e => e.set({ structures: ['c2_c3'], pattern: null, bones: true })")
    visitor.settle()
    assert visitor.run("e => e.view.attached()") == []
