"""The Panel app: serves the explorer, the text pages and the assets."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import socket
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import panel as pn
from panel.io.resources import Resources, set_resource_mode

from explorer import __version__, folders, load_atlas
from explorer.assets import Asset, Assets, file_asset, site_sheet
from explorer.atlas import Atlas
from explorer.errors import ExplorerError
from explorer.pages import EveryLanguage, Pages
from explorer.server import Site, open_log, read_origin, read_root_path, run, sockets_for
from explorer.shelf import kept
from explorer.viewer import Viewer

PORT = 5006
ASSETS = "assets/"
TEMPLATE = folders.PAGES / "explorer.html"
#: what Panel and Bokeh name in a page, and the files that are meant
_NAMED = re.compile(
    r"(?:\./)?static/extensions/panel/(?P<panel>[^\s\"?]+)(?:\?v=\w+)?"
    r"|https://cdn\.holoviz\.org/panel/[^/\s\"]+/dist/(?P<distant>[^\s\"?]+)(?:\?v=[\w.]+)?"
    r"|(?:\./)?static/(?P<bokeh>js/[^\s\"?]+)(?:\?v=\w+)?"
)
#: parts of Bokeh that the explorer does without
_LEFT_OUT = re.compile(
    r'<script[^>]*/js/bokeh-gl\.min\.js[^>]*></script>\n?|<script type="esms-options">.*?</script>\n?'
)
#: Panel imports the component by a library for old browsers, which tries out what the content security policy forbids
_SHIM = re.compile(r"<script[^>]*/es-module-shims\.min\.js[^>]*></script>")
_NATIVE = "<script>window.importShim = Object.assign((address) => import(address), { addImportMap() {} });</script>"


def explorer_page(assets: Assets, pages: Pages, others: Sequence[Assets] = ()) -> pn.Template:
    """The page of the explorer; it keeps nothing of its visitors."""
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


def _dist(package: str, name: str) -> Path:
    """A file that Panel or Bokeh brings for the browser, found without a server of theirs."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / {"panel": "dist", "bokeh": "server/static"}[package]
    return folder / name


def whole_page(template: pn.Template, title: str) -> tuple[str, dict[str, Asset]]:
    """A Panel page that stands alone: no session, and every file it needs as an asset of ours.

    Returns
    -------
    html : str
    assets : dict
        Name -> what Panel and Bokeh bring, named by content.
    """
    text = io.StringIO()
    with set_resource_mode("server"):
        template.save(text, title=title, resources=Resources(mode="server", root_url="./"))
    assets: dict[str, Asset] = {}

    def ours(found: re.Match[str]) -> str:
        package = "bokeh" if found["bokeh"] else "panel"
        path = _dist(package, found["bokeh"] or found["panel"] or found["distant"])
        asset = file_asset(path)
        assets[asset.name] = asset
        return ASSETS + asset.name

    return _NAMED.sub(ours, _SHIM.sub(_NATIVE, _LEFT_OUT.sub("", text.getvalue()))), assets


def other_atlases(shown: Atlas) -> list[Atlas]:
    """Atlases that can be chosen instead of the one that is shown: ours, and those on the shelf."""
    ours = [Atlas(shown.dataset, shown.meshes)] if shown.own else []
    return ours + [
        Atlas(shown.dataset, shown.meshes, own=one) for one in kept() if not shown.own or one.digest != shown.own.digest
    ]


def make_site(atlas: Atlas, root_path: str = "", embedding: Sequence[str] = ()) -> Site:
    """Everything that is served for one atlas, see :class:`explorer.server.Site`.

    Parameters
    ----------
    atlas : Atlas
    root_path : str
        The path under which a proxy shows the explorer.
    embedding : sequence of str
        Origins of pages that may show it in a frame.
    """
    pn.extension("vtk")
    assets = Assets(atlas)
    others = [Assets(other) for other in other_atlases(atlas)]
    theirs = [asset for other in others for asset in (other.catalogue, other.body)]
    sheet = site_sheet()
    every = EveryLanguage(atlas, ASSETS + sheet.name, [other.atlas for other in others])
    pages = every.english
    html, brought = whole_page(explorer_page(assets, pages, others), pages.text("app.name"))
    site = Site(
        names=("", *every.names),
        render=lambda name: every.render(name) if name else html,
        fault_page=lambda status: pages.fault(status, read_root_path(root_path) + "/"),
        assets={asset.name: asset for asset in (*assets.all, *theirs, sheet)} | brought,
        health={"status": "ok", "version": __version__, "dataset": atlas.dataset.version},
        root_path=read_root_path(root_path),
        embedding=tuple(read_origin(origin) for origin in embedding),
    )
    site.page("").prepare()
    return site


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


def serve(
    port: int | None = None,
    address: str = "localhost",
    open_browser: bool = True,
    atlas: Atlas | None = None,
    *,
    num_procs: int = 1,
    root_path: str = "",
    allow_embedding: Sequence[str] = (),
    access_log: str | None = None,
) -> None:
    """Serve the explorer until it is interrupted.

    Parameters
    ----------
    port : int, optional
        0 takes any free one; by default :data:`PORT`, or any free one when that is taken.
    address : str
        ``localhost`` answers this machine only, ``0.0.0.0`` everybody.
    open_browser : bool
    atlas : Atlas, optional
        What is shown. Atlases of the shelf, and ours, can be chosen in the page instead.
    num_procs : int
        So many processes answer; 0 means one for each core.
    root_path : str
        The path under which a proxy shows the explorer, such as ``/pain``.
    allow_embedding : sequence of str
        Origins of pages that may show it in a frame, such as ``https://course.example.org``.
    access_log : str, optional
        File to append a line a request to, without anything about the person; ``-`` prints it.

    Raises
    ------
    ExplorerError
        When the port, the path, an origin or the log cannot be used.
    """
    if num_procs < 0:
        raise ExplorerError(f"--num-procs {num_procs} is not possible; give 1 or more, or 0 for one for each core")
    log = open_log(access_log) if access_log else None
    sockets = sockets_for(_free(address, port), address)
    site = make_site(atlas or load_atlas(), root_path, allow_embedding)
    host = "localhost" if address in ("0.0.0.0", "127.0.0.1", "::1", "::") else address
    own_address = f"http://{host}:{sockets[0].getsockname()[1]}{site.root_path}"
    print(f"Referred Pain Explorer: {own_address}   (stop with Ctrl+C)", flush=True)
    if open_browser:
        webbrowser.open(own_address + "/")
    try:
        run(site.application(log), sockets, num_procs or os.cpu_count() or 1)
    except KeyboardInterrupt:
        sys.exit(0)
