"""The same explorer in Firefox: it starts without a fault, draws, is clicked, painted on, and read by keys."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.ui.firefox import Firefox, find_firefox

FOUND = find_firefox()
pytestmark = pytest.mark.skipif(
    FOUND is None, reason="no Firefox on this machine; install one (Debian: apt install firefox-esr) or set FIREFOX"
)
ROOT = """() => { const all = (n) => [...n.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? all(e.shadowRoot) : [])]);
  return all(document).find((e) => e.classList.contains('rpx')); }"""


class Guest(Firefox):
    address = ""

    def open(self, fragment: str = "") -> None:
        self.goto("about:blank")
        self.errors.clear()
        self.goto(f"{self.address}/#{fragment}")
        self.wait(f"() => Boolean(({ROOT})()?.dataset.ready)")
        self.settle()

    def settle(self) -> None:
        self.wait(f"() => ({ROOT})().explorer.resting()")
        self.run("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def root(self, function: str):
        """A function of the explorer's element and of the explorer."""
        return self.run(f"() => {{ const root = ({ROOT})(); return ({function})(root, root.explorer); }}")

    def middle(self, selector: str) -> tuple[float, float]:
        """Where to click an element."""
        box = self.root(
            f"(root) => {{ const e = root.querySelector({selector!r}); e.scrollIntoView({{ block: 'nearest' }}); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }}"
        )
        return box[0], box[1]


@pytest.fixture(scope="module")
def guest(address, tmp_path_factory):
    assert FOUND is not None
    firefox = Guest(FOUND, tmp_path_factory.mktemp("firefox"))
    firefox.address = address
    firefox.size(1300, 850)
    yield firefox
    firefox.close()


@pytest.fixture
def drawing_guest(guest):
    """Where this Firefox can draw in 3D."""
    guest.goto("about:blank")
    if not guest.run("() => Boolean(document.createElement('canvas').getContext('webgl2'))"):
        pytest.skip(
            "this Firefox has no WebGL 2; a screen that nobody sees helps (Debian: apt install xvfb libgl1-mesa-dri)"
        )
    return guest


def test_list_card_chart_and_link_work(guest):
    guest.open()
    guest.drag(guest.middle(".entry[data-id='temporalis']"))
    guest.wait(f"() => ({ROOT})().explorer.get().structures[0] === 'temporalis'")
    assert guest.root("(root) => root.querySelector('.card h2').textContent") == "Temporalis"
    assert guest.root("(root) => root.querySelectorAll('.chart svg .core').length") > 0
    assert "s=temporalis" in guest.run("() => location.hash")
    guest.key("\ue00c")  # Escape
    guest.wait(f"() => ({ROOT})().explorer.get().structures.length === 0")
    assert guest.errors == []


def test_the_view_draws_and_a_click_picks_what_lies_there(drawing_guest):
    guest = drawing_guest
    guest.open("v=1&view=left&skin=0")
    picture = np.asarray(Image.open(io.BytesIO(guest.picture())).convert("RGB")).astype(int)
    box = guest.root(
        "(root) => { const b = root.querySelector('.canvas').getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; }"
    )
    left, top, width, height = (round(x) for x in box)
    view = picture[top : top + height, left : left + width]
    red = (view[..., 0] > view[..., 1] + 40) & (view[..., 0] > view[..., 2] + 30)
    assert red.mean() > 0.05  # muscles
    place = guest.root(
        """(root, e) => { for (let y = 150; y < 400; y += 6) for (let x = 150; x < 600; x += 6) {
          const hit = e.view.pick(x, y); if (hit?.id?.startsWith('masseter')) return [x, y]; } return null; }"""
    )
    guest.drag((left + place[0], top + place[1]))
    guest.settle()
    assert guest.root("(root, e) => e.get().structures[0]").startswith("masseter")
    assert guest.errors == []


def test_pain_is_painted_and_ranked(drawing_guest):
    guest = drawing_guest
    guest.open("v=1&mode=pain&view=left")
    guest.drag(guest.middle(".brushes [data-tool=brush]"))
    spots = guest.root(
        """(root, e) => { const b = root.querySelector('.canvas').getBoundingClientRect();
          return [[70, -25, 40], [72, -10, 50], [74, 0, 60]].map((p) => { const at = e.view.project(p); return [b.x + at.x, b.y + at.y]; }); }"""
    )
    guest.drag(*[(x, y) for x, y in spots])
    guest.settle()
    assert len(guest.root("(root, e) => e.get().strokes")) == 1
    guest.drag(guest.middle(".pain-right [data-act=continue]"))
    guest.wait(f"() => ({ROOT})().querySelectorAll('.match').length > 3")
    assert guest.root("(root) => root.querySelectorAll('.chart .own').length") > 0
    assert guest.errors == []
