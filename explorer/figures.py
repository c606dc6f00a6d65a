"""Pictures without a browser: the painted body from fixed views, rendered off-screen with pyvista."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from explorer.anatomy.meshio import Mesh

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]

SKIN_RGB = (0.88, 0.82, 0.76)
CORE_RGB = (0.80, 0.25, 0.13)
SPILLOVER_RGB = (0.95, 0.68, 0.40)
DEEP_RGB = (0.45, 0.20, 0.55)


@dataclass(frozen=True)
class ViewPoint:
    """Where a picture is taken from.

    Attributes
    ----------
    direction : (3,) float
        From the body to the eye, LPS.
    focus : (3,) float
        mm, the middle of the picture.
    half_height_mm : float
        Half of what the picture shows in height.
    """

    direction: tuple[float, float, float]
    focus: tuple[float, float, float]
    half_height_mm: float


HEAD = {
    "front": ViewPoint((0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 150.0),
    "left": ViewPoint((1.0, -0.15, 0.0), (0.0, 0.0, 0.0), 150.0),
    "back": ViewPoint((0.0, 1.0, 0.0), (0.0, 0.0, 0.0), 150.0),
    "top": ViewPoint((0.3, -0.35, 1.0), (0.0, 0.0, 40.0), 130.0),
}
BODY = {
    "front": ViewPoint((0.0, -1.0, 0.0), (0.0, 0.0, -240.0), 400.0),
    "left": ViewPoint((1.0, -0.15, 0.0), (0.0, 0.0, -240.0), 400.0),
    "back": ViewPoint((0.0, 1.0, 0.0), (0.0, 0.0, -240.0), 400.0),
    "arm": ViewPoint((0.9, -0.8, 0.0), (200.0, 0.0, -520.0), 420.0),
}


def _poly(mesh: Mesh) -> pv.PolyData:
    surface = pv.PolyData.from_regular_faces(mesh.vertices, mesh.faces)
    # the meshes are wound outward already; VTK's own check would flip parts of the skull
    return surface.compute_normals(consistent_normals=False, auto_orient_normals=False, split_vertices=False)


@dataclass(frozen=True)
class Panel:
    """One picture of a sheet: a title, paint, and what is shown with it.

    Attributes
    ----------
    title : str
    core, spillover : (n,) float
        On the skin's vertices.
    points : sequence of (3,) float
        Trigger points.
    solids : sequence of Mesh
        Deep shapes, drawn through the skin.
    """

    title: str
    core: Floats
    spillover: Floats
    points: Sequence[Floats] = ()
    solids: Sequence[Mesh] = ()


def pattern_panel(atlas: Atlas, pattern_id: str) -> Panel:
    """The panel of one pattern of the atlas, for a structure on the left."""
    pattern = atlas.dataset.pattern(pattern_id)
    core, spillover = atlas.paint(pattern_id)
    solids = []
    for entry in pattern.areas:
        for side in entry.sides_for("left"):
            shape = atlas.deep_mesh(entry.area_id, side)
            if shape is not None:
                solids.append(shape)
    place = atlas.trigger_point_places.get(pattern.trigger_point_id or "")
    return Panel(f"{pattern_id} ({pattern.grade})", core, spillover, [np.array(place)] if place else [], solids)


def contact_sheet(
    skin: Mesh, panels: Iterable[Panel], views: dict[str, ViewPoint], path: Path, size: int = 300
) -> None:
    """Render a page of painted bodies, a row a panel and a column a view.

    Parameters
    ----------
    skin : Mesh
    panels : iterable of Panel
    views : dict of name to ViewPoint
    path : Path
        PNG to write.
    size : int
        Pixels of one picture.
    """
    rows = list(panels)
    plotter = pv.Plotter(
        off_screen=True, shape=(len(rows), len(views)), window_size=(size * len(views), size * len(rows)), border=False
    )
    for r, panel in enumerate(rows):
        body = _poly(skin)
        body["rgb"] = paint_rgb(panel.core, panel.spillover)
        body["core"], body["spillover"] = panel.core, panel.spillover
        lines = [
            (body.contour([0.5], scalars=name), colour, width)
            for name, colour, width in (("core", "#5c1408", 2.5), ("spillover", "#a05a10", 1.5))
            if body[name].max() > 0.5 > body[name].min()
        ]
        for c, (name, view) in enumerate(views.items()):
            plotter.subplot(r, c)
            plotter.add_mesh(
                body, scalars="rgb", rgb=True, ambient=0.35, diffuse=0.7, opacity=0.55 if panel.solids else 1.0
            )
            for outline, colour, width in lines:
                if outline.n_points:
                    plotter.add_mesh(outline, color=colour, line_width=width)
            for solid in panel.solids:
                plotter.add_mesh(_poly(solid), color=DEEP_RGB)
            for point in panel.points:
                plotter.add_mesh(pv.Sphere(radius=3.0, center=point), color="black")
            plotter.add_text(f"{panel.title}  {name}" if c == 0 else name, font_size=7, color="black")
            plotter.view_vector(view.direction, (0, 0, 1))
            plotter.enable_parallel_projection()
            plotter.camera.focal_point = view.focus
            plotter.camera.position = np.asarray(view.focus) + 1500 * np.asarray(view.direction)
            plotter.camera.parallel_scale = view.half_height_mm
            plotter.reset_camera_clipping_range()
    plotter.screenshot(str(path))
    plotter.close()


def paint_rgb(core: Floats, spillover: Floats) -> NDArray[np.uint8]:
    """(n, 3) colours of the skin's vertices under paint."""
    out = np.tile(SKIN_RGB, (len(core), 1))
    for weights, colour in ((spillover, SPILLOVER_RGB), (core, CORE_RGB)):
        share = np.clip((weights - 0.35) / 0.3, 0, 1)[:, None]
        out = out * (1 - share) + share * np.asarray(colour)
    return np.round(255 * out).astype(np.uint8)
