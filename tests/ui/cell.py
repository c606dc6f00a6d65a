"""A page with the explorer as a notebook cell has it: assets inside the document, state shared with Python."""

import sys

import panel as pn

from explorer import load_atlas
from explorer.viewer import Viewer


def app() -> pn.Column:
    viewer = Viewer.for_notebook(load_atlas(), selection=["temporalis"], side="right", height=600, width=1100)
    told = pn.pane.Str(
        pn.bind(
            lambda s, p, side: f"python knows {s} {p} {side}",
            viewer.param.selection,
            viewer.param.pattern,
            viewer.param.side,
        )
    )
    button = pn.widgets.Button(
        name="python chooses", on_click=lambda _: viewer.param.update(selection=["levator_scapulae"], side="left")
    )
    return pn.Column(told, button, viewer)


if __name__ == "__main__":
    pn.extension("vtk")
    print(f"http://localhost:{sys.argv[1]}", flush=True)
    pn.serve(app, port=int(sys.argv[1]), show=False, verbose=False)
