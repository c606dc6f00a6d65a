"""In a notebook cell the explorer shares what is chosen with Python, both ways, and keeps off the page's address."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.ui.conftest import Visitor


@pytest.fixture(scope="module")
def cell() -> str:
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = probe.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("cell.py")), str(port)], stdout=subprocess.DEVNULL
    ) as server:
        for _ in range(150):
            with socket.socket() as probe:
                if probe.connect_ex(("localhost", port)) == 0:
                    break
            time.sleep(0.2)
        yield f"http://localhost:{port}"
        server.terminate()


def test_selection_is_shared_both_ways(browser, cell):
    context = browser.new_context(viewport={"width": 1200, "height": 800}, reduced_motion="reduce")
    visitor = Visitor(context.new_page(), cell).open()
    page = visitor.page
    assert visitor.state["structures"] == ["temporalis"]
    assert visitor.state["side"] == "right"
    page.locator(".rpx .entry[data-id='splenius_capitis']").click()
    page.get_by_text("python knows ['splenius_capitis'] None right").wait_for()
    page.get_by_role("button", name="python chooses").click()
    page.wait_for_function("() => true")
    visitor.settle()
    assert visitor.state["structures"] == ["levator_scapulae"]
    assert visitor.state["side"] == "left"
    assert urlparse(page.url).fragment == ""
    assert visitor.errors == []
    assert visitor.outside == []
    context.close()
