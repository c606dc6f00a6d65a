"""The pages around the explorer, and what leads to them, in a real browser."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from explorer import load_atlas
from explorer.pages import Pages

ATLAS = load_atlas()
NAMES = Pages(ATLAS, "").names
CLINIC = Path(__file__).parents[1] / "clinic"


def test_every_page_answers_and_sets_no_cookie(visitor):
    for name in NAMES:
        answer = visitor.page.goto(f"{visitor.address}/{name}")
        assert answer.status == 200
        assert "set-cookie" not in answer.headers
        assert visitor.page.locator("h1").count() == 1
        here = visitor.page.locator(".site-head [aria-current=page]").get_attribute("href")
        assert here == (name if name in ("patterns", "sources", "about") else "learn")
    visitor.open()
    assert visitor.page.context.cookies() == []


def test_a_citation_leads_to_its_reference(visitor):
    visitor.page.goto(f"{visitor.address}/how-pain-travels")
    visitor.page.locator("#pain_gon .cite").click()
    visitor.page.wait_for_url("**/sources#piovesan2001")
    target = visitor.page.locator(":target")
    assert ATLAS.dataset.references["piovesan2001"].title in target.inner_text()
    assert target.is_visible()


def test_the_keyboard_leads_from_learn_to_a_page_and_back(visitor):
    page = visitor.page
    page.goto(f"{visitor.address}/learn")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == "what-next":
            break
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert ring != "none"
    page.keyboard.press("Enter")
    page.wait_for_url("**/what-next")
    page.go_back()
    assert page.url.endswith("/learn")


@pytest.mark.parametrize("name", ["patterns", "said-and-known", "how-pain-travels", "cervicogenic-headache"])
@pytest.mark.parametrize("width", [320, 1300])
def test_a_page_is_never_wider_than_its_window(visitor, name, width):
    visitor.page.set_viewport_size({"width": width, "height": 800})
    visitor.page.goto(f"{visitor.address}/{name}")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_print_leaves_out_the_way_and_keeps_the_words(visitor):
    visitor.page.goto(f"{visitor.address}/patterns")
    visitor.page.emulate_media(media="print")
    for gone in (".site-head nav", ".index", ".report"):
        assert not visitor.page.locator(gone).first.is_visible()
    for pattern in ATLAS.dataset.patterns.values():
        assert visitor.page.locator(f"article[id='{pattern.id}'] .part-plain").is_visible()


def test_the_card_leads_to_a_report_of_the_pattern(visitor):
    visitor.open("v=1&s=levator_scapulae")
    card = visitor.page.locator(".rpx .card")
    for pattern in ATLAS["levator_scapulae"].patterns:
        block = card.locator(f"[data-pattern='{pattern.id}']")
        link = block.locator(".report a").get_attribute("href")
        assert re.match(r"mailto:|https?://", link)
        assert pattern.id in unquote(link)
        block.locator("summary").click()
        assert f"Compared with its sources on {pattern.reviewed_on}" in block.inner_text()


def test_the_card_leads_to_the_pages_that_explain(visitor):
    visitor.open("v=1&s=levator_scapulae")
    links = visitor.page.locator(".rpx .card .explains a")
    assert [link.get_attribute("href") for link in links.all()] == ["red-flags", "trigger-points", "glossary"]
    links.nth(1).click()
    visitor.page.wait_for_url("**/trigger-points")
    assert visitor.page.locator("h1").inner_text() == ATLAS.dataset.learning.pages["trigger-points"].title


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("shoulder blade", "levator_scapulae"),
        ("wry neck", "sternocleidomastoid_sternal"),
        ("jaw joint", "tmj"),
        ("whiplash", "splenius_capitis"),
        ("stiff neck", "levator_scapulae"),
        ("crick in the neck", "levator_scapulae"),
        ("nape", "semispinalis_capitis"),
        ("collar bone", "subclavius"),
        ("teeth grinding", "masseter_superficial"),
        ("base of skull", "suboccipital_group"),
        ("armpit", "latissimus_dorsi"),
        ("frowning", "corrugator_supercilii"),
    ],
)
def test_search_knows_everyday_words(everyday, words, wanted):
    everyday.page.fill("#rpx-search", words)
    found = everyday.page.locator(".rpx .entry").evaluate_all("nodes => nodes.map(n => n.dataset.id)")
    assert wanted in found[:12]


@pytest.fixture(scope="module")
def everyday(browser, address):
    """One visitor for all everyday words."""
    from tests.ui.conftest import Visitor

    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")
    yield Visitor(context.new_page(), address).open()
    context.close()


@pytest.fixture(scope="module")
def clinic_address() -> Iterator[str]:
    """The explorer with a clinic's additions."""
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser", "--data", str(CLINIC)]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "REFERRED_PAIN_REPORT_TO": "atlas@clinic.example"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        found = re.search(r"http://localhost:\d+", server.stdout.readline())
        assert found, "the server never printed its address"
        try:
            yield found[0]
        finally:
            server.terminate()


def test_a_clinics_pattern_is_painted_and_marked_as_theirs(browser, clinic_address):
    from tests.ui.conftest import Visitor

    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")
    visitor = Visitor(context.new_page(), clinic_address)
    visitor.open("v=1&s=levator_scapulae&p=clinic%3Alev_middle")
    assert visitor.state["pattern"] == "clinic:lev_middle"
    assert visitor.run("e => e.scene().paint") == [{"pattern": "clinic:lev_middle", "side": "left"}]
    assert visitor.run("e => Math.max(...e.weights.paint(e.scene().paint).core)") == 255
    card = visitor.page.locator(".rpx .card")
    badges = card.locator(".badge-theirs")
    assert badges.all_inner_texts() == ["Added by clinic"]
    assert badges.is_visible()
    link = card.locator("[data-pattern='clinic:lev_middle'] .report a").get_attribute("href")
    assert link.startswith("mailto:atlas@clinic.example?subject=")
    listed = visitor.page.locator(".rpx .list .badge-theirs")
    assert listed.count() == 1
    assert "Levator scapulae" in listed.locator("xpath=..").inner_text()
    mark = visitor.page.locator(".rpx .mark[data-point='clinic:lev_middle']")
    assert mark.count() == 1
    visitor.page.goto(f"{clinic_address}/patterns")
    assert visitor.page.locator("article[id='clinic:lev_middle'] .badge-theirs").is_visible()
    context.close()
    assert visitor.errors == []
    assert visitor.outside == []
