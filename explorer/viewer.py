"""The explorer as a Panel component: one JSComponent around the browser modules."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import param
from panel.custom import JSComponent

from explorer.assets import Asset, Assets

if TYPE_CHECKING:
    from explorer.atlas import Atlas

# The host page either names the assets' addresses, or hands them over inside the document.
_SHIM = """
async function code(model) {
  if (model.assets.code.url) return import(new URL(model.assets.code.url, document.baseURI).href);
  const packed = Uint8Array.from(atob(model.assets.code.base64), (c) => c.charCodeAt(0));
  const text = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try { return await import(address); } finally { URL.revokeObjectURL(address); }
}

export async function render({ model, el }) {
  el.style.height = "100%";
  const { mount } = await code(model);
  // whose shapes are shown stands in the page's address, where there is a choice
  const chosen = model.linked ? model.assets.atlases?.[new URLSearchParams(location.hash.slice(1)).get("atlas")] : null;
  const { catalogue, body, paint, sheet, variants, sources } = { ...model.assets, ...chosen };
  const script = [...document.scripts].find((entry) => /\\/vtk[.\\w-]*\\.js(\\?|$)/.test(entry.src)); // a hand-out takes it along
  const own = () => ({ structures: model.selection, pattern: model.pattern, side: model.side });
  const explorer = mount(el, {
    assets: { catalogue, body, paint },
    variants,
    atlases: Object.keys(model.assets.atlases ?? {}),
    sheet,
    sources: sources && { ...sources, vtk: script && { url: script.src } },
    vtk: window.vtk,
    linked: model.linked,
    state: model.linked ? {} : own(),
    onState: (state) => {
      if (!model.shared) return;
      model.selection = [...state.structures];
      model.pattern = state.pattern;
      model.side = state.side;
    },
  });
  if (model.shared) for (const name of ["selection", "pattern", "side"]) model.on(name, () => explorer.set(own()));
  model.on("remove", () => explorer.remove());
}
"""


def _inside(asset: Asset) -> dict[str, Any]:
    """An asset that is handed over inside the document."""
    return {"base64": base64.b64encode(asset.content).decode(), "bytes": len(asset.content)}


class Viewer(JSComponent):  # type: ignore[misc]
    """The explorer: 3D view, list, card.

    In a notebook it shares its selection with Python; in the served app nothing that is chosen or drawn is sent to
    the server.
    """

    selection = param.List(default=[], item_type=str, doc="Ids of the chosen structures.")
    pattern = param.String(default=None, allow_None=True, doc="One pattern of a chosen structure; None shows all.")
    side = param.Selector(default="left", objects=["left", "right", "both"], doc="Side of the chosen structures.")
    shared = param.Boolean(default=True, constant=True, doc="Whether the browser tells Python what is chosen.")
    linked = param.Boolean(default=False, constant=True, doc="Whether the page's address holds the state.")
    assets = param.Dict(default={}, constant=True, doc="Where the browser finds its assets.")

    _esm = _SHIM

    @classmethod
    def for_page(cls, assets: Assets, prefix: str, others: Sequence[Assets] = (), **keywords: Any) -> Viewer:
        """The explorer for a page whose server serves the assets under an address prefix.

        Parameters
        ----------
        assets : Assets
            Of the atlas that is shown by itself.
        prefix : str
        others : sequence of Assets
            Of other atlases that can be chosen instead.
        """
        places = assets.places(prefix)
        places |= places.pop("assets") | {"code": places["sources"]["code"]}
        if others:
            places["atlases"] = {
                own.atlas.name: {name: own.places(prefix)["assets"][name] for name in ("catalogue", "body")}
                for own in (assets, *others)
            }
        return cls(assets=places, linked=True, shared=False, **keywords)

    @classmethod
    def for_notebook(cls, atlas: Atlas, **keywords: Any) -> Viewer:
        """The explorer for a notebook cell: everything is handed over inside the document.

        Load vtk.js first with ``pn.extension("vtk")``.
        """
        own = Assets(atlas)
        packed = own.data | {"code": own.code, "sheet": own.sheet}
        places: dict[str, Any] = {name: _inside(asset) for name, asset in packed.items()}
        places["sources"] = {"kit": _inside(own.kit), "code": places["code"], "sheet": places["sheet"]}
        places["variants"] = {name: _inside(asset) for name, asset in own.variants.items()}
        return cls(assets=places, **keywords)
