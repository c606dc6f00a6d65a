"""Make sure that there is a Chromium for the browser tests, or say clearly what to install.

Looks at CHROMIUM, then on the PATH, then for the one that Playwright keeps; else tries Playwright's own download,
then the system's package manager where it may be used.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
#: a window that nobody sees, drawing in 3D by software, and no talk with its maker
FLAGS = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--no-first-run",
]


def find_chromium() -> str | None:
    """The path of a Chromium that can be started, or None."""
    wanted = os.environ.get("CHROMIUM")
    if wanted and Path(wanted).exists():
        return wanted
    for path in (*map(shutil.which, NAMES), *PLACES):
        if path and Path(path).exists():
            return path
    try:
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            own = playwright.chromium.executable_path
        return own if Path(own).exists() else None
    except ImportError:
        return None


def _try(*command: str) -> None:
    print("trying:", " ".join(command), flush=True)
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=400)


def main() -> int:
    """Find or fetch a browser; 0 when there is one."""
    if not find_chromium() and shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        _try("apt-get", "update", "-qq")
        _try("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq", "chromium")
    if not find_chromium():
        _try(sys.executable, "-m", "playwright", "install", "chromium")
    found = find_chromium()
    if found:
        print("browser for the tests:", found)
        return 0
    print(
        "No Chromium was found and none could be fetched. Install one (Debian, Ubuntu: sudo apt install chromium; "
        "Fedora: sudo dnf install chromium; macOS: brew install --cask chromium; Windows: winget install Google.Chrome) "
        "or set CHROMIUM to the path of its program, then run the tests again.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
