"""The hand-out: one HTML file from disk with the network off, and the page, the file and the link that the app makes."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlparse

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Frame

from explorer import load_atlas
from explorer.export.handout import HandoutRequest, clean, handout_content
from explorer.export.handout_html import text_of, write_html
from tests.qr_reader import modules_of, read_qr
from tests.test_export import HOSTILE, Reader
from tests.test_serving import served
from tests.ui.conftest import Visitor

# the viewer's own tests, run again on the file: `visitor` below opens it instead of the served app
from tests.ui.test_choosing import (  # noqa: F401
    test_a_click_on_the_body_opens_the_card_of_the_muscle,
    test_a_drag_turns_the_body_and_chooses_nothing,
    test_a_trigger_point_is_a_button_where_it_lies,
    test_both_voices,
    test_layers_are_shown_and_hidden,
    test_paint_changes_where_the_pattern_says_and_nowhere_else,
    test_the_side_turns_the_pattern_and_the_letters_tell_which,
)
from tests.ui.test_twins import test_paint_is_the_same_in_browser_and_python  # noqa: F401

ATLAS = load_atlas()
STRUCTURES = (
    "temporalis",
    "trapezius_upper",
    "sternocleidomastoid_clavicular",
    "levator_scapulae",
    "masseter_superficial",
    "scalenus_anterior",
)


class Reading(Visitor):
    """A person with the file on a stick and no network."""

    def open(self, fragment: str = "") -> Reading:
        fields = dict(parse_qsl(fragment))
        self.page.goto("about:blank")
        self.page.goto(self.address)
        self.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
        state = {"structures": fields["s"].split(",") if "s" in fields else [], "pattern": fields.get("p")}
        state |= {name: fields[name] for name in ("side", "view") if name in fields}
        state |= {name: fields[name] != "0" for name in ("muscles", "bones") if name in fields}
        if "skin" in fields:
            state["skin"] = int(fields["skin"]) / 100
        self.run("(e, state) => e.set(state)", state)
        self.settle()
        return self


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stick") / "hand-out.html"
    note = "Rest. <script>document.title = 'taken'</script>"
    request = HandoutRequest(STRUCTURES, "left", "Dr. Ö", note, link="https://example.org/pain/#v=1&s=temporalis")
    write_html(ATLAS, request, path)
    return path


@pytest.fixture
def visitor(browser: Browser, file: Path) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1300, "height": 1150}, reduced_motion="reduce", offline=True)
    asked: list[str] = []
    person = Reading(context.new_page(), file.as_uri())
    person.page.on("request", lambda request: asked.append(urlparse(request.url).scheme))
    yield person
    context.close()
    assert person.errors == []
    assert set(asked) <= {"file", "blob", "data", "about"}


# --- the file --------------------------------------------------------------------------------------------------


def test_the_file_opens_with_what_was_chosen_and_holds_its_cards(visitor):
    visitor.page.goto(visitor.address)
    visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    visitor.settle()
    assert visitor.state["structures"] == list(STRUCTURES)
    listed = visitor.page.locator(".rpx .entry").evaluate_all("nodes => nodes.map(node => node.dataset.id)")
    assert sorted(listed) == sorted(STRUCTURES)
    assert not visitor.page.locator(".rpx .doors").is_visible()
    assert visitor.page.locator(".rpx [data-take]").count() == 0
    for name in STRUCTURES:
        visitor.page.locator(f".rpx .entry[data-id='{name}']").click()
        card = visitor.page.locator(".rpx .card").inner_text()
        assert all(pattern.plain in card for pattern in ATLAS[name].patterns)
    assert visitor.page.title() != "taken"
    assert "<script>document.title = 'taken'</script>" in visitor.page.locator(".handout > .note").inner_text()


def test_the_file_opens_from_where_most_of_the_paint_is_seen(visitor):
    visitor.page.goto(visitor.address)
    visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    wanted = visitor.run("e => e.view.bestView(e.scene().paint)")
    assert visitor.state["view"] == wanted


def test_without_a_script_the_words_are_there(browser, file):
    context = browser.new_context(java_script_enabled=False, offline=True, viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto(file.as_uri())
    text = " ".join(page.locator("body").inner_text().split())
    content = handout_content(ATLAS, HandoutRequest(STRUCTURES))
    for words in (*content.paragraphs, content.disclaimer, content.licence, *content.credits, "Everything it shows"):
        assert " ".join(words.split()) in text
    assert not page.locator("#view").is_visible()
    assert page.locator(".qr").is_visible()
    context.close()


def test_without_webgl_the_chart_stands_in_the_file(browser, file, playwright_without_webgl):
    page = playwright_without_webgl.new_page(offline=True)
    page.goto(file.as_uri())
    page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    assert page.locator(".rpx").get_attribute("data-flat") == "true"
    assert page.locator(".rpx .chart svg").first.is_visible()


@pytest.fixture
def playwright_without_webgl(browser: Browser) -> Iterator[Browser]:
    from tests.get_chromium import find_chromium

    other = browser.browser_type.launch(
        executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    )
    yield other
    other.close()


def test_the_file_is_never_wider_than_its_window(visitor):
    for width in (360, 768, 1300):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.page.goto(visitor.address)
        visitor.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


# --- the app ---------------------------------------------------------------------------------------------------


@pytest.fixture
def clinician(browser: Browser, address: str) -> Iterator[Visitor]:
    """Somebody with the served app, whose every request is kept."""
    yield from clinicians(browser, address)


def clinicians(browser: Browser, address: str) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1300, "height": 950}, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=re.match(r"https?://[^/]+", address)[0])
    person = Visitor(context.new_page(), address)
    person.sent = []
    person.page.on("request", lambda request: person.sent.append(f"{request.url} {request.post_data or ''}"))
    person.page.on("websocket", lambda socket: socket.on("framesent", lambda data: person.sent.append(str(data))))
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []


def open_page(visitor: Visitor, fragment: str = "v=1&s=trapezius_upper&side=right") -> Frame:
    visitor.open(fragment)
    visitor.page.locator(".rpx [data-take='handout']").click()
    visitor.page.wait_for_selector(".rpx .preview[data-pages]", state="attached", timeout=60_000)
    return visitor.page.locator(".rpx .preview").element_handle().content_frame()


def typed(visitor: Visitor, clinic: str, note: str) -> None:
    visitor.page.locator("#rpx-clinic").fill(clinic)
    visitor.page.locator("#rpx-note").fill(note)
    visitor.page.wait_for_timeout(900)


def test_the_page_says_all_that_it_must(clinician):
    inside = open_page(clinician)
    typed(clinician, "Praxis Ö", "Come back\nin two weeks.")
    text = " ".join(inside.locator(".handout").inner_text().split())
    content = handout_content(ATLAS, HandoutRequest(("trapezius_upper",), "right"))
    wanted = [
        content.title,
        content.disclaimer,
        *content.paragraphs,
        content.version,
        content.licence,
        *content.credits,
    ]
    wanted += [words for _, words in content.legend] + [source.citation for source in content.sources]
    wanted += [sign for group in content.warnings for sign in (*group.signs, *group.others)]
    wanted += ["Praxis Ö", "Come back in two weeks."]
    assert [words for words in wanted if " ".join(words.split()) not in text] == []


def test_the_page_shows_the_views_that_tell_most_and_the_chart(clinician):
    inside = open_page(clinician)
    labels = inside.locator(".pictures img").evaluate_all("nodes => nodes.map(node => node.alt)")
    assert 2 <= len(labels) <= 3
    assert labels[0] == "Right"
    for source in inside.locator(".pictures img").evaluate_all("nodes => nodes.map(node => node.src)"):
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")).astype(
            int
        )
        assert picture.shape[0] == picture.shape[1] >= 1000
        blue = (picture[..., 2] > picture[..., 0] + 45) & (picture[..., 2] > picture[..., 1] + 20)
        assert blue.mean() > 0.005, "no paint in a picture that should tell most"
    chart = inside.locator(".chart-place svg").first
    assert chart.bounding_box()["width"] > 200
    assert "Temple" in chart.get_attribute("aria-label") or "temple" in chart.get_attribute("aria-label")


def test_making_the_page_leaves_the_view_as_it_stood(clinician):
    clinician.open("v=1&s=trapezius_upper")
    clinician.page.locator(".rpx .canvas").focus()
    clinician.page.keyboard.press("ArrowLeft")
    clinician.settle()
    clinician.page.locator(".rpx [data-take='handout']").focus()  # a focused canvas has a frame
    pose, fragment = clinician.run("e => e.view.pose()"), clinician.fragment
    picture = clinician.picture()
    clinician.page.locator(".rpx [data-take='handout']").click()
    clinician.page.wait_for_selector(".rpx .preview[data-pages]", state="attached", timeout=60_000)
    clinician.page.keyboard.press("Escape")
    clinician.settle()
    assert clinician.run("e => e.view.pose()") == pose
    assert clinician.fragment == fragment
    assert np.abs(clinician.picture() - picture).mean() < 1.0


def test_the_code_on_the_page_leads_to_the_state_without_the_drawing(clinician):
    inside = open_page(clinician, "v=1&s=trapezius_upper&side=right&view=back&a=temple_mid:left")
    size = int(inside.locator(".qr").get_attribute("viewBox").split()[2])
    link = read_qr(modules_of(inside.locator(".qr path").get_attribute("d"), size))
    assert link == inside.locator(".back a").get_attribute("href")
    assert link == f"{clinician.address}/#v=1&s=trapezius_upper&side=right&view=back"
    clinician.page.locator("#rpx-leads").fill("javascript:alert(1)")
    clinician.page.wait_for_timeout(900)
    assert inside.locator(".qr, .back").count() == 0


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_one_structure_fits_one_sheet(clinician, paper):
    """Also in the printer's eyes: the page as it stands, printed with its own size of paper."""
    inside = open_page(clinician)
    clinician.page.locator("#rpx-paper").select_option(paper)
    clinician.page.wait_for_timeout(900)
    assert clinician.page.locator(".rpx .preview").get_attribute("data-pages") == "1"
    markup = inside.evaluate("document.documentElement.outerHTML")
    rules = inside.evaluate("[...document.adoptedStyleSheets[0].cssRules].map(rule => rule.cssText).join('\\n')")
    printer = clinician.page.context.browser.new_page()
    printer.set_content(markup)
    printer.evaluate(
        "css => { const s = new CSSStyleSheet(); s.replaceSync(css); document.adoptedStyleSheets = [s]; }", rules
    )
    pdf = printer.pdf(prefer_css_page_size=True, tagged=True)
    printer.close()
    [box] = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    wanted = {"a4": (595.3, 841.9), "letter": (612, 792)}[paper]
    assert tuple(map(float, box)) == pytest.approx(wanted, abs=1)


