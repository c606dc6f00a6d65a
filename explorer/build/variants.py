"""Build other bodies: male, female and older figures through the cut of the default skin, and their warps.

All are figures of the same MakeHuman base mesh in the same pose and frame, so vertex ids are shared. The male and
the female figure have the stature that the mesh itself gives them (1 dm of the mesh is 100 mm); the average body,
which is built first, is scaled to 1720 mm. The older figure lies between the targets ``young`` (about 25 years)
and ``old`` (about 90) of the average body, at about 67 years, at the average body's scale.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from explorer.anatomy.enclosure import close_holes
from explorer.anatomy.meshio import STEP_MM, Mesh
from explorer.anatomy.variant import Spline, Variant, first_of_pairs, unfold
from explorer.build.makehuman import Floats, MakeHuman
from explorer.build.pose import stand
from explorer.build.skin import Cut, build_skin, to_frame


@dataclass(frozen=True)
class Recipe:
    """How a body is mixed.

    Attributes
    ----------
    male : float
        1 male, 0 female, between them a mix.
    old : float
        Share of the ``old`` targets; the rest is ``young``.
    stature_mm : float
    """

    male: float
    old: float
    stature_mm: float


RECIPES = {
    "male": Recipe(1.0, 0.0, 1730.4),
    "female": Recipe(0.0, 0.0, 1589.8),
    "older": Recipe(0.5, 0.65, 1705.0),
}

#: control points of the spline, both sides together; on one side so many lie evenly over the skin, and so many on
#: each edge of a hole and on what closes it; the others lie where the spline would be furthest off
CONTROLS = 440
EVEN_PAIRS = 45
EDGE_CONTROLS = 8
LARGE_HOLE_MM = 60.0
#: control points that are added together lie at least so far apart, mm
APART_MM = 12.0
TOGETHER = 24
#: around the nipple, where the skin leads nothing that lies deep
BREAST_MM = 80.0
#: below the cut of the trunk there are only forearms and hands, which hold nothing that is carried
FOREARM_WEIGHT = 0.05


def whole_figure(body: MakeHuman, recipe: Recipe) -> Floats:
    """(19158, 3) all base vertices of one standing figure, mm, LPS."""
    shape = (1 - recipe.old) * body.adult(recipe.male, "young")
    if recipe.old:
        shape = shape + recipe.old * body.adult(recipe.male, "old")
    height = np.ptp(shape[np.unique(body.triangles("body")), 1])
    return to_frame(stand(body, shape), body, recipe.stature_mm / height)


def build_variant(
    name: str,
    recipe: Recipe,
    body: MakeHuman,
    cut: Cut,
    skin: Mesh,
    eye: Mesh,
    eye_of: sparse.csr_array,
    nipple: Floats,
) -> Variant:
    """Build one body.

    Parameters
    ----------
    name : str
    recipe : Recipe
    body : MakeHuman
    cut : Cut
        Planned on the default figure.
    skin, eye : Mesh
        Of the average body, as kept.
    eye_of : (e, 19158) sparse
        Eye vertices = eye_of @ base vertices.
    nipple : (3,) float
        The left one of the average body.

    Returns
    -------
    Variant
    """
    whole = whole_figure(body, recipe)
    own = build_skin(cut, whole)
    mirror = skin.values["mirror"].astype(np.int64)
    if not np.array_equal(own.mirror, mirror) or not np.array_equal(own.triangles, skin.faces):
        raise ValueError(f"{name}: the skin has other vertices or faces than the average one; build the skin first")
    first = first_of_pairs(mirror)
    steps = np.round((own.vertices - skin.vertices)[first] / STEP_MM).astype(np.int64)
    steps[mirror[first] == first, 0] = 0
    eye_steps = np.round((eye_of @ whole - eye.vertices) / STEP_MM).astype(np.int64)
    spline = fit(skin, STEP_MM * steps.astype(np.float64), eye.vertices, STEP_MM * eye_steps.astype(np.float64), nipple)
    return Variant(name, recipe.stature_mm, steps, eye_steps, spline)


def _solve(points: Floats, shifts: Floats) -> Spline:
    """The spline through shifts of points; what is kept of them is 32 bits wide."""
    points = points.astype(np.float32).astype(np.float64)
    count = len(points)
    matrix = np.zeros((count + 4, count + 4))
    matrix[:count, :count] = np.linalg.norm(points[:, None] - points, axis=2)
    matrix[:count, count] = 1.0
    matrix[:count, count + 1 :] = points
    matrix[count:, :count] = matrix[:count, count:].T
    weights = np.linalg.solve(matrix, np.vstack([shifts, np.zeros((4, 3))]))
    return Spline(points, weights.astype(np.float32).astype(np.float64))


def _both(points: Floats, shifts: Floats) -> tuple[Floats, Floats]:
    """Points and shifts of one side and the middle, with their mirror images."""
    pair = np.abs(points[:, 0]) > 1e-9
    turn = np.array([-1.0, 1.0, 1.0])
    return np.vstack([points, points[pair] * turn]), np.vstack([shifts, shifts[pair] * turn])


def _spread(points: Floats, taken: Floats, count: int) -> list[int]:
    """Choose points one by one, each as far as possible from those taken before."""
    nearest = np.min([np.linalg.norm(points - point, axis=1) for point in taken], axis=0)
    chosen: list[int] = []
    for _ in range(count):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen


def _lids(skin: Mesh, shift: Floats) -> tuple[Floats, Floats]:
    """Points on what closes the holes of the skin (lower edge, lids, lips), of the left side, and their shifts.

    A hole is closed by a fan: its middle is the mean of its edge, and points between move with both.
    """
    closed, faces = close_holes(skin.vertices, skin.faces)
    fans = faces[len(skin.faces) :]
    points, shifts = [], []
    for centre in np.unique(fans[:, 2]):
        if closed[centre, 0] < -1.0:
            continue
        edge = np.unique(fans[fans[:, 2] == centre, :2])
        middle, middle_shift = closed[centre].copy(), shift[edge].mean(axis=0)
        if middle[0] < 1.0:
            middle[0] = middle_shift[0] = 0.0
        own = edge[closed[edge, 0] >= 0]
        large = np.linalg.norm(skin.vertices[own] - middle, axis=1).max() > LARGE_HOLE_MM
        count = (2 if large else 1) * EDGE_CONTROLS
        own = own[_spread(skin.vertices[own], middle[None], min(count, len(own)))]
        points.append(middle[None])
        shifts.append(middle_shift[None])
        for share in (1.0, 0.7) if large else (1.0, 0.5):
            points.append(share * skin.vertices[own] + (1 - share) * middle)
            shifts.append(share * shift[own] + (1 - share) * middle_shift)
    return np.vstack(points), np.vstack(shifts)


def fit(skin: Mesh, half_shift: Floats, eye: Floats, eye_shift: Floats, nipple: Floats) -> Spline:
    """Fit the spline to the skin and the eye of a variant.

    Parameters
    ----------
    skin : Mesh
        Average skin.
    half_shift : (h, 3) float
        Shifts of its vertices of :func:`first_of_pairs`, mm.
    eye, eye_shift : (e, 3) float
        Left eye of the average body, and its shifts, mm.
    nipple : (3,) float
        The left one of the average body.
    """
    shift = unfold(half_shift, skin.values["mirror"].astype(np.int64))
    left = skin.vertices[:, 0] >= 0
    place, place_shift = skin.vertices[left], shift[left]
    poles = np.unique(np.concatenate([[eye[:, k].argmin(), eye[:, k].argmax()] for k in range(3)]))
    lids, lids_shift = _lids(skin, shift)
    fixed, fixed_shift = np.vstack([lids, eye[poles]]), np.vstack([lids_shift, eye_shift[poles]])
    # the breast lies on the chest, which does not follow its size
    breast = np.linalg.norm(place - nipple, axis=1) < BREAST_MM
    place, place_shift = place[~breast], place_shift[~breast]
    weight = np.where(place[:, 2] > lids[:, 2].min() - 5, 1.0, FOREARM_WEIGHT)
    chosen = _spread(place, fixed, EVEN_PAIRS)
    while True:
        points = np.vstack([fixed, place[chosen]])
        spline = _solve(*_both(points, np.vstack([fixed_shift, place_shift[chosen]])))
        free = CONTROLS - len(spline.points)
        if free <= 0:
            return spline
        off = weight * np.linalg.norm(place_shift - spline.shift(place), axis=1)
        added: list[int] = []
        for k in np.argsort(-off, kind="stable"):
            if len(added) >= min(TOGETHER, (free + 1) // 2):
                break
            if all(np.linalg.norm(place[k] - place[other]) > APART_MM for other in added):
                added.append(int(k))
        chosen += added
