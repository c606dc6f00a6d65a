"""The same scene in Panel's own VTK pane, to be measured beside ours: a button paints the next pattern on the skin."""

from __future__ import annotations

import sys

import numpy as np
import panel as pn
import pyvista as pv

from explorer import load_atlas
from explorer.figures import paint_rgb

ATLAS = load_atlas()
PATTERNS = ["temp_1", "lev_up", "trap_1", "scm_cl_mid"]


def app() -> pn.Column:
    """Skin, bones and muscles of both sides, and a button for the next pattern."""
    plotter = pv.Plotter(off_screen=True)
    skin = pv.wrap(ATLAS.skin)
    skin["rgb"] = paint_rgb(*(np.zeros(skin.n_points),) * 2)
    plotter.add_mesh(skin, scalars="rgb", rgb=True, opacity=0.6)
    for structure in ATLAS:
        if structure.kind in ("muscle", "joint"):
            for side in structure.sides:
                plotter.add_mesh(pv.wrap(ATLAS.mesh(structure.id, side)), color="firebrick")
    for bone in ATLAS.dataset.bones.values():
        for side in ("left", "right") if bone.pairing == "paired" else ("midline",):
            plotter.add_mesh(pv.wrap(ATLAS.mesh(bone.id, side)), color="ivory")
    plotter.view_vector((0.6, -1, 0.1), (0, 0, 1))
    pane = pn.pane.VTK(plotter.ren_win, height=700, width=1000)
    step = {"k": 0}

    def choose(_event: object) -> None:
        skin["rgb"] = paint_rgb(*ATLAS.paint(PATTERNS[step["k"] % len(PATTERNS)]))
        step["k"] += 1
        pane.synchronize()

    button = pn.widgets.Button(name="choose", css_classes=["choose"])
    button.on_click(choose)
    return pn.Column(button, pane)


if __name__ == "__main__":
    pn.extension("vtk")
    print(f"http://localhost:{sys.argv[1]}", flush=True)
    pn.serve(app, port=int(sys.argv[1]), show=False, verbose=False)