def test_what_is_typed_goes_nowhere_else(clinician):
    """Not into a request, the address, the browser's memory, or the file names; gone when the page is left."""
    secret = "Frau Wxyzzy"
    inside = open_page(clinician)
    typed(clinician, secret, f"{secret} sleeps badly")
    assert secret in inside.locator(".handout").inner_text()
    with clinician.page.expect_download(timeout=60_000) as download:
        clinician.page.locator(".rpx [data-act='file']").click()
    assert "xyzzy" not in download.value.suggested_filename.lower()
    clinician.page.locator(".rpx .handout-dialog .close").click()
    clinician.page.locator(".rpx [data-take='share']").click()
    assert "xyzzy" not in clinician.page.locator("#rpx-link").input_value().lower()
    assert not [sent for sent in clinician.sent if "xyzzy" in sent.lower()]
    assert "xyzzy" not in clinician.page.url.lower()
    kept = clinician.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state])"
    )
    assert "xyzzy" not in kept.lower()
    clinician.open("v=1&s=temporalis")
    clinician.page.locator(".rpx [data-take='handout']").click()
    assert clinician.page.locator("#rpx-clinic").input_value() == ""


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable() or "\u202e" in text])
def test_hostile_text_comes_out_as_text_on_the_page(clinician, text):
    inside = open_page(clinician)
    tags = inside.evaluate("[...new Set([...document.querySelectorAll('*')].map(node => node.localName))].sort()")
    clinician.page.evaluate("() => { window.alert = () => { throw new Error('ran'); }; }")
    clinician.page.locator(".rpx #rpx-note").evaluate(
        "(node, text) => { node.value = text; node.dispatchEvent(new Event('input')); }", text
    )
    clinician.page.wait_for_timeout(1200)
    shown = " ".join(inside.locator(".handout > .note p").inner_text().split())
    assert shown == " ".join(clean(text, 1200, lines=True).split())
    now = inside.evaluate("[...new Set([...document.querySelectorAll('*')].map(node => node.localName))].sort()")
    assert set(now) == set(tags)


