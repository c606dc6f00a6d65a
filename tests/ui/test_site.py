"""The exported site on a plain web server, below a path: the same explorer, and the same tests of it, without Python."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from explorer import load_atlas
from explorer.export.site import export_site
from explorer.pages import Pages
from tests.ui.conftest import Visitor

# the explorer's own tests, run again on the site: `visitor` below opens it instead of the served app
from tests.ui.test_choosing import (  # noqa: F401
    test_a_click_on_the_body_opens_the_card_of_the_muscle,
    test_a_nonsense_link_opens_the_explorer_with_a_note,
    test_back_and_forward_walk_through_what_was_chosen,
    test_search_finds_a_muscle_and_shows_its_card,
    test_the_keyboard_is_enough,
    test_the_link_brings_back_the_same_state_and_picture,
)
from tests.ui.test_handout import (  # noqa: F401
    clinicians,
    course_site,
    lean_explorer_stands_in,
    test_one_structure_fits_one_sheet,
    test_the_file_that_the_app_saves_opens_from_disk,
)
from tests.ui.test_matching_twins import test_scores_and_reasons_are_the_same_in_browser_and_python  # noqa: F401
from tests.ui.test_pain import test_a_link_brings_areas_paint_and_features_back  # noqa: F401

ATLAS = load_atlas()
BELOW = "teaching/pain"


class Plain(SimpleHTTPRequestHandler):
    """A web server that knows nothing, and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


class Unpacking(Plain):
    """One that takes each file whose content is gzip for a compressed text, and says so."""

    def end_headers(self) -> None:
        if self.path.endswith(".bin"):
            self.send_header("Content-Encoding", "gzip")
        super().end_headers()


def serve(folder: Path, kind: type[Plain]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}/{BELOW}"
        server.shutdown()


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    (folder / BELOW).parent.mkdir()
    export_site(ATLAS, folder / BELOW)
    return folder


@pytest.fixture(scope="session")
def site(site_folder: Path) -> Iterator[str]:
    yield from serve(site_folder, Plain)


@pytest.fixture
def visitor(browser: Browser, site: str) -> Iterator[Visitor]:
    """Refusals of the content policy stand in the console, so they are faults here."""
    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")
    person = Visitor(context.new_page(), site)
    person.page.on("response", lambda answer: answer.status >= 400 and person.errors.append(answer.url))
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []


@pytest.fixture
def clinician(browser: Browser, site: str) -> Iterator[Visitor]:
    yield from clinicians(browser, site)


def test_the_snippet_shows_the_lean_explorer_in_any_course_page(clinician, site):
    clinician.open("v=1&s=temporalis&side=right")
    clinician.page.locator(".rpx [data-take='share']").click()
    snippet = clinician.page.locator("#rpx-embed").input_value()
    assert not clinician.page.locator(".rpx .framed").is_visible()  # a plain web server forbids nothing
    with course_site() as (course, page):
        page["html"] = f"<h1>Lecture 3</h1>{snippet}"
        clinician.page.goto(course)
        lean_explorer_stands_in(clinician, site)


def test_every_page_opens_and_every_asset_is_below_the_path(visitor, site):
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.open()
    for name in Pages(ATLAS, "").names:
        visitor.page.goto(f"{site}/{name}.html")
        assert visitor.page.locator("h1").first.is_visible()
    assert all(url.startswith((f"{site}/", "data:", "blob:", "about:")) for url in asked)


def test_pages_lead_to_each_other_and_to_the_explorer(visitor, site):
    visitor.open("v=1&s=temporalis")
    visitor.page.locator(".rpx .explains a").first.click()
    assert visitor.page.url == f"{site}/red-flags.html"
    visitor.page.locator(".site-head nav a").nth(1).click()
    assert visitor.page.url == f"{site}/patterns.html"
    visitor.page.locator("article[id='temp_2'] h4 a").click()
    visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert visitor.state["structures"] == ["temporalis"]
    assert visitor.state["pattern"] == "temp_2"
    assert re.fullmatch(rf"{site}/index\.html#v=1&s=temporalis&p=temp_2", visitor.page.url)


def test_once_loaded_it_works_without_the_network(visitor):
    visitor.open()
    visitor.page.context.set_offline(True)
    visitor.page.locator(".rpx .entry[data-id='temporalis']").click()
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis"]
    visitor.page.locator(".rpx [data-mode='pain']").click()
    visitor.run("e => e.set({ mode: 'pain', structures: [], areas: ['temple_mid:left'] })")
    visitor.page.locator(".rpx [data-act='continue']").click()
    visitor.page.locator(".rpx .match").first.wait_for()
    assert visitor.page.locator(".rpx .match").count() > 3


def test_the_skip_link_moves_the_focus_and_keeps_the_link(visitor):
    visitor.open("v=1&s=temporalis")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.className") == "skip"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "explorer"
    assert visitor.fragment == "v=1&s=temporalis"


def test_style_sheets_of_the_pages_stay_outside_of_the_explorer(visitor, site):
    """In the served app it stands in a root of its own; so it does here, and looks the same."""
    visitor.open("v=1&s=trapezius_upper")
    assert visitor.page.evaluate("Boolean(document.getElementById('place').shadowRoot.querySelector('.rpx'))")
    padding = visitor.page.locator(".rpx .pattern").first.evaluate("node => getComputedStyle(node).borderRadius")
    assert padding == "0px"


def test_a_server_that_says_gzip_makes_no_difference(browser, site_folder):
    for address in serve(site_folder, Unpacking):
        context = browser.new_context(viewport={"width": 1000, "height": 700}, reduced_motion="reduce")
        person = Visitor(context.new_page(), address)
        person.open("v=1&s=temporalis")
        assert person.page.locator(".rpx .card h2").inner_text() == "Temporalis"
        assert person.errors == []
        context.close()


def test_the_policy_stops_what_does_not_belong(visitor, site):
    """A script that somehow got into the page does not run, and nothing can be sent away."""
    visitor.open()
    visitor.page.evaluate(
        """() => {
          window.refused = [];
          document.addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
          fetch("https://example.org/").catch(() => null);
          const form = document.createElement("form");
          form.action = "https://example.org/";
          document.body.append(form);
          form.submit();
        }"""
    )
    visitor.page.wait_for_timeout(500)
    assert visitor.page.evaluate("[window.ran ?? false, [...new Set(refused)].sort()]") == [
        False,
        ["connect-src", "form-action", "script-src-elem"],
    ]
    assert visitor.errors
    assert all("Content Security Policy" in error or "violates" in error for error in visitor.errors)
    visitor.errors.clear()
