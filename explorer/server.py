"""The web server: files from memory with sensible headers, for one person or for a lecture hall.

Nothing that a visitor chooses reaches the server, so it keeps no sessions: any process may answer any request, and
a proxy needs no special care. Every address on the pages is relative, so the explorer may live under any path.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TextIO

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.process import fork_processes
from tornado.web import Application, RequestHandler

from explorer.assets import Asset
from explorer.errors import ExplorerError

FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"  # kept, and asked after each time: the answer is 304 while nothing has changed
HEALTH = "health"
#: what a page may do besides showing itself
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
_INLINE = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL | re.IGNORECASE)
_ORIGIN = re.compile(r"https?://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:\d{1,5})?")


@dataclass(frozen=True)
class Page:
    """A page as it is sent.

    Attributes
    ----------
    text : str
        HTML.
    """

    text: str

    @cached_property
    def content(self) -> bytes:
        """As UTF-8."""
        return self.text.encode()

    @cached_property
    def packed(self) -> bytes:
        """As UTF-8, gzip-compressed."""
        return gzip.compress(self.content, 9, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Changes with the content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    def prepare(self) -> None:
        """Make everything now, so that processes which are split off later share it."""
        _ = self.packed, self.etag, self.policy

    @cached_property
    def policy(self) -> str:
        """The page's content security policy, without who may embed it."""
        return content_policy(self.text)


def content_policy(html: str) -> str:
    """The content security policy that lets a page do what it does, and nothing else.

    Scripts come from our own server; of those inside the page just the ones it was made with run, named by hash. Panel
    imports the component from a ``blob:`` address and Bokeh and vtk.js set styles, hence these two.
    """
    scripts = [
        found["text"]
        for found in _INLINE.finditer(html)
        if "src=" not in found["attributes"] and "json" not in found["attributes"]
    ]
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts]
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *dict.fromkeys(hashes)]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def read_origin(text: str) -> str:
    """Check the origin of a page that may embed the explorer.

    Raises
    ------
    ExplorerError
        When it is no origin, such as ``https://course.example.org``.
    """
    if not _ORIGIN.fullmatch(text.rstrip("/").lower()):
        raise ExplorerError(
            f"--allow-embedding {text[:60]!r} is no origin; give scheme and host, such as https://course.example.org"
        )
    return text.rstrip("/").lower()


def read_root_path(text: str) -> str:
    """Bring the path under which a proxy shows the explorer into its form: empty, or ``/like/this``.

    Raises
    ------
    ExplorerError
        When it is no path.
    """
    path = "/" + text.strip("/") if text.strip("/") else ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", path) or "/.." in path or "/./" in path + "/":
        raise ExplorerError(f"--root-path {text[:60]!r} is no path; give letters, digits and slashes, such as /pain")
    return path


class AccessLog:
    """Writes one line a request: when, what, how it went. No address, no browser, no query, no cookie.

    Parameters
    ----------
    file : text file
    """

    def __init__(self, file: TextIO) -> None:
        self.file = file

    def __call__(self, handler: RequestHandler) -> None:
        status = handler.get_status()
        # what nobody serves may have been typed by a person: it is not written down
        path = handler.request.path if status < 400 else "-"
        size = handler._headers.get("Content-Length", "0")
        method = handler.request.method if handler.request.method in handler.SUPPORTED_METHODS else "-"
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        took = 1000 * handler.request.request_time()
        self.file.write(f"{when} {method} {path} {status} {size} B {took:.1f} ms\n")
        self.file.flush()


class _Handler(RequestHandler):  # type: ignore[misc]
    def initialize(self, site: Site) -> None:
        self.site = site

    def set_default_headers(self) -> None:
        self.set_header("Server", "referred-pain")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Permissions-Policy", PERMISSIONS)
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def head(self, *path: str) -> None:
        self.get(*path)

    def give(self, packed: bytes, plain: Callable[[], bytes], etag: str) -> None:
        """Answer with what is packed, or plain for who cannot unpack."""
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("ETag", etag)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
            self.write(packed)
        else:
            self.write(plain())
        self.finish()

    def compute_etag(self) -> str | None:
        return None  # set by who answers

    def write_error(self, status_code: int, **_: object) -> None:
        self.page(self.site.fault(status_code))

    def page(self, page: Page) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", ASK_AGAIN)
        self.set_header("Content-Security-Policy", f"{page.policy}; frame-ancestors {self.site.ancestors}")
        if not self.site.embedding:
            self.set_header("X-Frame-Options", "SAMEORIGIN")
        self.give(page.packed, lambda: page.content, page.etag)


class _PageHandler(_Handler):
    def get(self, name: str = "") -> None:
        self.page(self.site.page(name))


