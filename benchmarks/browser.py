"""Measure the real app in a real browser, beside the same scene in Panel's VTK pane and in pyvista's HTML export.

One run, one table; times are worth comparing only within a run. Writes docs/benchmark.md.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from get_chromium import FLAGS, find_chromium  # noqa: E402

SIZE = {"width": 1200, "height": 800}
SELECTIONS = ["temporalis", "levator_scapulae", "trapezius_upper", "sternocleidomastoid_clavicular"]
SESSIONS = 4


@dataclass
class Result:
    """What was measured of one way to show the scene; None where it cannot do it."""

    name: str
    first_bytes: int | None = None
    own_bytes: int | None = None
    usable_s: float | None = None
    selection_bytes: list[int] = field(default_factory=list)
    selection_ms: list[float] = field(default_factory=list)
    body_ms: float | None = None
    memory_mb: float | None = None
    note: str = ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(*command: str) -> Iterator[tuple[str, int]]:
    """A server's address and process id."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        address = ""
        for line in server.stdout:
            found = re.search(r"http://localhost:\d+", line)
            if found:
                address = found[0]
                break
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("localhost", int(address.rpartition(":")[2]))) == 0:
                    break
            time.sleep(0.1)
        try:
            yield address, server.pid
        finally:
            server.terminate()


def memory_mb(pid: int) -> float:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", text)[1]) / 1024


class Wire:
    """Bytes that a page received and sent."""

    def __init__(self, page: Page) -> None:
        self.total = 0
        self.assets = 0
        page.on("requestfinished", self._finished)
        page.on("websocket", self._socket)

    def _finished(self, request) -> None:
        size = request.sizes()["responseBodySize"]
        self.total += size
        if re.search(r"/assets/(explorer|catalogue|body|paint|site)-", request.url):
            self.assets += size

    def _socket(self, socket_) -> None:
        def count(data) -> None:
            self.total += len(data)

        socket_.on("framereceived", count)
        socket_.on("framesent", count)


def pixels_change(page: Page, act: Callable[[], None], selector: str) -> float:
    """Milliseconds from an act to the first picture that differs."""
    box = page.locator(selector).first.bounding_box()
    before = page.screenshot(clip=box)
    start = time.perf_counter()
    act()
    while page.screenshot(clip=box) == before:
        if time.perf_counter() - start > 60:
            raise TimeoutError("the picture never changed")
    return 1000 * (time.perf_counter() - start)


def new_page(browser: Browser) -> Page:
    return browser.new_context(viewport=SIZE, reduced_motion="reduce").new_page()


def sessions_cost(browser: Browser, address: str, pid: int, ready: Callable[[Page], None]) -> float:
    """Server memory for one more visitor, averaged over some."""
    before = memory_mb(pid)
    pages = []
    for _ in range(SESSIONS):
        page = new_page(browser)
        page.goto(address)
        ready(page)
        pages.append(page)
    cost = (memory_mb(pid) - before) / SESSIONS
    for page in pages:
        page.context.close()
    return cost


def measure_ours(browser: Browser) -> Result:
    out = Result("Referred Pain Explorer")

    def ready(page: Page) -> None:
        page.wait_for_selector(".rpx[data-ready]", timeout=90_000)

    with served("-m", "explorer", "serve", "--port", "0", "--no-browser") as (address, pid):
        page = new_page(browser)
        wire = Wire(page)
        start = time.perf_counter()
        page.goto(address)
        ready(page)
        out.usable_s = time.perf_counter() - start
        page.wait_for_timeout(1500)
        out.first_bytes, out.own_bytes = wire.total, wire.assets
        for name in SELECTIONS:
            before = wire.total
            act = lambda name=name: page.locator(f".rpx .entry[data-id='{name}']").click()  # noqa: E731
            out.selection_ms.append(pixels_change(page, act, ".rpx .canvas"))
            page.wait_for_timeout(800)
            out.selection_bytes.append(wire.total - before)
        act = lambda: page.locator(".rpx #rpx-body").select_option("female")  # noqa: E731
        out.body_ms = pixels_change(page, act, ".rpx .canvas")
        page.context.close()
        out.memory_mb = sessions_cost(browser, address, pid, ready)
    return out