def test_the_words_are_the_same_in_browser_and_python(clinician):
    """For every structure and side, and for what is typed: the two that make a hand-out say the same, letter by letter."""
    clinician.open()
    link = "https://example.org/x/#v=1&s=temporalis"
    for number, structure in enumerate(s for s in ATLAS if s.part_of is None):
        side = ("left", "right", "both")[number % 3]
        note = HOSTILE[number % (len(HOSTILE) - 2)]
        request = HandoutRequest((structure.id,), side, note, note, link=link)
        mine = Reader(text_of(ATLAS, handout_content(ATLAS, request)))
        markup = clinician.run(
            "(e, [state, words]) => e.takeHome.words(words, state)",
            [
                {"structures": [structure.id], "pattern": None, "side": side},
                {"clinic": note, "note": note, "link": link},
            ],
        )
        theirs = Reader(markup)
        assert "".join(theirs.text.split()) == "".join(mine.text.split()), structure.id
        outline = [[(tag, a.get("class"), a.get("href")) for tag, a in page.tags] for page in (mine, theirs)]
        assert outline[0] == outline[1], structure.id


def test_the_file_that_the_app_saves_opens_from_disk(clinician, browser, tmp_path):
    open_page(clinician)
    typed(clinician, "</title><script>alert(1)</script>", "$& {{packs}} </script>")
    with clinician.page.expect_download(timeout=60_000) as download:
        clinician.page.locator(".rpx [data-act='file']").click()
    assert download.value.suggested_filename == "referred-pain_trapezius_upper_right.html"
    path = tmp_path / "saved.html"
    download.value.save_as(path)
    assert path.stat().st_size < 5_000_000
    context = browser.new_context(viewport={"width": 1300, "height": 1100}, reduced_motion="reduce", offline=True)
    reader = Visitor(context.new_page(), path.as_uri())
    reader.page.goto(path.as_uri())
    reader.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    reader.settle()
    assert reader.state["structures"] == ["trapezius_upper"]
    assert reader.state["side"] == "right"
    assert reader.page.locator(".rpx .entry").count() == 1
    assert reader.run("e => [...e.weights.paint([{ pattern: 'trap_1', side: 'left' }]).core]") == [
        round(255 * value) for value in ATLAS.paint("trap_1")[0]
    ]
    assert reader.page.locator(".clinic").inner_text() == "</title><script>alert(1)</script>"
    assert reader.page.locator(".handout > .note p").inner_text() == "$& {{packs}} </script>"
    assert reader.errors == []
    assert reader.outside == []
    context.close()


