"""How well each laid shape fits, in figures and in pictures."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from explorer.anatomy.enclosure import Enclosure
from explorer.bring.fit import Key
from explorer.bring.mend import spread, volume

if TYPE_CHECKING:
    from explorer.atlas import Atlas

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Laid = Mapping[Key, tuple[Floats, Ints, int]]

REPORT, PICTURES = "report.html", "pictures"
#: mean distances from which a fit is called fair and poor, mm
FAIR_MM, POOR_MM = 2.0, 4.0
OURS_RGB, THEIRS_RGB, BONE_RGB, SKIN_RGB = "#8a939c", "#b5483a", "#d9cfb8", "#e0d3c3"
_TILE = 190


@dataclass(frozen=True)
class Fit:
    """How one shape fits.

    Attributes
    ----------
    shape, side : str
    mean_mm : float
        Mean distance between the surfaces of both, both ways.
    inside : float
        Share of its vertices under the skin.
    least_mm : float
        Depth of its shallowest vertex; negative outside.
    volume_cm3, ours_cm3 : float
    faces : int
    """

    shape: str
    side: str
    mean_mm: float
    inside: float
    least_mm: float
    volume_cm3: float
    ours_cm3: float
    faces: int

    @property
    def word(self) -> str:
        """``good``, ``fair`` or ``poor``."""
        return "good" if self.mean_mm < FAIR_MM else "fair" if self.mean_mm < POOR_MM else "poor"

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "mean_mm": round(self.mean_mm, 2),
            "inside": round(self.inside, 4),
            "least_mm": round(self.least_mm, 2),
            "volume_cm3": round(self.volume_cm3, 2),
            "ours_cm3": round(self.ours_cm3, 2),
            "faces": self.faces,
            "fit": self.word,
        }


def surface_distance(a: tuple[Floats, Ints], b: tuple[Floats, Ints], count: int = 3000) -> float:
    """Mean distance between two surfaces, both ways, in mm."""
    first, second = spread(*a, count, seed=11)[0], spread(*b, count, seed=12)[0]
    # points answer instead of triangles: the answering side is spread more densely
    dense_a, dense_b = spread(*a, 6 * count, seed=13)[0], spread(*b, 6 * count, seed=14)[0]
    there = cKDTree(dense_b).query(first)[0].mean()
    here = cKDTree(dense_a).query(second)[0].mean()
    return float(there + here) / 2


def measure(
    done: Laid,
    ours: Mapping[Key, tuple[Floats, Ints]],
    skin: Enclosure,
    bones: set[str],
    progress: Callable[[int, int], None],
) -> list[Fit]:
    """Measure every laid shape against ours, worst first."""
    out = []
    for k, ((shape, side), (vertices, faces, _)) in enumerate(done.items()):
        progress(k, len(done))
        mine = ours.get((shape, side)) or _mirror(ours[shape, "right" if side == "left" else "left"])
        depth = skin.depth(vertices)
        out.append(
            Fit(
                shape,
                side,
                surface_distance((vertices, faces), mine),
                float((depth >= 0).mean()),
                float(depth.min()),
                abs(volume(vertices, faces)) / 1000,
                abs(volume(*mine)) / 1000,
                len(faces),
            )
        )
    progress(len(done), len(done))
    return sorted(out, key=lambda fit: -fit.mean_mm)


def _mirror(shape: tuple[Floats, Ints]) -> tuple[Floats, Ints]:
    return shape[0] * [-1.0, 1.0, 1.0], shape[1][:, ::-1]


# --- pictures ---------------------------------------------------------------------------------------------------------


def _poly(vertices: Floats, faces: Ints) -> pv.PolyData:
    return pv.PolyData.from_regular_faces(vertices, faces)


def _bodies(done: Laid, atlas: Atlas, out: Path) -> list[str]:
    """The whole atlas in our skin, from four sides."""
    bones = set(atlas.dataset.bones)
    plotter = pv.Plotter(off_screen=True, window_size=(640, 760))
    plotter.set_background("white")
    for (shape, _), (vertices, faces, _) in done.items():
        plotter.add_mesh(_poly(vertices, faces), color=BONE_RGB if shape in bones else THEIRS_RGB, smooth_shading=True)
    skin = atlas.skin_mesh
    plotter.add_mesh(_poly(skin.vertices, skin.faces), color=SKIN_RGB, opacity=0.15, smooth_shading=True)
    names = []
    for name, direction in {"front": (0, -1, 0), "left": (1, 0, 0), "back": (0, 1, 0), "right": (-1, 0, 0)}.items():
        focus = np.array([0.0, 10.0, -180.0])
        plotter.camera_position = [tuple(focus + 1500 * np.array(direction)), tuple(focus), (0, 0, 1)]
        plotter.camera.parallel_projection = True
        plotter.camera.parallel_scale = 330
        plotter.reset_camera_clipping_range()
        plotter.screenshot(str(out / f"{name}.png"))
        names.append(f"{name}.png")
    plotter.close()
    return names


def _tiles(
    fits: list[Fit],
    done: Laid,
    ours: Mapping[Key, tuple[Floats, Ints]],
    out: Path,
    progress: Callable[[int, int], None],
) -> dict[Key, str]:
    """One small picture a shape: theirs solid, ours as lines, from the side on which it is widest."""
    plotter = pv.Plotter(off_screen=True, window_size=(_TILE, _TILE))
    plotter.set_background("white")
    names: dict[Key, str] = {}
    for k, fit in enumerate(fits):
        progress(k, len(fits))
        key = (fit.shape, fit.side)
        vertices, faces, _ = done[key]
        mine = ours.get(key) or _mirror(ours[fit.shape, "right" if fit.side == "left" else "left"])
        plotter.clear_actors()
        plotter.add_mesh(_poly(vertices, faces), color=THEIRS_RGB, smooth_shading=True)
        plotter.add_mesh(_poly(*mine), color=OURS_RGB, style="wireframe", opacity=0.35, line_width=1)
        both = np.vstack([vertices, mine[0]])
        middle, size = (both.min(axis=0) + both.max(axis=0)) / 2, np.ptp(both, axis=0)
        sign = 1.0 if fit.side != "right" else -1.0
        direction = (
            np.array([sign, 0.0, 0.0]) if size[1] > size[0] else np.array([0.0, 1.0 if middle[1] > 10 else -1.0, 0.0])
        )
        plotter.camera_position = [tuple(middle + 1200 * direction), tuple(middle), (0, 0, 1)]
        plotter.camera.parallel_projection = True
        plotter.camera.parallel_scale = 0.55 * max(size[2], size[1] if size[1] > size[0] else size[0])
        plotter.reset_camera_clipping_range()
        names[key] = f"{fit.shape}_{fit.side}.png"
        plotter.screenshot(str(out / names[key]))
    plotter.close()
    progress(len(fits), len(fits))
    return names


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#22282f}}
table{{border-collapse:collapse}}td,th{{padding:.2rem .7rem;border-bottom:1px solid #ccd2d8;text-align:left}}
td.n{{text-align:right;font-variant-numeric:tabular-nums}}figure{{margin:0}}.all img{{width:24%}}
.tiles{{display:grid;grid-template-columns:repeat(auto-fill,minmax(190px,1fr));gap:1rem}}figcaption{{font-size:.8rem}}</style></head><body>
"""


