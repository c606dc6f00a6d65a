"""The explorer's page as Panel serves it by itself: a session and a web socket for each visitor. Port is the argument."""

from __future__ import annotations

import sys

import panel as pn

from explorer import load_atlas
from explorer.app import explorer_page
from explorer.assets import Assets, site_sheet
from explorer.pages import Pages

if __name__ == "__main__":
    pn.extension("vtk")
    assets = Assets(load_atlas())
    pages = Pages(assets.atlas, site_sheet().name)
    port = int(sys.argv[1])
    print(f"http://localhost:{port}", flush=True)
    pn.serve({"/": lambda: explorer_page(assets, pages)}, port=port, show=False, verbose=False)
