"""For everyone: axe finds nothing, targets are large enough, themes and small screens hold, no WebGL is no loss."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from get_chromium import find_chromium
from playwright.sync_api import Browser

from explorer import load_atlas
from tests.ui.conftest import FLAGS, Visitor

ATLAS = load_atlas()
CHOSEN = "v=1&s=trapezius_upper"
#: rules of WCAG 2.2 AA, and good practice
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {
    "runOnly": {"type": "tag", "values": TAGS},
    "resultTypes": ["violations"],
}


def found_by_axe(visitor: Visitor) -> list[str]:
    result = Axe().run(visitor.page, options=RULES)
    return [
        f"{violation['id']}: {node['target']} {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for violation in result.response["violations"]
        for node in violation["nodes"]
        # marks of near trigger points may overlap; each has an equal of full size on the card (WCAG 2.5.8, "equivalent")
        if not (violation["id"] == "target-size" and 'class="mark' in node["html"])
    ]


@pytest.fixture
def guest(browser: Browser, address: str, request) -> Iterator[Visitor]:
    """A visitor with a screen and wishes of their own."""
    wishes = {"viewport": {"width": 1300, "height": 850}, "reduced_motion": "reduce"} | getattr(request, "param", {})
    context = browser.new_context(**wishes)
    person = Visitor(context.new_page(), address)
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []


WIDE = {"viewport": {"width": 1300, "height": 850}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
ZOOMED = {"viewport": {"width": 650, "height": 425}, "device_scale_factor": 2}  # 1300 x 850 at 200 %


@pytest.mark.parametrize(
    "guest",
    [
        WIDE | {"color_scheme": "light"},
        WIDE | {"color_scheme": "dark"},
        PHONE,
        PHONE | {"color_scheme": "dark"},
        ZOOMED,
    ],
    indirect=True,
    ids=["light", "dark", "phone", "phone-dark", "zoomed"],
)
@pytest.mark.parametrize("fragment", ["", CHOSEN])
def test_axe_finds_nothing(guest, fragment):
    guest.open(fragment)
    if guest.page.viewport_size["width"] < 900:
        found = []
        for tab in ("list", "card", "chart", "options"):
            guest.page.locator(f".rpx .tabs [data-tab='{tab}']").click()
            found += found_by_axe(guest)
    else:
        guest.page.locator(".rpx .more > summary").click()
        found = found_by_axe(guest)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("page", ["patterns", "sources", "about"])
@pytest.mark.parametrize(
    "guest", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True, ids=["light", "dark"]
)
def test_axe_finds_nothing_on_the_pages(guest, page):
    guest.page.goto(f"{guest.address}/{page}")
    found = found_by_axe(guest)
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("guest", [WIDE, PHONE, ZOOMED], indirect=True, ids=["wide", "phone", "zoomed"])
def test_targets_are_at_least_24_px(guest):
    guest.open(CHOSEN)
    seen = 0
    for tab in ("list", "card", "chart", "options"):
        if guest.page.viewport_size["width"] < 900:
            guest.page.locator(f".rpx .tabs [data-tab='{tab}']").click()
        small = guest.page.locator(".rpx").evaluate(
            """root => [...root.querySelectorAll("button, summary, input")]
              .filter(node => node.checkVisibility() && node.getBoundingClientRect().width > 0)
              .map(node => [node.outerHTML.slice(0, 90), node.getBoundingClientRect().width, node.getBoundingClientRect().height])"""
        )
        seen += len(small)
        assert [entry for entry in small if min(entry[1:]) < 23.9] == []
    assert seen > 40


@pytest.mark.parametrize("guest", [PHONE, ZOOMED], indirect=True, ids=["phone", "zoomed"])
def test_a_small_screen_keeps_the_view_and_brings_the_rest_in_tabs(guest):
    guest.open()
    page = guest.page
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".rpx .list").is_visible()
    page.locator(".rpx .entry[data-id='levator_scapulae']").click()
    guest.settle()
    assert page.locator(".rpx .card h2").is_visible()  # choosing leads to the card
    assert page.locator(".rpx .canvas").is_visible()
    assert not page.locator(".rpx .list").is_visible()
    page.locator(".rpx .tabs [data-tab='chart']").click()
    assert page.locator(".rpx .chart svg .core").first.is_visible()
    page.locator(".rpx .tabs [data-tab='options']").click()
    page.locator(".rpx .options [data-side='right']").click()
    assert guest.state["side"] == "right"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_follows_the_device_and_the_switch_and_is_remembered(visitor):
    visitor.open()
    page, root = visitor.page, visitor.page.locator(".rpx")
    assert root.get_attribute("data-theme") == "light"
    page.emulate_media(color_scheme="dark")
    page.locator(".rpx[data-theme='dark']").wait_for()
    page.locator(".rpx .more > summary").click()
    page.locator(".rpx .options [data-option='light']").click()
    assert root.get_attribute("data-theme") == "light"
    visitor.open()
    assert root.get_attribute("data-theme") == "light"
    page.goto(f"{visitor.address}/about")
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_each_stop_of_the_tab_key_is_seen(visitor):
    """Every element that takes the focus shows an outline, and the view is among them."""
    visitor.open(CHOSEN)
    page = visitor.page
    stops = []
    for _ in range(160):
        page.keyboard.press("Tab")
        at = page.evaluate(
            """() => { let node = document.activeElement; while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
              const look = getComputedStyle(node);
              return [node.className.toString() || node.tagName, parseFloat(look.outlineWidth), look.outlineStyle]; }"""
        )
        stops.append(at)
        if len(stops) > 5 and at[0] == "BODY":
            break
    names = {name.partition(" ")[0] for name, _, _ in stops}
    assert {"canvas", "tool", "mark", "entry"} <= names
    unseen = [stop for stop in stops if stop[0] != "BODY" and (stop[1] < 2 or stop[2] == "none")]
    assert unseen == []


def test_the_help_of_keys_opens_and_keeps_what_is_chosen(visitor):
    visitor.open(CHOSEN)
    page = visitor.page
    page.locator(".rpx .canvas").focus()
    page.keyboard.press("?")
    assert page.locator(".rpx dialog.keys").is_visible()
    assert found_by_axe(visitor) == []
    page.keyboard.press("Escape")
    assert not page.locator(".rpx dialog.keys").is_visible()
    assert visitor.state["structures"] == ["trapezius_upper"]


def test_full_screen_there_and_back(visitor):
    visitor.open()
    button = visitor.page.locator(".rpx [data-tool='full']")
    button.click()
    visitor.page.locator(".rpx [data-tool='full'][aria-pressed='true']").wait_for()
    assert visitor.page.evaluate("document.fullscreenElement !== null")
    button.click()
    visitor.page.wait_for_function("document.fullscreenElement === null")


def test_without_webgl_the_chart_takes_the_place_of_the_view(address, playwright_without_webgl):
    context = playwright_without_webgl.new_context(viewport={"width": 1300, "height": 850})
    page = context.new_page()
    visitor = Visitor(page, address)
    page.goto(f"{address}/#{CHOSEN}")
    page.wait_for_selector(".rpx[data-ready]")
    assert page.evaluate("document.createElement('canvas').getContext('webgl2')") is None
    assert page.locator(".rpx .fault").is_visible()
    chart = page.locator(".rpx .chart")
    assert chart.is_visible()
    assert chart.locator("figure").count() == 4
    assert chart.locator("svg .core").count() >= 2
    assert chart.bounding_box()["height"] > 300
    page.locator(".rpx .entry[data-id='temporalis']").click()
    assert page.locator(".rpx .card h2").inner_text() == ATLAS["temporalis"].name
    assert "Temporalis" in chart.locator("#rpx-chart-words").inner_text()
    assert found_by_axe(visitor) == []
    assert visitor.errors == []
    context.close()


@pytest.fixture
def playwright_without_webgl(browser) -> Iterator[Browser]:
    own = browser.browser_type.launch(executable_path=find_chromium(), args=[*FLAGS, "--disable-3d-apis"])
    yield own
    own.close()


def test_the_words_of_the_chart_name_every_place_with_its_side(visitor):
    visitor.open("v=1&s=levator_scapulae&side=right")
    words = visitor.page.locator(".rpx #rpx-chart-words").inner_text()
    for pattern in ATLAS["levator_scapulae"].patterns:
        for entry in pattern.areas:
            side = {"same": "right", "opposite": "left"}.get(entry.side, entry.side)
            assert f"{ATLAS.dataset.areas[entry.area_id].plain} ({side})" in words
