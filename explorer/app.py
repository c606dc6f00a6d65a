"""The Panel app: serves the explorer, the text pages and the assets."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

import panel as pn
from tornado.web import HTTPError, RequestHandler

from explorer import folders, load_atlas
from explorer.assets import Asset, Assets, site_sheet
from explorer.atlas import Atlas
from explorer.errors import ExplorerError
from explorer.pages import Pages
from explorer.shelf import kept
from explorer.viewer import Viewer

PORT = 5006
ASSETS = "assets/"
TEMPLATE = folders.PAGES / "explorer.html"


class AssetHandler(RequestHandler):  # type: ignore[misc]
    """Serves assets from memory; their names change with their content, so they may be kept for ever."""

    def initialize(self, assets: dict[str, Asset]) -> None:
        self.assets = assets

    def get(self, name: str) -> None:
        asset = self.assets.get(name)
        if asset is None:
            raise HTTPError(404)
        self.set_header("Content-Type", asset.kind + ("; charset=utf-8" if asset.transparent else ""))
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.set_header("X-Content-Type-Options", "nosniff")
        if asset.transparent:
            self.set_header("Content-Encoding", "gzip")
        self.set_header("Content-Length", str(len(asset.content)))
        self.finish(asset.content)


class TextHandler(RequestHandler):  # type: ignore[misc]
    """Serves a text page; no session is opened for it."""

    def initialize(self, pages: Pages) -> None:
        self.pages = pages

    def get(self, name: str) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(self.pages.render(name))


def explorer_page(assets: Assets, pages: Pages, others: Sequence[Assets] = ()) -> pn.Template:
    """The page of the explorer, made anew for each visitor; it keeps nothing of them."""
    viewer = Viewer.for_page(assets, ASSETS, others, sizing_mode="stretch_both")
    template = pn.Template(TEMPLATE.read_text(encoding="utf-8"))
    template.add_panel("explorer", viewer)
    words = {
        "app_name": pages.text("app.name"),
        "purpose": pages.text("about.purpose"),
        "skip": pages.text("app.skip"),
        "about": pages.text("page.about"),
        "noscript": pages.text("app.noscript"),
        "head": pages.head("./"),
        "site_sheet": pages.site_sheet,
        "code": ASSETS + assets.code.name,
        "preload": [ASSETS + asset.name for asset in assets.data.values()],
    }
    for name, value in words.items():
        template.add_variable(name, value)
    return template


def _free(address: str, port: int | None) -> int:
    """The port to serve on: the wanted one, or by default :data:`PORT` or, when that is taken, any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        host = "" if address == "0.0.0.0" else address
        try:
            probe.bind((host, PORT if port is None else port))
        except (OSError, OverflowError) as error:
            if port is None:
                return _free(address, 0)
            advice = "give another with --port, or 0 for any free one"
            raise ExplorerError(f"port {port} cannot be used ({error}); {advice}") from None
        return int(probe.getsockname()[1])


def other_atlases(shown: Atlas) -> list[Atlas]:
    """Atlases that can be chosen instead of the one that is shown: ours, and those on the shelf."""
    ours = [Atlas(shown.dataset, shown.meshes)] if shown.own else []
    return ours + [
        Atlas(shown.dataset, shown.meshes, own=one) for one in kept() if not shown.own or one.digest != shown.own.digest
    ]


def serve(
    port: int | None = None, address: str = "localhost", open_browser: bool = True, atlas: Atlas | None = None
) -> None:
    """Serve the explorer until it is interrupted.

    Parameters
    ----------
    port : int, optional
        0 takes any free one; by default :data:`PORT`, or any free one when that is taken.
    address : str
    open_browser : bool
    atlas : Atlas, optional
        What is shown. Atlases of the shelf, and ours, can be chosen in the page instead.

    Raises
    ------
    ExplorerError
        When the port cannot be used.
    """
    own_port = _free(address, port)
    shown = atlas or load_atlas()
    assets = Assets(shown)
    others = [Assets(other) for other in other_atlases(shown)]
    sheet = site_sheet()
    pages = Pages(assets.atlas, ASSETS + sheet.name, [other.atlas for other in others])
    own = [asset for other in others for asset in (other.catalogue, other.body)]
    files = {asset.name: asset for asset in (*assets.all, *own, sheet)}
    pn.extension("vtk")
    host = "localhost" if address in ("0.0.0.0", "127.0.0.1", "::1", "::") else address
    print(f"Referred Pain Explorer: http://{host}:{own_port}   (stop with Ctrl+C)", flush=True)
    names = "|".join(pages.names)
    try:
        pn.serve(
            {"/": lambda: explorer_page(assets, pages, others)},
            port=own_port,
            address=None if address == "localhost" else address,
            websocket_origin=[f"{host}:{own_port}", f"127.0.0.1:{own_port}"],
            show=open_browser,
            title=pages.text("app.name"),
            verbose=False,
            location=False,
            extra_patterns=[
                (r"/assets/([\w.-]+)", AssetHandler, {"assets": files}),
                (rf"/({names})", TextHandler, {"pages": pages}),
            ],
            compress_response=True,
        )
    except KeyboardInterrupt:
        sys.exit(0)
