"""Pictures of a selection from its most telling views, rendered off-screen and without perspective."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from explorer.anatomy.meshio import Mesh
from explorer.anatomy.surface import Surface
from explorer.assets import dot_spacing, even_dots
from explorer.catalogue import catalogue, style
from explorer.chart import painted
from explorer.errors import DataError
from explorer.scene import Selection, scene_of

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]

#: azimuth (0 from the front, positive towards the subject's left) and elevation, degrees; as in ``browser/camera.js``
KEY_VIEWS = {
    "three_quarter": (38, 8),
    "front": (0, 0),
    "left": (90, 0),
    "right": (-90, 0),
    "back": (180, 0),
    "top": (20, 62),
}
#: what is chosen from, in this order, as ``browser/view.js`` does
CANDIDATES = ("front", "left", "right", "back", "three_quarter")
#: a further view must show so much of the paint that the ones before do not
WORTH = 0.06
CLEAR_MM, FADE_MM = 10.0, 32.0  # how the skin opens over what is chosen, as in ``browser/window.js``
NEAR_MM = 45.0  # other muscles and bones are drawn so near to what is chosen
OPEN = 0.80
SOLID = 0.97
EDGE_MM = 14.0
FINE = 2  # each pixel is the mean of so many across and down
LIFT_MM = 0.5
_BACKGROUND = "#ffffff"


@dataclass(frozen=True)
class Picture:
    """One rendered view.

    Attributes
    ----------
    view : str
        A key of :data:`KEY_VIEWS`.
    pixels : (height, width, 3) uint8
    mm_per_pixel : float
    points : tuple of (float, float)
        Trigger points that are not behind the body, in pixels from the upper left.
    letters : tuple of str
        Which side of the subject lies on the left and on the right of the picture; empty where seen from the side.
    """

    view: str
    pixels: NDArray[np.uint8]
    mm_per_pixel: float
    points: tuple[tuple[float, float], ...]
    letters: tuple[str, ...]


@dataclass(frozen=True)
class _Axes:
    to_eye: Floats
    right: Floats
    up: Floats


def _axes(view: str) -> _Axes:
    azimuth, elevation = np.radians(KEY_VIEWS[view])
    to_eye = np.array([np.sin(azimuth) * np.cos(elevation), -np.cos(azimuth) * np.cos(elevation), np.sin(elevation)])
    right = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    return _Axes(to_eye, right, np.cross(to_eye, right))


def telling_views(atlas: Atlas, selection: Selection, most: int = 3, least: int = 2) -> tuple[str, ...]:
    """The views that together show most of the painting.

    The first is the explorer's own choice. Each further one is that which shows most of what the others do not, as long
    as it adds more than a small share; a joint without paint gets the first ones of the list.
    """
    scene = scene_of(catalogue(atlas), selection)
    core, spillover = painted(atlas, scene["paint"])
    skin = atlas.skin
    amount = np.where(core > 0.5, 1.0, np.where(spillover > 0.5, 0.4, 0.0))
    amount = amount * Surface(atlas.skin_mesh.vertices, atlas.skin_mesh.faces).vertex_areas
    facing = {view: np.asarray(skin.vertex_normals) @ _axes(view).to_eye for view in CANDIDATES}
    seen = {view: np.where(value > 0.2, value, 0) * amount for view, value in facing.items()}
    chosen: list[str] = []
    best = np.zeros(len(amount))
    while len(chosen) < most:
        # an earlier candidate stays unless a later one is clearly better
        view, gain = "", 0.0
        for candidate in CANDIDATES:
            more = float(np.maximum(seen[candidate] - best, 0).sum())
            if candidate not in chosen and (not view or more > 1.05 * gain):
                view, gain = candidate, more
        if len(chosen) >= least and gain < WORTH * amount.sum():
            break
        chosen.append(view)
        best = np.maximum(best, seen[view])
    return tuple(chosen)


def render(
    atlas: Atlas, selection: Selection, views: Sequence[str], size: tuple[int, int] = (700, 700)
) -> list[Picture]:
    """Render a selection from some views, all at one scale.

    Parameters
    ----------
    atlas : Atlas
    selection : Selection
    views : sequence of str
        Keys of :data:`KEY_VIEWS`.
    size : (int, int)
        Width and height in pixels.

    Raises
    ------
    DataError
        For an unknown view.
    """
    for view in views:
        if view not in KEY_VIEWS:
            raise DataError(f"view {view!r} is not known; allowed: {', '.join(KEY_VIEWS)}")
    scene = scene_of(catalogue(atlas), selection)
    things = _things(atlas, scene)
    wanted = _wanted(atlas, scene, things)
    spans = []
    for view in views:
        axes = _axes(view)
        flat = np.column_stack([wanted @ axes.right, wanted @ axes.up])
        spans.append((flat.min(axis=0), flat.max(axis=0)))
    half = max(max((high[1] - low[1]) / 2, (high[0] - low[0]) / 2 * size[1] / size[0]) for low, high in spans) + EDGE_MM
    # letters of the wider and the narrower views stand at one height: all views share their middle in height
    skin = atlas.skin
    pictures = []
    plotter = pv.Plotter(off_screen=True, window_size=[FINE * size[0], FINE * size[1]], lighting="none")
    try:
        _light(plotter)
        plotter.set_background(_BACKGROUND)
        plotter.disable_anti_aliasing()  # does not go with drawing in layers; see FINE
        plotter.enable_depth_peeling(8)
        for mesh, keywords in things.drawn:
            if mesh.n_cells:
                plotter.add_mesh(mesh, **keywords).prop.interpolation = "Phong"
        for view, (low, high) in zip(views, spans, strict=True):
            axes = _axes(view)
            middle = (low + high) / 2
            focus = middle[0] * axes.right + middle[1] * axes.up
            plotter.camera_position = [focus + 2000 * axes.to_eye, focus, axes.up]
            plotter.enable_parallel_projection()
            plotter.camera.parallel_scale = half
            plotter.reset_camera_clipping_range()
            plotter.render()
            pixels = _smaller(np.asarray(plotter.screenshot(return_img=True))[..., :3])
            mm = 2 * half / size[1]
            points = []
            for marker in scene["markers"]:
                place = np.array(marker["xyz_mm"])
                if not marker["chosen"] or _behind(skin, place, axes.to_eye):
                    continue
                points.append(
                    (
                        float(size[0] / 2 + (place @ axes.right - middle[0]) / mm),
                        float(size[1] / 2 - (place @ axes.up - middle[1]) / mm),
                    )
                )
            across = axes.right[0]
            letters = () if abs(across) < 0.5 else ("right", "left") if across > 0 else ("left", "right")
            pictures.append(Picture(view, pixels, mm, tuple(points), letters))
    finally:
        plotter.close()
    return pictures


@dataclass(frozen=True)
class _Things:
    """What is drawn: meshes with their looks, and the places that must be in the picture."""

    drawn: list[tuple[pv.PolyData, dict[str, Any]]]
    places: list[Floats]


def _poly(mesh: Mesh) -> pv.PolyData:
    surface = pv.PolyData.from_regular_faces(mesh.vertices, mesh.faces)
    return surface.compute_normals(consistent_normals=False, auto_orient_normals=False, split_vertices=False)


def _smooth(mesh: Any) -> pv.PolyData:
    """A shape of the atlas with normals; the shapes are wound outward already."""
    return pv.wrap(mesh).compute_normals(consistent_normals=False, auto_orient_normals=False, split_vertices=False)


def _upright(mesh: pv.PolyData) -> pv.PolyData:
    """A cut mesh, shaded by the normals that it had."""
    if mesh.n_points and "Normals" in mesh.point_data:
        mesh.point_data.active_normals_name = "Normals"
    if mesh.n_points:
        mesh.set_active_scalars(None)
    return mesh


def _things(atlas: Atlas, scene: dict[str, Any]) -> _Things:
    look = style()
    chosen: list[tuple[str, str, str]] = []
    others: list[tuple[str, str, str]] = []
    for key, entry in scene["structures"].items():
        name, side = key.split("/")
        if entry["visible"] and any(name in atlas.shape_ids(folder) for folder in ("muscles", "joints", "nerves")):
            (chosen if entry["chosen"] else others).append((name, side, entry["colour"]))
    drawn: list[tuple[pv.PolyData, dict[str, Any]]] = []
    places: list[Floats] = []
    for name, side, colour in chosen:
        mesh = atlas.mesh(name, side)
        places.append(np.asarray(mesh.vertices))
        drawn.append((_smooth(mesh), {"color": colour, "specular": 0.15}))
    tree = cKDTree(np.vstack(places)) if places else None

    for bone in atlas.shape_ids("bones"):
        record = atlas.dataset.bones.get(bone)
        for side in ("midline",) if record is None or record.pairing == "midline" else ("left", "right"):
            others.append((bone, side, look["bone"]))
    for name, side, colour in others:
        surface = _smooth(atlas.mesh(name, side))
        distance = tree.query(surface.points, distance_upper_bound=NEAR_MM)[0] if tree else np.full(1, np.inf)
        if distance.min() < NEAR_MM:
            surface["distance"] = np.minimum(distance, 2 * NEAR_MM)
            drawn.append((_upright(surface.clip_scalar(scalars="distance", value=NEAR_MM - 2)), {"color": colour}))
    deep = []
    for entry in scene["deep"]:
        for side in ("left", "right") if entry["side"] == "midline" else (entry["side"],):
            shape = atlas.deep_mesh(entry["area"], side)
            if shape is not None:
                deep.append(shape.vertices)
                drawn.append(
                    (_poly(shape), {"color": look["deep"], "opacity": 1.0 if entry["role"] == "core" else 0.6})
                )
    core, spillover = painted(atlas, scene["paint"])
    window = _window(atlas.skin_mesh.vertices, places, CLEAR_MM, FADE_MM)
    # a deep place shines through a small opening of its own
    window = np.maximum(window, 0.85 * _window(atlas.skin_mesh.vertices, deep, 4.0, 14.0))
    drawn += _skin(atlas, core, spillover, window)
    for eye in (atlas.eye_mesh, atlas.eye_mesh.mirrored()):
        drawn.append((_poly(eye), {"color": "#f7f4ef"}))
        drawn.append((_iris(eye), {"color": "#5b4a3c"}))
    return _Things(drawn, places)


def _smaller(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with each square of pixels brought to its mean."""
    height, width, _ = pixels.shape
    squares = pixels.reshape(height // FINE, FINE, width // FINE, FINE, 3).astype(np.float64)
    return np.asarray(squares.mean(axis=(1, 3)).round().astype(np.uint8))


def _iris(eye: Mesh) -> pv.PolyData:
    """The part of an eye within 5.6 mm of its sight line, in front."""
    middle = eye.vertices.mean(axis=0)
    disc = _poly(eye)
    disc["from_sight"] = np.hypot(eye.vertices[:, 0] - middle[0], eye.vertices[:, 2] - middle[2])
    front = disc.clip_scalar(scalars="from_sight", value=5.6)
    front = front.clip((0, 1, 0), origin=middle) if front.n_points else front
    return front.translate((0, -0.25, 0))


def _window(vertices: Floats, shapes: Sequence[Floats], clear: float, fade: float) -> Floats:
    """(n,) 1 over some shapes and ``clear`` mm beyond where they come nearest to the skin, falling to 0 over ``fade`` mm."""
    if not shapes:
        return np.zeros(len(vertices))
    distance, _ = cKDTree(np.vstack(shapes)).query(vertices)
    t = np.clip((distance.min() + clear + fade - distance) / fade, 0, 1)
    return t * t * (3 - 2 * t)


def _skin(atlas: Atlas, core: Floats, spillover: Floats, window: Floats) -> list[tuple[pv.PolyData, dict[str, Any]]]:
    """The skin in three parts with crisp borders, their outlines, and the dots of spillover."""
    look = style()
    body = _poly(atlas.skin_mesh)
    body["core"], body["both"], body["spillover"] = core, np.minimum(1, core + spillover), spillover
    body["open"] = 1 - OPEN * window
    # painted skin stays mostly closed, so that its colour is that of the legend
    body["open_core"] = 1 - 0.2 * window
    body["open_spill"] = np.maximum(body["open"], 0.62)
    shine = {"ambient": 0.18, "diffuse": 0.9, "show_scalar_bar": False}
    out: list[tuple[pv.PolyData, dict[str, Any]]] = []

    def part(mesh: pv.PolyData, colour: str, opacity: str) -> None:
        """Add a part, what is closed as solid and only the rest as glass, which VTK draws in layers."""
        if not mesh.n_cells:
            return
        out.append((_upright(mesh.clip_scalar(scalars=opacity, value=SOLID, invert=False)), {"color": colour, **shine}))
        glass = _upright(mesh.clip_scalar(scalars=opacity, value=SOLID))
        if glass.n_cells:
            rgb = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
            alpha = 255 * np.asarray(glass[opacity])
            glass["rgba"] = np.column_stack([np.tile(rgb, (glass.n_points, 1)), alpha]).round().astype(np.uint8)
            out.append((glass, {"scalars": "rgba", "rgba": True, **shine}))

    has_core, has_spill = core.max() > 0.5, spillover.max() > 0.5
    bare = body.clip_scalar(scalars="both", value=0.5) if has_core or has_spill else body
    part(bare, look["skin"], "open")
    if has_core:
        part(body.clip_scalar(scalars="core", value=0.5, invert=False), look["core"], "open_core")
        line = body.contour([0.5], scalars="core")
        out.append((_lifted(line), {"color": look["core_line"], "line_width": 4, "lighting": False}))
    if has_spill:
        rim = body.clip_scalar(scalars="core", value=0.5) if has_core else body
        spread = rim.clip_scalar(scalars="both", value=0.5, invert=False)
        tint = _mixed(look["skin"], look["spillover"], 0.35)
        part(spread, tint, "open_spill")
        out.append((_dots(atlas, body, spillover), {"color": look["spillover_line"], "lighting": False}))
        line = body.contour([0.5], scalars="both")
        out.append((_lifted(line), {"color": look["spillover_line"], "line_width": 2, "lighting": False}))
    return out


def _lifted(line: pv.PolyData) -> pv.PolyData:
    """A line a little above the skin."""
    if line.n_points and "Normals" in line.point_data:
        line.points = line.points + LIFT_MM * line.point_data["Normals"]
    return line


def _dots(atlas: Atlas, body: pv.PolyData, spillover: Floats) -> pv.PolyData:
    skin = atlas.skin_mesh
    spacing = dot_spacing(Surface(skin.vertices, skin.faces))
    dots = even_dots(skin.vertices, spacing)
    dots = dots[spillover[dots] >= 110 / 255]
    centres = pv.PolyData(skin.vertices[dots] + LIFT_MM * np.asarray(body.point_data["Normals"])[dots])
    centres["normals"] = np.asarray(body.point_data["Normals"])[dots]
    centres["radius"] = 0.24 * spacing[dots]
    disc = pv.Disc(inner=0, outer=1, normal=(1, 0, 0), c_res=12)
    return centres.glyph(orient="normals", scale="radius", geom=disc) if len(dots) else pv.PolyData()


def _mixed(one: str, other: str, share: float) -> str:
    """A colour between two."""
    pairs = [(int(one[k : k + 2], 16), int(other[k : k + 2], 16)) for k in (1, 3, 5)]
    return "#" + "".join(f"{round(a + share * (b - a)):02x}" for a, b in pairs)


def _wanted(atlas: Atlas, scene: dict[str, Any], things: _Things) -> Floats:
    """Places that must be in the picture: the paint, what is chosen, trigger points, and the head, to find one's way."""
    vertices = atlas.skin_mesh.vertices
    core, spillover = painted(atlas, scene["paint"])
    markers = [np.array([marker["xyz_mm"]]) for marker in scene["markers"]]
    return np.vstack(
        [vertices[np.maximum(core, spillover) > 0.5], vertices[vertices[:, 2] > -70], *things.places, *markers]
    )


def _behind(skin: Any, place: Floats, to_eye: Floats) -> bool:
    """Whether the body hides a place: it lies deeper under the skin than a trigger point is marked at."""
    flat = np.asarray(skin.vertices) - place
    along = flat @ to_eye
    aside = np.linalg.norm(flat - along[:, None] * to_eye, axis=1)
    near = along[(aside < 9) & (along > 0)]
    return bool(len(near) and near.max() > 38)


def _light(plotter: pv.Plotter) -> None:
    for entry in style()["lights"]:
        x, y, z = entry["from"]
        light = pv.Light(position=(x, y, z), focal_point=(0, 0, 0), light_type="camera light", color=entry["tint"])
        light.intensity = 1.15 * entry["strength"]
        plotter.add_light(light)
