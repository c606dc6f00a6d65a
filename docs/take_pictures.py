"""Take the README's pictures from the running app, in a real browser: the ten most telling states."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
from get_chromium import FLAGS, find_chromium  # noqa: E402

WIDE = {"width": 1400, "height": 860}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True)
class State:
    """What a picture shows.

    Attributes
    ----------
    name : str
        File name without its ending.
    fragment : str
        State in the address.
    clicks : tuple of str
        Selectors that are clicked, one after the other.
    size : dict
        Of the window.
    dark : bool
    """

    name: str
    fragment: str
    clicks: tuple[str, ...] = ()
    size: dict[str, int] | None = None
    dark: bool = False


STATES = (
    State("explorer", "v=1&s=trapezius_upper&p=trap_1&view=left"),
    State("opening", "v=1"),
    State("suboccipital", "v=1&s=suboccipital_group&view=back"),
    State("why-there", "v=1&s=suboccipital_group&view=left", (".rpx [data-why]",)),
    State("behind-the-eye", "v=1&s=sternocleidomastoid_clavicular&view=three_quarter"),
    State("joint", "v=1&s=c2_c3&view=back"),
    State("arm", "v=1&s=infraspinatus&view=front"),
    State(
        "where-it-hurts",
        "v=1&mode=pain&view=left&a=temple_anterior:left,temple_mid:left,orbit_deep:left",
        (".rpx .pain-right [data-act=continue]",),
    ),
    State("dark", "v=1&s=temporalis&view=left&body=older", dark=True),
    State("phone", "v=1&s=masseter_superficial", size=PHONE),
)


def main() -> None:
    """Serve, open each state, save its picture."""
    command = [sys.executable, "-m", "explorer", "serve", "--port", "0", "--no-browser"]
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stdout is not None
        found = re.search(r"http://localhost:\d+", server.stdout.readline())
        assert found
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for state in STATES:
            page = browser.new_page(
                viewport=state.size or WIDE,
                reduced_motion="reduce",
                color_scheme="dark" if state.dark else "light",
            )
            page.goto(f"{found[0]}/#{state.fragment}")
            page.wait_for_selector(".rpx[data-ready]")
            for selector in state.clicks:
                page.locator(selector).first.click()
            page.wait_for_timeout(2500)
            path = folder / f"{state.name}.jpg"
            page.screenshot(path=path, type="jpeg", quality=84)
            print(path.relative_to(ROOT))
            page.close()
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