# --- the link --------------------------------------------------------------------------------------------------


def test_the_copied_link_brings_everything_back(clinician):
    clinician.open("v=1&mode=pain")
    stroke = {"erase": False, "radius": 9, "points": [[-70 + k, -40 + k, 20 - k] for k in range(0, 40, 3)]}
    wanted = {
        "structures": ["temporalis", "masseter_superficial"],
        "side": "both",
        "view": "back",
        "skin": 0.35,
        "bones": False,
        "rest": "hide",
        "tone": "brown",
        "areas": ["temple_mid:left"],
        "strokes": [stroke, {**stroke, "erase": True}],
    }
    clinician.run("(e, state) => e.set(state)", wanted)
    clinician.settle()
    state = clinician.state
    clinician.page.locator(".rpx [data-take='share']").click()
    assert clinician.page.locator(".rpx .share-dialog .note").is_visible(), "it must say that the link holds a drawing"
    clinician.page.locator(".rpx [data-copy='link']").click()
    clinician.page.get_by_text("Copied.").wait_for()
    link = clinician.page.evaluate("navigator.clipboard.readText()")
    assert len(link) < 400
    clinician.page.goto("about:blank")
    clinician.page.goto(link)
    clinician.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
    clinician.settle()
    assert clinician.state == state


def test_links_with_the_longer_form_of_strokes_are_read(clinician):
    numbers = np.array([0, 9, 2, -70, -40, 20, -60, -38, 18, 1, 6, 1, -65, -39, 19], "<i2")
    text = base64.urlsafe_b64encode(numbers.tobytes()).decode().rstrip("=")
    clinician.open(f"v=1&mode=pain&d={text}")
    assert clinician.state["strokes"] == [
        {"erase": False, "radius": 9, "points": [[-70, -40, 20], [-60, -38, 18]]},
        {"erase": True, "radius": 6, "points": [[-65, -39, 19]]},
    ]
    assert clinician.fragment.count("d=") == 1


