"""A translation is rows in one table: what it fills is shown, the rest stays English and is marked as such."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from explorer import folders
from tests.ui.conftest import Visitor

GERMAN = {
    "language.name": "Deutsch",
    "app.name": "Atlas des übertragenen Schmerzes",
    "page.patterns": "Muster",
    "page.about": "Über",
    "pain.door_pain": "Wo tut es weh?",
    "legend.core": "Kern",
    "view.front": "Vorne",
    "side.left": "Links",
    "announce.chosen": "{names} gewählt, Seite: {side}.",
    "patterns.index": "Verzeichnis",
    "about.purpose": "Ein Atlas dokumentierter Muster zum Lernen; nicht zur Diagnose.",
}
#: the element that holds the focus of nothing: its language is what a screen reader speaks it in
SPOKEN = "node => node.closest('[lang]').lang"


@pytest.fixture(scope="module")
def german(tmp_path_factory) -> Iterator[str]:
    """The explorer, served from a copy of the data with a handful of German rows."""
    folder = tmp_path_factory.mktemp("german") / "data"
    shutil.copytree(folders.DATA, folder)
    with open(folder / "texts.csv", "a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows((key, "de", text) for key, text in GERMAN.items())
    check = subprocess.run([sys.executable, "-m", "explorer", "check", str(folder)], capture_output=True, text=True)
    assert check.returncode == 0, check.stdout
    with subprocess.Popen(
        [sys.executable, "-m", "explorer", "serve", "--data", str(folder), "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as server:
        yield next(filter(None, (re.search(r"http://localhost:\d+", line) for line in server.stdout)))[0]
        server.terminate()


@pytest.fixture
def guest(browser, german, request) -> Iterator[Visitor]:
    wishes = getattr(request, "param", {})
    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce", **wishes)
    person = Visitor(context.new_page(), german)
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []


def ready(guest: Visitor, query: str = "") -> None:
    guest.page.goto(f"{guest.address}/{query}")
    guest.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    guest.settle()


def test_the_address_asks_for_german_and_english_fills_the_gaps(guest):
    ready(guest, "?lang=de#v=1&s=trapezius_upper")
    page = guest.page
    assert page.locator("html").get_attribute("lang") == "de"
    german = {
        ".doors [data-mode=pain]": "pain.door_pain",
        "[data-legend=core]": "legend.core",
        "[data-view=front]": "view.front",
    }
    for selector, key in german.items():
        element = page.locator(f".rpx {selector}").first
        assert element.inner_text().strip() == GERMAN[key]
        assert element.evaluate(SPOKEN) == "de"
    for selector, words in {
        ".doors [data-mode=muscle]": "Find a muscle",
        "[data-legend=spillover]": "Spillover",
    }.items():
        element = page.locator(f".rpx {selector}").first
        assert element.inner_text().replace("\n", " ").strip() == words
        assert element.evaluate(SPOKEN) == "en"
    assert page.locator(".rpx .card h2").evaluate(SPOKEN) == "en"  # names and texts of the data are English
    # what is said is German too, with its places filled
    page.locator(".rpx .entry[data-id='levator_scapulae']").click()
    assert page.locator(".rpx [aria-live=polite]").inner_text() == "Levator scapulae gewählt, Seite: Links."
    # the frame of the page, and its links
    assert page.locator(".brand").inner_text() == GERMAN["app.name"]
    assert page.locator(".site-foot span").inner_text() == GERMAN["about.purpose"]
    assert page.locator(".site-head [data-page=learn]").evaluate(SPOKEN) == "en"
    page.locator(".site-head [data-page=patterns]").click()
    page.wait_for_url("**/patterns.de")


def test_the_text_pages_stand_in_each_language(guest):
    page = guest.page
    page.goto(f"{guest.address}/patterns")
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").inner_text() == "Patterns"
    page.locator(".languages [hreflang=de]").click()
    page.wait_for_url("**/patterns.de")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.locator("h1").inner_text() == GERMAN["page.patterns"]
    assert page.locator("h1 span").evaluate(SPOKEN) == "de"
    assert page.locator(".index h2").inner_text() == GERMAN["patterns.index"]
    assert page.locator("article.pattern h4").first.evaluate(SPOKEN) == "en"
    dead = page.evaluate(
        """async () => {
            const links = new Set([...document.querySelectorAll("a[href]")].map((a) => a.href.split("#")[0]).filter((a) => a.startsWith(location.origin)));
            const answers = await Promise.all([...links].map(async (link) => [link, (await fetch(link)).status]));
            return answers.filter(([, status]) => status !== 200);
        }"""
    )
    assert dead == []
    page.locator(".brand").click()
    page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert page.locator("html").get_attribute("lang") == "de"


def test_the_setting_is_remembered_and_can_be_taken_back(guest):
    ready(guest)
    page = guest.page
    assert page.locator("html").get_attribute("lang") == "en"
    page.locator(".rpx .more > summary").click()
    choice = page.locator(".rpx [data-language]")
    assert choice.all_inner_texts() == ["English", "Deutsch"]
    with page.expect_navigation():
        choice.nth(1).click()
    page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert page.locator(".brand").inner_text() == GERMAN["app.name"]
    page.locator(".rpx .more > summary").click()
    assert page.locator(".rpx [data-language=de]").get_attribute("aria-pressed") == "true"
    with page.expect_navigation():
        page.locator(".rpx [data-language=en]").click()
    page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert page.locator("html").get_attribute("lang") == "en"


@pytest.mark.parametrize("guest", [{"locale": "de-AT"}], indirect=True)
def test_a_browser_that_prefers_german_gets_it_once_most_of_it_is_there(guest):
    ready(guest)
    assert guest.page.locator("html").get_attribute("lang") == "en"
    chosen = guest.page.evaluate(
        """async () => {
            const code = performance.getEntriesByType("resource").map((entry) => entry.name).find((name) => /explorer-\\w+\\.js$/.test(name));
            const text = await (await fetch(code)).text();
            const url = URL.createObjectURL(new Blob([text + "\\nexport const languageModule = $language;"], { type: "text/javascript" }));
            const { languageModule } = await import(url);
            const full = Object.fromEntries(Array.from({ length: 20 }, (_, k) => [`k${k}`, "x"]));
            return [languageModule.chosenLanguage({ en: full, de: full }, true), languageModule.chosenLanguage({ en: full, es: full }, true)];
        }"""
    )
    assert chosen == ["de", "en"]


def test_with_english_alone_nothing_is_offered(visitor):
    visitor.page.goto(f"{visitor.address}/?lang=de")
    visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert visitor.page.locator("html").get_attribute("lang") == "en"
    assert visitor.page.locator(".rpx [data-language]").count() == 0
    assert visitor.page.locator(".rpx [lang]").count() == 0
    visitor.page.goto(f"{visitor.address}/about")
    assert visitor.page.locator(".languages").count() == 0
