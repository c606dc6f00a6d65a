"""A real server and a real Chromium for the browser tests."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from get_chromium import FLAGS, find_chromium


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The explorer, served as a user serves it."""
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as server:
        assert server.stdout is not None
        seen = ""
        for line in server.stdout:
            seen += line
            found = re.search(r"http://localhost:\d+", line)
            if found:
                break
        else:
            pytest.fail(f"the server never printed its address:\n{seen}")
        try:
            yield found[0]
        finally:
            server.terminate()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.fail("no Chromium: run python tests/get_chromium.py, which says what to install")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


#: waits in the page, frame by frame, so that a slow machine waits longer and a fast one does not
SETTLED = """async (node) => {
    const end = performance.now() + 30_000;
    for (let calm = 0; calm < 3 && performance.now() < end; ) {
        await new Promise((done) => requestAnimationFrame(done));
        calm = node.explorer.resting() ? calm + 1 : 0;
        if (calm === 3) return true;
    }
    return false;
}"""


class Visitor:
    """One page of one person, with what went wrong and what went over the wire."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.wire = 0
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.on("request", self._asked)
        page.on("requestfinished", self._received)
        page.on("websocket", self._socket)

    def _asked(self, request) -> None:
        self.wire += len(request.url)
        if urlparse(request.url).hostname not in ("localhost", "127.0.0.1", None):
            self.outside.append(request.url)

    def _received(self, request) -> None:
        sizes = request.sizes()
        self.wire += sizes["responseBodySize"] + sizes["responseHeadersSize"]

    def _socket(self, socket) -> None:
        def count(data):
            self.wire += len(data)

        socket.on("framereceived", count)
        socket.on("framesent", count)

    def open(self, fragment: str = "") -> Visitor:
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/{'#' + fragment if fragment else ''}")
        self.page.wait_for_selector(".rpx[data-ready]", timeout=60_000)
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until the picture stands still: nothing moves for three frames of the browser."""
        if not self.page.locator(".rpx").first.evaluate(SETTLED):
            pytest.fail("the view never comes to rest")

    def run(self, script: str, argument=None):
        """Call a function of the explorer (and one argument) in the page."""
        return self.page.locator(".rpx").evaluate(f"(node, argument) => ({script})(node.explorer, argument)", argument)

    @property
    def state(self) -> dict:
        return self.run("e => e.get()")

    @property
    def fragment(self) -> str:
        return urlparse(self.page.url).fragment

    def picture(self) -> np.ndarray:
        """(height, width, 3) pixels of the 3D view, without what stands over it."""
        stage = self.page.locator(".rpx .canvas")
        self.page.locator(".rpx .overlay, .rpx .bar, .rpx .tools, .rpx .mannequin, .rpx .mirror-note").evaluate_all(
            "nodes => nodes.forEach(n => n.style.visibility = 'hidden')"
        )
        shot = stage.screenshot()
        self.page.locator(".rpx .overlay, .rpx .bar, .rpx .tools, .rpx .mannequin, .rpx .mirror-note").evaluate_all(
            "nodes => nodes.forEach(n => n.style.visibility = '')"
        )
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def where(self, point) -> tuple[float, float]:
        """Page pixels of a place of the body (mm, LPS)."""
        spot = self.run("(e, point) => e.view.project(point)", [float(x) for x in point])
        box = self.page.locator(".rpx .canvas").bounding_box()
        return box["x"] + spot["x"], box["y"] + spot["y"]


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """A fresh visitor; at the end nothing may have gone wrong and nothing have left the machine."""
    context = browser.new_context(viewport={"width": 1300, "height": 850}, reduced_motion="reduce")
    person = Visitor(context.new_page(), address)
    yield person
    context.close()
    assert person.errors == []
    assert person.outside == []