def measure_pane(browser: Browser) -> Result:
    out = Result("the same scene in pn.pane.VTK", note="a selection repaints the skin; no picking")

    def ready(page: Page) -> None:
        page.wait_for_selector("canvas", timeout=90_000)
        page.wait_for_timeout(500)

    with served("benchmarks/vtk_pane.py", str(free_port())) as (address, pid):
        page = new_page(browser)
        wire = Wire(page)
        start = time.perf_counter()
        page.goto(address)
        page.wait_for_selector("canvas", timeout=90_000)
        last = b""
        while True:  # usable when the picture has come and stands still
            shot = page.locator("canvas").first.screenshot()
            if shot == last and len(shot) > 15_000:
                break
            last = shot
            page.wait_for_timeout(100)
            if time.perf_counter() - start > 90:
                break
        out.usable_s = time.perf_counter() - start
        page.wait_for_timeout(1500)
        out.first_bytes = wire.total
        for _ in SELECTIONS:
            before = wire.total
            try:
                out.selection_ms.append(pixels_change(page, lambda: page.locator(".choose").click(), "canvas"))
            except TimeoutError:
                out.note += "; a repaint never showed"
                break
            page.wait_for_timeout(800)
            out.selection_bytes.append(wire.total - before)
        page.context.close()
        out.memory_mb = sessions_cost(browser, address, pid, ready)
    return out


def measure_export(browser: Browser) -> Result:
    """pyvista's HTML export: one file, nothing to choose in it."""
    out = Result("the same scene as pyvista HTML export", note="one file; nothing can be chosen in it")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scene.html"
        script = (
            "import pyvista as pv\nfrom explorer import load_atlas\na = load_atlas()\np = pv.Plotter(off_screen=True)\n"
            "p.add_mesh(pv.wrap(a.skin), opacity=0.6)\n"
            "[p.add_mesh(pv.wrap(a.mesh(s.id, side))) for s in a if s.kind in ('muscle', 'joint') for side in s.sides]\n"
            f"p.export_html({str(path)!r})\n"
        )
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
        if done.returncode:
            out.note = "not installed here: " + (done.stderr.strip().splitlines() or ["failed"])[-1][:90]
            return out
        page = new_page(browser)
        start = time.perf_counter()
        page.goto(path.as_uri())
        page.wait_for_selector("canvas", timeout=90_000)
        out.usable_s = time.perf_counter() - start
        out.first_bytes = path.stat().st_size
        page.context.close()
    return out


def table(results: list[Result]) -> str:
    def number(value: float | None, digits: int, unit: str) -> str:
        return "-" if value is None else f"{value:,.{digits}f} {unit}"

    lines = [
        "| | first view, received | of it our own assets | usable after | bytes per selection, both ways | click to changed pixels, median | server memory per visitor |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        bytes_ = statistics.median(result.selection_bytes) if result.selection_bytes else None
        wait = statistics.median(result.selection_ms) if result.selection_ms else None
        lines.append(
            f"| {result.name} | {number(result.first_bytes and result.first_bytes / 1e6, 2, 'MB')} "
            f"| {number(result.own_bytes and result.own_bytes / 1e6, 2, 'MB')} | {number(result.usable_s, 1, 's')} "
            f"| {number(bytes_, 0, 'B')} | {number(wait, 0, 'ms')} | {number(result.memory_mb, 1, 'MB')} |"
        )
    bodies = [
        f"- {r.name}: another body is fetched and shown {r.body_ms:,.0f} ms after it is chosen."
        for r in results
        if r.body_ms
    ]
    lines += ["", *bodies, *(f"- {result.name}: {result.note}." for result in results if result.note)]
    return "\n".join(lines)


def main() -> None:
    """Measure all, print and keep the table."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        results = [measure_ours(browser), measure_pane(browser), measure_export(browser)]
        version = browser.version
        browser.close()
    text = table(results)
    print(text)
    page = f"""# Benchmark

`make bench` drives a real browser and writes this page. Times are worth comparing only within one run.

{text}

Measured on {datetime.date.today()}: {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, Chromium {version},
WebGL in software. The first view holds everything that Panel, Bokeh and vtk.js bring; all but the page itself is kept
by the browser afterwards. A screenshot, of which "click to changed pixels" needs at least one, takes about as long
as the drawing itself.
"""
    (ROOT / "docs" / "benchmark.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
