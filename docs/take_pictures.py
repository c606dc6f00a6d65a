"""Take the README's pictures from the running app, in a real browser."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from get_chromium import find_chromium  # noqa: E402

FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]
PICTURES = {"explorer": "v=1&s=trapezius_upper&p=trap_1&view=left"}


def main() -> None:
    """Serve, open each state, save its picture."""
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser"]
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        address = re.search(r"http://localhost:\d+", server.stdout.readline())[0]
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = browser.new_page(viewport={"width": 1400, "height": 860}, reduced_motion="reduce")
        for name, fragment in PICTURES.items():
            page.goto("about:blank")
            page.goto(f"{address}/#{fragment}")
            page.wait_for_selector(".rpx[data-ready]")
            page.wait_for_timeout(2500)
            page.screenshot(path=folder / f"{name}.png")
            print(folder / f"{name}.png")
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