@pytest.mark.parametrize("text", ["~AAAA", "~!", "~" + "_" * 3000, "~gICAgA", "~Aw", "~EgEA"])
def test_strokes_that_break_off_are_told(clinician, text):
    clinician.open(f"v=1&mode=pain&d={text}")
    assert clinician.state["strokes"] == []
    assert "not known here" in clinician.page.locator(".rpx .toast").text_content()


def test_escape_closes_the_page_and_keeps_what_is_chosen(clinician):
    open_page(clinician)
    clinician.page.locator("#rpx-clinic").focus()
    clinician.page.keyboard.press("Escape")
    assert not clinician.page.locator(".rpx .handout-dialog").is_visible()
    assert clinician.state["structures"] == ["trapezius_upper"]


def shared(person: Visitor) -> tuple[str, str]:
    """The snippet that the app gives, and what it says of the pages it will work in."""
    person.open("v=1&s=temporalis&side=right")
    person.page.locator(".rpx [data-take='share']").click()
    told = person.page.locator(".rpx .framed")
    told.wait_for()
    return person.page.locator("#rpx-embed").input_value(), told.inner_text()


@contextmanager
def course_site() -> Iterator[tuple[str, dict[str, str]]]:
    """Another site on this machine: its origin, and its one page, to be filled in."""
    page = {"html": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page["html"].encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", page
        server.shutdown()


def lean_explorer_stands_in(person: Visitor, address: str) -> None:
    """The page that is open shows the explorer in a frame: the view and the card, and the way to the whole of it."""
    frame = person.page.frame_locator("iframe")
    frame.locator(".rpx[data-ready]").wait_for(timeout=60_000)
    assert frame.locator(".rpx .card h2").inner_text() == "Temporalis"
    assert not frame.locator(".site-head").is_visible()
    assert not frame.locator(".rpx .list").is_visible()
    whole = frame.locator(".rpx .whole")
    assert whole.get_attribute("href") == f"{address}/#v=1&s=temporalis&side=right&view=right"
    assert "not for diagnosis" in whole.inner_text()


def test_the_snippet_shows_the_lean_explorer_in_a_course_page_that_may(browser):
    with course_site() as (course, page), served("--allow-embedding", course) as server:
        address = f"http://localhost:{server.port}"
        for person in clinicians(browser, address):
            snippet, told = shared(person)
            assert course in told
            page["html"] = f"<h1>Lecture 3</h1>{snippet}"
            person.page.goto(course)
            lean_explorer_stands_in(person, address)


def test_a_server_that_lets_no_other_site_show_it_says_so_beside_the_snippet(clinician):
    snippet, told = shared(clinician)
    assert "--allow-embedding" in told
    with course_site() as (course, page):
        page["html"] = snippet
        other = clinician.page.context.new_page()
        with other.expect_event("requestfailed") as refused:
            other.goto(course)
    assert refused.value.url.startswith(clinician.address)
    assert "ERR_BLOCKED_BY_RESPONSE" in refused.value.failure
