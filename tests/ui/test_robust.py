"""The explorer lasts: context loss, a lost server, sleep, resize, many re-opens, two views on one page."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

CHOSEN = "v=1&s=trapezius_upper&side=right&view=left&mirror=1&skin=60&tone=brown"
DRAWN = "v=1&mode=pain&a=temple_mid:left,orbit_deep:left&view=left"
CONTEXT = "e => (e.context = e.view.canvas.getContext('webgl2').getExtension('WEBGL_lose_context'))"
#: how many drawing contexts a page has made and how many of them are still alive
COUNTING = """() => {
    const made = [];
    const get = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        const context = get.call(this, kind, ...rest);
        if (context && /webgl/.test(kind) && !made.some((ref) => ref.deref() === context)) made.push(new WeakRef(context));
        return context;
    };
    window.aliveContexts = () => made.filter((ref) => ref.deref() && !ref.deref().isContextLost()).length;
}"""


def lose(visitor) -> None:
    visitor.run(f"e => {{ ({CONTEXT})(e).loseContext(); }}")
    visitor.page.locator(".rpx .lost").wait_for(state="visible")


def same(first: np.ndarray, second: np.ndarray) -> float:
    """Share of pixels that differ by no more than rounding."""
    return float((np.abs(first - second).max(axis=-1) <= 6).mean())


@pytest.mark.parametrize("fragment", [CHOSEN, DRAWN], ids=["chosen", "drawn"])
def test_after_a_lost_context_the_view_comes_back_as_it_was(visitor, fragment):
    visitor.open(fragment)
    visitor.page.locator(".rpx .canvas").focus()
    visitor.page.keyboard.press("ArrowLeft")  # away from the key view
    visitor.page.keyboard.press("+")
    visitor.settle()
    before, state, pose = visitor.picture(), visitor.state, visitor.run("e => e.view.pose()")
    lose(visitor)
    # everything but the view works on meanwhile
    assert visitor.page.locator(".rpx .lost").inner_text().strip() != ""
    assert visitor.state == state
    visitor.run("e => e.context.restoreContext()")
    visitor.page.locator(".rpx .lost").wait_for(state="hidden")
    visitor.settle()
    assert visitor.state == state
    assert visitor.run("e => e.view.pose()") == pose
    assert same(visitor.picture(), before) > 0.999
    assert visitor.page.locator(".rpx .canvas canvas").count() == 1


def test_what_is_chosen_while_the_context_is_lost_shows_when_it_is_back(visitor):
    visitor.open("v=1&s=masseter_superficial&body=older")
    lose(visitor)
    visitor.page.locator(".rpx .entry[data-id='levator_scapulae']").click()
    visitor.page.locator(".rpx [data-view='back']").click()
    assert visitor.page.locator(".rpx .card h2").inner_text() == "Levator scapulae"
    visitor.run("e => e.context.restoreContext()")
    visitor.page.locator(".rpx .lost").wait_for(state="hidden")
    visitor.settle()
    back = visitor.picture()
    fragment = visitor.fragment
    visitor.open(fragment)
    visitor.page.locator(".rpx [data-view='back']").click()
    visitor.settle()
    assert visitor.state["structures"] == ["levator_scapulae"]
    assert same(visitor.picture(), back) > 0.99
    # and the body can still be clicked
    spot = visitor.run("e => e.view.pick(400, 300)")
    assert spot is not None


def test_a_context_that_does_not_come_back_is_offered_by_hand(visitor):
    visitor.open()
    before = visitor.picture()
    lose(visitor)
    button = visitor.page.locator(".rpx .lost button")
    button.wait_for(state="visible", timeout=10_000)
    button.click()
    visitor.page.locator(".rpx .lost").wait_for(state="hidden")
    visitor.settle()
    assert same(visitor.picture(), before) > 0.999
    assert visitor.page.locator(".rpx .canvas canvas").count() == 1


def test_with_the_server_gone_the_explorer_works_on(browser):
    """Choosing, painting, ranking, the hand-out's reading, a reload of nothing: no request is needed, none fails."""
    from tests.ui.conftest import Visitor

    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as server:
        found = next(filter(None, (re.search(r"http://localhost:\d+", line) for line in server.stdout)))
        context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")
        visitor = Visitor(context.new_page(), found[0]).open()
        server.terminate()
        server.wait(20)
    page, wire = visitor.page, visitor.wire
    page.locator(".rpx .entry[data-id='temporalis']").click()
    visitor.settle()
    assert visitor.state["structures"] == ["temporalis"]
    visitor.run("e => e.set({ mode: 'pain', structures: [], areas: ['temple_mid:left'] })")
    visitor.settle()
    page.locator(".rpx .pain-right [data-act=continue]").click()
    assert page.locator(".rpx .match").count() > 3
    assert page.locator(".rpx .chart .own").count() > 0
    page.go_back()
    visitor.settle()
    # another body needs a file: that is told in words, and the body stays as it is
    visitor.run("e => e.set({ body: 'older' })")
    page.locator(".rpx .toast").wait_for(state="visible")
    assert visitor.state["body"] == "average"
    assert [error for error in visitor.errors if "ERR_CONNECTION_REFUSED" not in error] == []
    assert visitor.outside == []
    assert visitor.wire - wire < 500
    context.close()


