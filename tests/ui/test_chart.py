"""The chart beside the view shows the same painting, whole, on the sides where it lies; pictures carry their words."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from explorer import load_atlas

ATLAS = load_atlas()
#: to the right of the paper and to the eye, LPS
PAPER = {
    "right": ((0, -1, 0), (-1, 0, 0)),
    "front": ((1, 0, 0), (0, -1, 0)),
    "left": ((0, 1, 0), (1, 0, 0)),
    "back": ((-1, 0, 0), (0, 1, 0)),
}


def seen_from(side: str) -> np.ndarray:
    """(n,) True where a vertex of the skin faces the eye clearly and nothing stands before it: by rays."""
    surface, eye = ATLAS.skin, np.array(PAPER[side][1], float)
    out = np.zeros(len(surface.vertices), bool)
    some = np.flatnonzero((surface.vertex_normals @ eye > 0.45) & (surface.vertices[:, 2] > -200))[::17]
    hidden = surface.ray.intersects_any(surface.vertices[some] + 0.5 * eye, np.tile(eye, (len(some), 1)))
    out[some[~hidden]] = True
    return out


@pytest.mark.parametrize("pattern", ["scm_st_mid", "temp_2", "lev_up"])
def test_the_chart_is_painted_where_the_weights_are_and_nowhere_else(visitor, pattern):
    """Ground truth in Python: each vertex seen from a side lies inside the drawn core exactly where its weight is high."""
    structure = next(s for s in ATLAS for p in s.patterns if p.id == pattern)
    visitor.open(f"v=1&s={structure.id}&p={pattern}")
    core, _ = ATLAS.paint(pattern, "left")
    told = 0
    for side, (right, _) in PAPER.items():
        for vertices, inside in ((core > 0.75, True), (core < 0.2, False)):
            places = ATLAS.skin.vertices[np.flatnonzero(vertices & seen_from(side))]
            flat = np.column_stack([places @ np.array(right, float), -places[:, 2]])
            found = visitor.page.locator(f".rpx .chart figure[data-side='{side}'] svg").evaluate(
                """(picture, places) => {
                  const core = picture.querySelector(".core");
                  return places.map(([x, y]) => Boolean(core?.isPointInFill(new DOMPoint(x, y))));
                }""",
                flat.tolist(),
            )
            told += len(found) if inside else 0
            assert np.mean(np.array(found, bool) == inside) > 0.985 if found else True
    assert told > 5


@pytest.mark.parametrize("structure", ["temporalis", "scalenus_anterior", "infraspinatus"])
def test_the_chart_is_always_whole(visitor, structure):
    """All paint and every trigger point lies inside the frames, down to the hand where it goes there."""
    visitor.open(f"v=1&s={structure}")
    lowest = 0.0
    for pattern in ATLAS[structure].patterns:
        core, spillover = ATLAS.paint(pattern.id, "left")
        lowest = max(lowest, *(-ATLAS.skin.vertices[np.maximum(core, spillover) > 0.5, 2]), 0.0)
    for box in visitor.page.locator(".rpx .chart svg").evaluate_all(
        "all => all.map(s => s.viewBox.baseVal).map(b => [b.x, b.y, b.width, b.height])"
    ):
        assert box[1] + box[3] > lowest
        assert box[1] < -ATLAS.skin.vertices[:, 2].max()


def test_the_chart_keeps_step_with_the_selection_and_the_side(visitor):
    visitor.open("v=1&s=temporalis")
    painted = lambda: visitor.page.locator(".rpx .chart figure[data-painted='true']").evaluate_all(  # noqa: E731
        "all => all.map(figure => figure.dataset.side)"
    )
    assert "left" in painted()
    assert "right" not in painted()
    visitor.page.locator(".rpx [data-side='right']").first.click()
    visitor.settle()
    assert "right" in painted()
    assert "left" not in painted()
    label = visitor.page.locator(".rpx .chart figure[data-side='left'] svg").get_attribute("aria-label")
    assert label == "Left side: nothing drawn."
    visitor.page.keyboard.press("Escape")
    assert painted() == []


def test_the_chart_can_be_put_away_and_stays_away(visitor):
    visitor.open("v=1&s=temporalis")
    button = visitor.page.locator(".rpx [data-tool='chart']")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert not visitor.page.locator(".rpx .chart").is_visible()
    visitor.open("v=1&s=levator_scapulae")
    assert not visitor.page.locator(".rpx .chart").is_visible()
    button.click()
    assert visitor.page.locator(".rpx .chart .core").first.is_visible()


# --- finding one's way ------------------------------------------------------------------------------------------


def test_as_in_a_mirror_the_letters_and_the_pointer_stay_truthful(visitor):
    visitor.open("v=1&view=front&skin=0&bones=0")
    page = visitor.page
    assert page.locator(".rpx .letter").all_inner_texts() == ["R", "L"]
    page.locator(".rpx .more > summary").click()
    page.locator(".rpx .options [data-option='mirror']").click()
    page.locator(".rpx .more > summary").click()
    visitor.settle()
    assert visitor.fragment == "v=1&view=front&mirror=1&skin=0&bones=0"
    assert page.locator(".rpx .letter").all_inner_texts() == ["L", "R"]
    assert page.locator(".rpx .mirror-note").is_visible()
    chart = page.locator(".rpx .chart figure[data-side='front'] .chart-letter").all_text_contents()
    assert chart == ["L", "R"]
    visitor.run("e => e.set({ mirror: false })")
    visitor.settle()
    plain = visitor.picture()
    visitor.run("e => e.set({ mirror: true })")
    visitor.settle()
    assert np.abs(visitor.picture()[:, ::-1] - plain).mean() < 1.0
    mesh = ATLAS.mesh("masseter_superficial", "left").vertices
    x, y = visitor.where(mesh[np.argmin(mesh[:, 1])])
    middle = visitor.where([0, -90, 0])[0]
    assert x < middle  # the subject's left stands on the left, as in a mirror
    page.mouse.click(x + 3, y)
    visitor.settle()
    assert visitor.state["side"] == "left"
    assert len(visitor.state["structures"]) == 1


def test_brought_back_after_getting_lost(visitor):
    visitor.open("v=1&s=temporalis&view=left")
    before = visitor.run("e => e.view.pose()")
    visitor.page.locator(".rpx .canvas").focus()
    for _ in range(5):
        visitor.page.keyboard.press("ArrowLeft")
        visitor.page.keyboard.press("-")
    visitor.settle()
    assert visitor.run("e => e.view.pose()")["azimuth"] != pytest.approx(before["azimuth"])
    visitor.page.locator(".rpx [data-tool='back']").click()
    visitor.settle()
    after = visitor.run("e => e.view.pose()")
    assert after["azimuth"] == pytest.approx(before["azimuth"])
    assert after["distance"] == pytest.approx(before["distance"])


@pytest.mark.parametrize(
    ("step", "layers"),
    [
        ("superficial", {"superficial", "intermediate", "deep", "deepest"}),
        ("deep", {"intermediate", "deep", "deepest"}),
        ("bone", set()),
    ],
)
def test_peeling_takes_layer_after_layer(visitor, step, layers):
    visitor.open("v=1")
    visitor.page.locator(".rpx .more > summary").click()
    button = visitor.page.locator(f".rpx .options [data-option='{step}']")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    shown = visitor.run(
        "e => Object.entries(e.scene().structures).filter(([, look]) => look.visible).map(([key]) => key)"
    )
    known = {key: ATLAS[key.partition("/")[0]] for key in shown}
    assert {structure.layer for structure in known.values()} == layers
    assert visitor.run("e => e.scene().skin") == 0
    fragment = visitor.fragment
    state = visitor.state
    visitor.open(fragment)
    assert visitor.state == state


def test_the_rest_can_be_shown_faded_or_hidden(visitor):
    visitor.open("v=1&s=temporalis")
    visitor.page.locator(".rpx .more > summary").click()

    def looks() -> dict:
        return visitor.run("e => e.scene().structures")

    visitor.page.locator(".rpx .options [data-option='hide']").click()
    alone = [key for key, look in looks().items() if look["visible"]]
    assert alone == ["temporalis/left"]
    visitor.page.locator(".rpx .options [data-option='show']").click()
    assert len({look["colour"] for look in looks().values()}) == 2
    assert looks()["masseter_superficial/left"]["visible"]


@pytest.mark.parametrize(
    ("view", "seen"),
    [("front", "from: front"), ("left", "from: left"), ("back", "from: back"), ("three_quarter", "front, left")],
)
def test_the_mannequin_turns_with_the_body(visitor, view, seen):
    visitor.open(f"v=1&view={view}")
    mannequin = visitor.page.locator(".rpx .mannequin")
    assert mannequin.get_attribute("aria-label").endswith(seen)
    x = {
        letter.text_content(): float(letter.get_attribute("x"))
        for letter in visitor.page.locator(".rpx .mannequin text").element_handles()
    }
    if view in ("front", "three_quarter"):
        assert x["R"] < x["L"]
    if view == "back":
        assert x["L"] < x["R"]


# --- pictures to keep -------------------------------------------------------------------------------------------


def kept(visitor, kind: str):
    visitor.page.locator(".rpx .more > summary").click()
    with visitor.page.expect_download() as waiting:
        visitor.page.locator(f".rpx [data-save='{kind}']").click()
    return waiting.value


def test_the_chart_is_kept_with_name_grade_sources_and_what_it_is_not(visitor):
    visitor.open("v=1&s=temporalis&p=temp_2")
    file = kept(visitor, "chart")
    assert file.suggested_filename == "referred-pain_temporalis_temp_2_left_chart.svg"
    text = file.path().read_text(encoding="utf-8")
    root = ET.fromstring(text)
    words = re.sub(r"\s+", " ", " ".join(node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")))
    pattern = ATLAS.dataset.patterns["temp_2"]
    for wanted in (
        ATLAS["temporalis"].name,
        f"Grade {pattern.grade}",
        ATLAS.dataset.texts["en"]["about.purpose"],
        ATLAS.dataset.texts["en"]["legend.core_long"],
        ATLAS.dataset.version,
        pattern.evidence[0].reference.authors.split(",")[0],
    ):
        assert wanted in words
    classes = [node.get("class") for node in root.iter("{http://www.w3.org/2000/svg}path")]
    assert classes.count("body") == 4
    assert "core" in classes
    assert "point" in classes
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", text)  # it asks nothing of the network


def test_a_kept_comparison_says_who_has_which_letter_and_what_they_share(visitor):
    visitor.open("v=1&s=temporalis,masseter_superficial&view=left")
    shared = visitor.page.locator(".rpx .compare-words").inner_text()
    root = ET.fromstring(kept(visitor, "chart").path().read_text(encoding="utf-8"))
    texts = [node.text or "" for node in root.iter("{http://www.w3.org/2000/svg}text")]
    words = re.sub(r"\s+", " ", " ".join(texts))
    for letter, name in (("A", "temporalis"), ("B", "masseter_superficial")):
        assert texts.count(letter) >= 2  # on its paint and beside its name
        assert ATLAS[name].name in words
    assert re.sub(r"\s+", " ", shared) in words
    assert ATLAS.dataset.texts["en"]["legend.core_long"] not in words  # stripes say it


def test_the_picture_of_a_comparison_holds_its_letters(visitor):
    """The letters stand on the body where the view has them: a ring in the colour of the stripes round white."""
    visitor.open("v=1&s=temporalis,masseter_superficial&view=left")
    signs = [visitor.where(spot["place"]) for spot in visitor.run("e => e.compare.spots()")]
    stage = visitor.page.locator(".rpx .canvas").bounding_box()
    image = Image.open(io.BytesIO(kept(visitor, "view").path().read_bytes())).convert("RGB")
    pixels = np.asarray(image).astype(int)
    drop = image.height / 2 - stage["height"]  # the body stands on the lower edge of the sheet
    assert len(signs) == 2
    for x, y in signs:
        column, row = round(2 * (x - stage["x"])), round(2 * (y - stage["y"] + drop))
        inside = pixels[row - 14 : row + 15, column - 14 : column + 15]
        assert (inside.min(axis=2) > 240).mean() > 0.3
        assert (inside.max(axis=2) < 120).mean() > 0.02  # the letter


def test_the_picture_of_the_view_is_whole(visitor):
    """The saved PNG holds the painted body on the left, words in ink on white on the right."""
    visitor.open("v=1&s=temporalis&view=left")
    file = kept(visitor, "view")
    assert file.suggested_filename == "referred-pain_temporalis_left.png"
    image = np.asarray(Image.open(io.BytesIO(file.path().read_bytes())).convert("RGB")).astype(int)
    split = image.shape[1] - 2 * 380
    body, words = image[:, :split], image[:, split:]
    blue = (body[..., 2] > body[..., 0] + 45) & (body[..., 2] > body[..., 1] + 20)
    assert blue.mean() > 0.01
    ink = words.sum(axis=2) < 200
    assert 0.01 < ink.mean() < 0.2
    assert (words.min(axis=2) == 255).mean() > 0.7
    assert np.flatnonzero(ink.any(axis=1)).max() > 0.5 * image.shape[0]
