"""A real Firefox for a handful of tests, spoken to by WebDriver BiDi over its own websocket: no driver needed."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

NAMES = ("firefox", "firefox-esr")
PLACES = ("/Applications/Firefox.app/Contents/MacOS/firefox", "C:/Program Files/Mozilla Firefox/firefox.exe")
#: quiet, alone, and drawing in software where there is no graphics card
WISHES = {
    "app.update.disabledForTesting": True,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "ui.prefersReducedMotion": 1,
    "webgl.force-enabled": True,
}


def find_firefox() -> str | None:
    """The path of a Firefox that can be started, or None. FIREFOX names one."""
    wanted = os.environ.get("FIREFOX")
    for path in (wanted, *map(shutil.which, NAMES), *PLACES):
        if path and Path(path).exists():
            return path
    return None


def _screen() -> tuple[subprocess.Popen[str] | None, dict[str, str]]:
    """A screen that nobody sees, where Xvfb is installed: its process and what names it to programs."""
    path = shutil.which("Xvfb")
    if path is None:
        return None, {}
    command = [path, "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    screen = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert screen.stdout is not None
    number = screen.stdout.readline().strip()
    return screen, {"DISPLAY": f":{number}"} if number else {}


class Firefox:
    """One page of one Firefox.

    Parameters
    ----------
    path : str
        Of its program.
    profile : Path
        An empty folder.
    """

    def __init__(self, path: str, profile: Path) -> None:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in WISHES.items()]
        (profile / "user.js").write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.errors: list[str] = []
        self._numbers = itertools.count(1)
        # in a thread of its own: Playwright may have a loop running in this one
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._screen, display = _screen()
        how = [] if display else ["--headless"]  # without any screen Firefox draws in 3D on a graphics card only
        command = [path, *how, "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ | display
        )
        assert self._process.stderr is not None
        seen = ""
        for line in self._process.stderr:
            seen += line
            found = re.search(r"ws://[\w.:\[\]]+", line)
            if found:
                break
        else:
            raise RuntimeError(f"Firefox never said where it listens:\n{seen[-2000:]}")
        # what it goes on to say must not fill the pipe
        threading.Thread(target=self._process.stderr.read, daemon=True).start()
        self._socket = self._wait_for(self._connect(f"{found[0]}/session"))
        self.ask("session.new", capabilities={})
        self.ask("session.subscribe", events=["log.entryAdded"])
        self.page = self.ask("browsingContext.getTree")["contexts"][0]["context"]

    def _wait_for(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(150)

    @staticmethod
    async def _connect(address: str) -> WebSocketClientConnection:
        return await websocket_connect(address, max_message_size=100_000_000)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and wait for its answer; what the page logs meanwhile is kept."""
        number = next(self._numbers)

        async def talk() -> dict[str, Any]:
            await self._socket.write_message(json.dumps({"id": number, "method": method, "params": params}))
            while True:
                text = await asyncio.wait_for(self._socket.read_message(), 120)
                if text is None:
                    raise RuntimeError(f"Firefox went away during {method}")
                answer = json.loads(text)
                if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                    self.errors.append(str(answer["params"]["text"]))
                if answer.get("id") == number:
                    return dict(answer)

        answer = self._wait_for(talk())
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return dict(answer["result"])

    def size(self, width: int, height: int) -> None:
        self.ask("browsingContext.setViewport", context=self.page, viewport={"width": width, "height": height})

    def goto(self, address: str) -> None:
        self.ask("browsingContext.navigate", context=self.page, url=address, wait="complete")

    def run(self, function: str) -> Any:
        """The value (by way of JSON) of a function of the page; a promise is waited for."""
        answer = self.ask(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})()) ?? 'null')()",
            target={"context": self.page},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] == "exception":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait(self, function: str, seconds: float = 60) -> None:
        """Wait until a function of the page says yes."""
        end = time.monotonic() + seconds
        while not self.run(function):
            if time.monotonic() > end:
                raise AssertionError(f"never true: {function}")
            time.sleep(0.1)

    def drag(self, *points: tuple[float, float]) -> None:
        """Press the mouse at the first point, move over the others, let go; one point is a click."""
        (x, y), *rest = [(round(a), round(b)) for a, b in points]
        moves = [{"type": "pointerMove", "x": a, "y": b, "duration": 50} for a, b in rest]
        acts = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0}, *moves]
        mouse = {"type": "pointer", "id": "mouse", "actions": [*acts, {"type": "pointerUp", "button": 0}]}
        self.ask("input.performActions", context=self.page, actions=[mouse])

    def key(self, value: str) -> None:
        acts = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.ask("input.performActions", context=self.page, actions=[{"type": "key", "id": "keys", "actions": acts}])

    def picture(self) -> bytes:
        """The page as PNG."""
        return base64.b64decode(self.ask("browsingContext.captureScreenshot", context=self.page)["data"])

    def close(self) -> None:
        try:
            self.ask("browser.close")
        except (RuntimeError, TimeoutError):
            self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        if self._screen:
            self._screen.terminate()
            self._screen.wait(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