def report(
    out: Path,
    record: dict[str, Any],
    fits: list[Fit],
    done: Laid,
    ours: Mapping[Key, tuple[Floats, Ints]],
    atlas: Atlas,
    progress: Callable[[int, int], None],
) -> None:
    """Write ``report.html`` with its pictures."""
    pictures = out / PICTURES
    pictures.mkdir()
    bodies = _bodies(done, atlas, pictures)
    tiles = _tiles(fits, done, ours, pictures, progress)
    say = html.escape
    lines = [_PAGE.format(title=say(f"{record['name']}: how it fits")), f"<h1>{say(record['name'])}: how it fits</h1>"]
    for line in summary(record):
        lines.append(f"<p>{say(line)}</p>")
    lines.append("<p>" + "<br>".join(say(f"{text} ({licence})") for text, licence in record["credits"]) + "</p>")
    lines.append(
        '<p class="all">'
        + "".join(f'<img src="{PICTURES}/{n}" alt="The atlas in our skin, {n[:-4]}">' for n in bodies)
        + "</p>"
    )
    lines.append(
        "<h2>Shapes</h2><p>Distances are to our own shape of the same name, mm. Worst first.</p><table><thead><tr>"
    )
    heads = ("shape", "side", "fit", "mean distance", "inside the skin", "least depth", "volume cm3", "ours cm3")
    lines.append("".join(f"<th>{head}</th>" for head in heads) + "</tr></thead><tbody>")
    for fit in fits:
        lines.append(
            f"<tr><td>{say(fit.shape)}</td><td>{fit.side}</td><td>{fit.word}</td><td class=n>{fit.mean_mm:.2f}</td>"
            f"<td class=n>{100 * fit.inside:.1f} %</td><td class=n>{fit.least_mm:.1f}</td>"
            f"<td class=n>{fit.volume_cm3:.1f}</td><td class=n>{fit.ours_cm3:.1f}</td></tr>"
        )
    lines.append("</tbody></table><h2>Pictures</h2><p>Yours solid, ours as grey lines.</p><div class=tiles>")
    for fit in fits:
        name = tiles[fit.shape, fit.side]
        label = f"{fit.shape}, {fit.side}: {fit.mean_mm:.1f} mm, {fit.word}"
        lines.append(f'<figure><img src="{PICTURES}/{name}" alt=""><figcaption>{say(label)}</figcaption></figure>')
    lines.append("</div>")
    for title, own in (
        ("What was found", record["notes"]),
        ("What was left out", record["faults"]),
        ("What was repaired", record["repairs"]),
    ):
        if own:
            lines.append(f"<h2>{title}</h2><ul>" + "".join(f"<li>{say(note)}</li>" for note in own) + "</ul>")
    (out / REPORT).write_text("\n".join(lines) + "</body></html>\n", encoding="utf-8")


def summary(record: dict[str, Any]) -> list[str]:
    """A kept atlas in a few lines."""
    sides = [(shape, side, own) for shape, entry in record["shapes"].items() for side, own in entry["sides"].items()]
    means = [own["mean_mm"] for _, _, own in sides]
    shape, side, worst = max(sides, key=lambda entry: entry[2]["mean_mm"])
    out_shape, out_side, out = min(sides, key=lambda entry: (entry[2]["inside"], entry[2]["least_mm"]))
    lines = [
        f"{record['layout']}: {len(record['shapes'])} structures, {len(sides)} shapes on their sides.",
        f"Distance to our shapes: median {np.median(means):.2f} mm, worst {worst['mean_mm']:.2f} mm ({shape}, {side}).",
        f"Inside the skin: at least {100 * out['inside']:.1f} % of the vertices of every shape (least: {out_shape}, {out_side}; its shallowest lies {out['least_mm']:.1f} mm deep).",
    ]
    poor = sorted({f"{shape} ({side})" for shape, side, own in sides if own["fit"] == "poor"})
    if poor:
        lines.append(f"Poor fits, look at them: {', '.join(poor)}.")
    return lines