def test_resizing_keeps_the_body_undistorted_and_in_the_middle(visitor):
    visitor.open("v=1&view=front")
    for width, height in ((1300, 850), (950, 700), (1600, 500), (700, 900)):
        visitor.page.set_viewport_size({"width": width, "height": height})
        box = visitor.page.locator(".rpx .canvas").bounding_box()
        visitor.settle()
        pixels = visitor.run("e => [e.view.canvas.width, e.view.canvas.height]")
        assert pixels == [pytest.approx(box["width"], abs=1), pytest.approx(box["height"], abs=1)]
        left, right, low, high = (visitor.where(p) for p in ((-60, 0, 0), (60, 0, 0), (0, 0, -60), (0, 0, 60)))
        assert right[0] - left[0] == pytest.approx(low[1] - high[1], rel=0.05)


def test_a_hidden_tab_draws_nothing_and_shows_all_on_return(visitor):
    """Hidden as the browser does it: it asks for no frame, and says so by an event."""
    visitor.open()
    page = visitor.page
    page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", { get: () => window.away ?? false, configurable: true });
            const ask = window.requestAnimationFrame.bind(window);
            let kept = [];
            window.requestAnimationFrame = (call) => (window.away ? kept.push(call) : ask(call));
            window.hide = (away) => {
                window.away = away;
                document.dispatchEvent(new Event("visibilitychange"));
                if (!away) kept.splice(0).forEach((call) => ask(call));
            };
        }"""
    )
    page.evaluate("hide(true)")
    before = visitor.run("e => e.view.frames()")
    visitor.run("e => { e.set({ structures: ['levator_scapulae'] }); e.set({ view: 'back' }); e.view.nudge(40, 0); }")
    page.wait_for_timeout(400)
    assert visitor.run("e => e.view.frames()") == before
    page.evaluate("hide(false)")
    visitor.settle()
    assert visitor.run("e => e.view.frames()") > before
    assert visitor.state["structures"] == ["levator_scapulae"]
    shown = visitor.picture()
    # a sleep may leave the canvas empty: the return alone draws it again
    frames = visitor.run("e => e.view.frames()")
    page.evaluate("hide(true)")
    page.evaluate("hide(false)")
    visitor.settle()
    assert visitor.run("e => e.view.frames()") > frames
    assert same(visitor.picture(), shown) > 0.999


@pytest.fixture
def stand(visitor):
    """The served page with a way to mount more explorers beside the one it has, from the same assets."""
    visitor.page.add_init_script(f"({COUNTING})()")
    visitor.open()
    page = visitor.page
    names = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")

    def one(pattern: str) -> str:
        return next(name for name in names if re.search(pattern, name))

    page.evaluate(
        """async ({ code, sheet, catalogue, body, paint }) => {
            const { mount } = await import(code);
            window.place = (host) => {
                const at = document.createElement("div");
                at.style.cssText = "width: 640px; height: 480px; position: relative";
                at.className = "stand";
                document.body.append(at);
                return mount(at, { assets: { catalogue: { url: catalogue }, body: { url: body }, paint: { url: paint } },
                    sheet: { url: sheet }, vtk: window.vtk, linked: false, state: host });
            };
        }""",
        {
            "code": one(r"/assets/explorer-\w+\.js"),
            "sheet": one(r"/assets/explorer-\w+\.css"),
            "catalogue": one("/assets/catalogue-"),
            "body": one("/body"),
            "paint": one("/paint"),
        },
    )
    return visitor


def test_ten_times_opened_and_closed_leaves_nothing_behind(stand):
    page = stand.page
    session = page.context.new_cdp_session(page)

    def used() -> float:
        session.send("HeapProfiler.collectGarbage")
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    once = """async () => {
        const one = window.place({ structures: ["trapezius_upper"] });
        await one.ready;
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        one.remove();
        document.querySelectorAll(".stand").forEach((node) => node.remove());
        return window.aliveContexts();
    }"""
    page.evaluate(once)
    start = used()
    alive = [page.evaluate(once) for _ in range(10)]
    assert alive == [1] * 10  # the page's own
    # an explorer holds some 60 MB: none of the ten may have stayed
    assert used() - start < 25
    assert page.locator(".rpx").count() == 1
    # the first goes on
    stand.run("e => e.set({ structures: ['temporalis'] })")
    stand.settle()
    assert stand.state["structures"] == ["temporalis"]


def test_two_views_on_one_page_keep_to_themselves(stand):
    page = stand.page
    page.evaluate(
        "async () => { window.second = window.place({ structures: ['masseter_superficial'], side: 'right' }); await window.second.ready; }"
    )
    first = page.locator(".site-main .rpx")
    other = page.locator(".stand .rpx")
    assert page.evaluate("aliveContexts()") == 2
    first.locator(".entry[data-id='levator_scapulae']").click()
    assert first.evaluate("n => n.explorer.get().structures") == ["levator_scapulae"]
    assert other.evaluate("n => n.explorer.get().structures") == ["masseter_superficial"]
    other.evaluate("n => n.explorer.set({ structures: ['temporalis'], view: 'back' })")
    assert first.evaluate("n => n.explorer.get().structures") == ["levator_scapulae"]
    assert "levator" in stand.fragment
    assert "temporalis" not in stand.fragment
    # one loses its context, the other stays
    other.evaluate("n => n.explorer.view.canvas.getContext('webgl2').getExtension('WEBGL_lose_context').loseContext()")
    other.locator(".lost").wait_for(state="visible")
    assert not first.locator(".lost").is_visible()
    page.evaluate("second.remove()")
    assert page.evaluate("aliveContexts()") == 1
    assert first.evaluate("n => n.explorer.get().structures") == ["levator_scapulae"]