class _AssetHandler(_Handler):
    def get(self, name: str) -> None:
        asset = self.site.assets.get(name)
        if asset is None:
            self.send_error(404)
            return
        self.set_header("Content-Type", asset.kind + ("; charset=utf-8" if asset.transparent else ""))
        self.set_header("Cache-Control", FOR_EVER)
        if asset.transparent:
            self.give(asset.content, lambda: gzip.decompress(asset.content), f'"{name}"')
        else:
            self.write(asset.content)
            self.finish()


class _HealthHandler(_Handler):
    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.write(dict(self.site.health))
        self.finish()


class _NothingHandler(_Handler):
    def prepare(self) -> None:
        self.send_error(404)


class _RedirectHandler(_Handler):
    def get(self) -> None:
        self.redirect(f"{self.site.root_path}/", permanent=False)


@dataclass(frozen=True)
class Site:
    """Everything that is served.

    Attributes
    ----------
    names : tuple of str
        Addresses of the pages; the first page is ``""``.
    render : callable
        Address -> HTML; called once for each.
    fault_page : callable
        Status -> HTML of the page that says what is wrong.
    assets : mapping
        Name -> asset.
    health : mapping
        What the health check says.
    root_path : str
        The path under which a proxy shows the explorer, such as ``/pain``; it may pass it on or take it away.
    embedding : tuple of str
        Origins of pages that may show the explorer in a frame.
    """

    names: tuple[str, ...]
    render: Callable[[str], str]
    fault_page: Callable[[int], str]
    assets: Mapping[str, Asset]
    health: Mapping[str, str]
    root_path: str = ""
    embedding: tuple[str, ...] = ()

    @property
    def ancestors(self) -> str:
        """Who may show the explorer in a frame."""
        return " ".join(["'self'", *self.embedding])

    @cached_property
    def _pages(self) -> dict[str | int, Page]:
        return {}

    def page(self, name: str) -> Page:
        """A page, made when it is first asked for."""
        if name not in self._pages:
            self._pages[name] = Page(self.render(name))
        return self._pages[name]

    def fault(self, status: int) -> Page:
        """The page that says what went wrong."""
        if status not in self._pages:
            self._pages[status] = Page(self.fault_page(status))
        return self._pages[status]

    def application(self, log: TextIO | None = None) -> Application:
        """What answers requests."""
        root = f"(?:{re.escape(self.root_path)})?"
        own = {"site": self}
        names = "|".join(re.escape(name) for name in self.names if name)
        handlers = [
            (rf"{root}/", _PageHandler, own),
            (rf"{root}/({names})", _PageHandler, own),
            (rf"{root}/assets/([\w.@-]+)", _AssetHandler, own),
            (rf"{root}/{HEALTH}", _HealthHandler, own),
        ]
        if self.root_path:
            handlers.append((re.escape(self.root_path), _RedirectHandler, own))
        return Application(
            handlers,
            default_handler_class=_NothingHandler,
            default_handler_args=own,
            log_function=AccessLog(log) if log else lambda handler: None,
        )


def open_log(name: str) -> TextIO:
    """The file that a log is appended to; ``-`` is the standard output.

    Raises
    ------
    ExplorerError
        When it cannot be written.
    """
    if name == "-":
        return sys.stdout
    try:
        return Path(name).open("a", encoding="utf-8")
    except OSError as error:
        raise ExplorerError(f"--access-log {name}: {error.strerror}; give a file in a folder that exists") from None


def sockets_for(port: int, address: str) -> list[socket.socket]:
    """Listening sockets.

    Raises
    ------
    ExplorerError
        When the port or the address cannot be used.
    """
    try:
        return bind_sockets(port, address or None)
    except (OSError, OverflowError) as error:
        advice = "give another with --port, or 0 for any free one"
        raise ExplorerError(f"port {port} cannot be used ({error}); {advice}") from None


def run(application: Application, sockets: Sequence[socket.socket], processes: int = 1) -> None:
    """Answer requests until interrupted or told to end.

    Parameters
    ----------
    application : Application
    sockets : sequence of socket
    processes : int
        Each answers requests of its own; one that dies is replaced.

    Raises
    ------
    ExplorerError
        For several processes where the system cannot fork.
    """
    if processes > 1 and not hasattr(os, "fork"):
        raise ExplorerError("--num-procs: this system cannot fork; use 1, or several servers behind a proxy")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    above = os.getpid()
    if processes > 1:
        fork_processes(processes)

    async def answer() -> None:
        server = HTTPServer(application)
        server.add_sockets(sockets)
        while processes == 1 or os.getppid() == above:  # a process whose parent is gone ends, too
            await asyncio.sleep(1)

    asyncio.run(answer())
