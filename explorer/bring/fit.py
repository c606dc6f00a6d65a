"""Lay an atlas into our frame: landmarks on the bones, an affine map, and a smooth warp that keeps the inside inside.

The warp goes from coarse to fine. In each round points of every imported shape are drawn to the nearest points of
ours that face the same way, and the other way round; a smoothed biharmonic spline makes one smooth movement of all of
them. Ours are built from measured figures, so they stand for where a shape lies in this body. Points that come too
near to the skin are pushed under it in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.variant import Spline
from explorer.bring.mend import spread

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: a shape of ours and a side
Key = tuple[str, str]
Shapes = Mapping[Key, tuple[Floats, Ints]]

#: rounds of the warp: stiffness in mm (how far a point must be drawn before the spline follows), farthest pull in mm,
#: most points that are drawn
ROUNDS = (
    (400.0, 40.0, 500),
    (150.0, 30.0, 700),
    (60.0, 20.0, 1000),
    (30.0, 15.0, 1400),
    (12.0, 12.0, 1800),
    (8.0, 10.0, 2000),
)
#: points of a shape that are drawn in a round: fewest, most, and one for so many mm2
POINTS = (8, 60, 250.0)
#: points asked for on each surface
_SPREAD, _OWN = 1500, 400
#: bone landmarks are the outermost places of a bone in these directions (LPS)
DIRECTIONS = {
    "leftmost": (1, 0, 0), "rightmost": (-1, 0, 0), "hindmost": (0, 1, 0), "foremost": (0, -1, 0),
    "highest": (0, 0, 1), "lowest": (0, 0, -1),
}  # fmt: skip
#: from the third round on pairs farther apart than so many times the middle distance of their shape, and than so many
#: mm, are not drawn; nor is a shape whose middle distance is more than this, mm: it has another form than ours
TRIM_TIMES, TRIM_MM, OTHER_FORM_MM = 2.5, 2.5, 5.0
#: shapes of which ours are known to be drawn otherwise than in any atlas, and which draw nothing: the mouth is closed
#: in ours
LED = ("orbicularis_oris",)
#: muscles must lie so deep under the skin at least, mm
LEAST_DEPTH_MM = 0.8


@dataclass(frozen=True)
class Landmark:
    """A place that was found on a bone of both atlases.

    Attributes
    ----------
    bone, side, name : str
    theirs, ours : (3,) float
        mm, LPS.
    """

    bone: str
    side: str
    name: str
    theirs: Floats
    ours: Floats


def _outermost(points: Floats, direction: tuple[int, int, int]) -> Floats:
    """The mean of the few points that lie farthest in a direction."""
    height = points @ np.array(direction, dtype=np.float64)
    return np.asarray(points[np.argsort(height)[-8:]].mean(axis=0))


def landmarks(theirs: Shapes, ours: Shapes, bones: frozenset[str], bottom: float) -> list[Landmark]:
    """Find the same places on the bones of both.

    Parameters
    ----------
    theirs, ours : mapping of (shape, side) to (vertices, faces)
        mm; theirs roughly in our frame already.
    bones : frozenset of str
        Ids of bones.
    bottom : float
        Height of the lower edge of our body, mm; lowest places near it are a cut and no landmark.
    """
    out = []
    for key in theirs:
        if key not in ours or key[0] not in bones:
            continue
        mine, other = (spread(*shapes[key], 3000)[0] for shapes in (ours, theirs))
        for name, direction in DIRECTIONS.items():
            place = _outermost(mine, direction)
            if name == "lowest" and place[2] < bottom + 15 and abs(place[0]) < 170:
                continue
            out.append(Landmark(*key, name, _outermost(other, direction), place))
    return out


def affine_of(theirs: Floats, ours: Floats, weights: Floats) -> Floats:
    """(4, 3) the affine map between places that fits best: ``[x, 1] @ map``; the worst sixth is left out."""
    design = np.c_[theirs, np.ones(len(theirs))]
    kept = np.ones(len(theirs), bool)
    for _ in range(4):
        root = np.sqrt(weights[kept])[:, None]
        # a little stiffness keeps the map near a plain enlargement where places lie in one plane
        out = _ridge(design[kept] * root, ours[kept] * root, theirs, ours)
        error = np.linalg.norm(design @ out - ours, axis=1)
        kept = error <= np.quantile(error, 5 / 6)
    return out


def _ridge(design: Floats, target: Floats, theirs: Floats, ours: Floats) -> Floats:
    middle_theirs, middle_ours = theirs.mean(axis=0), ours.mean(axis=0)
    size = np.sqrt(((ours - middle_ours) ** 2).sum() / max(((theirs - middle_theirs) ** 2).sum(), 1e-9))
    start = np.vstack([size * np.eye(3), middle_ours - size * middle_theirs])
    strength = 0.02 * np.diag([*((theirs - middle_theirs) ** 2).sum(axis=0).mean() * np.ones(3), 1e-9])
    return start + np.linalg.solve(design.T @ design + strength, design.T @ (target - design @ start))


@dataclass
class Warp:
    """A map into our frame.

    Attributes
    ----------
    affine : (4, 3) float
    splines : list of Spline
        Applied one after another to what the affine map gives.
    """

    affine: Floats
    splines: list[Spline] = field(default_factory=list)

    def carry(self, points: Floats) -> Floats:
        """(n, 3) where points lie in our frame, mm, LPS."""
        out = points @ self.affine[:3] + self.affine[3]
        for spline in self.splines:
            out = out + spline.shift(out)
        return out


def spline_through(points: Floats, shifts: Floats, stiffness: Floats) -> Spline:
    """A biharmonic spline that smooths shifts of points.

    Parameters
    ----------
    points, shifts : (k, 3) float
        mm.
    stiffness : (k,) float
        mm; 0 goes through the point.
    """
    count = len(points)
    matrix = np.zeros((count + 4, count + 4))
    matrix[:count, :count] = cdist(points, points) - np.diag(stiffness)
    matrix[:count, count] = matrix[count, :count] = 1.0
    matrix[:count, count + 1 :] = points
    matrix[count + 1 :, :count] = points.T
    target = np.zeros((count + 4, 3))
    target[:count] = shifts
    return Spline(points, np.asarray(np.linalg.solve(matrix, target), dtype=np.float64))


class _Target:
    """A shape of ours, ready to be asked for nearest points."""

    def __init__(self, vertices: Floats, faces: Ints) -> None:
        self.points, self.normals = spread(vertices, faces, _SPREAD, seed=1)
        self.tree = cKDTree(self.points)


def _nearest(
    tree: cKDTree, points: Floats, normals: Floats, of_points: Floats, of_normals: Floats
) -> tuple[Ints, NDArray[np.bool_]]:
    """The nearest of some points that faces the same way, for each; and whether there is one."""
    _, near = tree.query(of_points, k=min(12, len(points)))
    alike = np.einsum("pkc,pc->pk", normals[near], of_normals) > 0.3
    first = alike.argmax(axis=1)
    return near[np.arange(len(near)), first], alike.any(axis=1)


def fit(
    theirs: Shapes,
    ours: Shapes,
    bones: frozenset[str],
    skin: Enclosure,
    bottom: float,
    progress: Callable[[int, int], None],
) -> tuple[Warp, list[Landmark]]:
    """Find the map that lays an atlas into our frame.

    Parameters
    ----------
    theirs, ours : mapping of (shape, side) to (vertices, faces)
        mm; theirs with its axes turned into ours (LPS).
    bones : frozenset of str
    skin : Enclosure
        Our closed outer skin.
    bottom : float
        Height of the lower edge of our body, mm.
    progress : callable
        Gets the number of rounds done and of all.
    """
    keys = [key for key in theirs if key in ours]
    centres = [np.array([spread(*shapes[key], 400)[0].mean(axis=0) for key in keys]) for shapes in (theirs, ours)]
    affine = affine_of(centres[0], centres[1], np.ones(len(keys)))
    for _ in range(2):
        moved = {key: (v @ affine[:3] + affine[3], f) for key, (v, f) in theirs.items()}
        found = landmarks(moved, ours, bones, bottom)
        if len(found) < 12:
            found = []
            break
        back = np.linalg.inv(affine[:3])
        places = np.array([(mark.theirs - affine[3]) @ back for mark in found])
        targets = np.array([mark.ours for mark in found])
        # muscles help a little: their middles say where no bone is
        affine = affine_of(
            np.vstack([places, centres[0]]),
            np.vstack([targets, centres[1]]),
            np.r_[np.ones(len(places)), np.full(len(keys), 0.3)],
        )
    warp = Warp(affine)
    targets_of = {key: _Target(*ours[key]) for key in keys}
    own = {}
    for key in keys:
        vertices, faces = theirs[key]
        points, normals = spread(vertices, faces, _OWN, seed=2)
        own[key] = (points @ affine[:3] + affine[3], normals @ np.linalg.inv(affine[:3]).T)
    chance = np.random.default_rng(5)
    for k, (stiffness, farthest, most) in enumerate(ROUNDS):
        progress(k, len(ROUNDS))
        spline = _round(own, targets_of, bones, skin, bottom, (stiffness, farthest, most), (k >= 2, k >= 3), chance)
        warp.splines.append(spline)
        own = {key: _moved(spline, *pair) for key, pair in own.items()}
    progress(len(ROUNDS), len(ROUNDS))
    return warp, found


def _moved(spline: Spline, points: Floats, normals: Floats) -> tuple[Floats, Floats]:
    """Points and their normals after a spline; normals by the tangents next to them."""
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
    first = np.cross(normals, helper)
    first /= np.maximum(np.linalg.norm(first, axis=1), 1e-12)[:, None]
    second = np.cross(normals, first)
    both = np.vstack([points, points + 0.5 * first, points + 0.5 * second])
    both = both + spline.shift(both)
    count = len(points)
    turned = np.cross(both[count : 2 * count] - both[:count], both[2 * count :] - both[:count])
    turned *= np.sign(np.einsum("ij,ij->i", np.cross(first, second), normals))[:, None]
    return both[:count], turned / np.maximum(np.linalg.norm(turned, axis=1), 1e-12)[:, None]


def _round(
    own: dict[Key, tuple[Floats, Floats]],
    targets: dict[Key, _Target],
    bones: frozenset[str],
    skin: Enclosure,
    bottom: float,
    how: tuple[float, float, int],
    then: tuple[bool, bool],
    chance: np.random.Generator,
) -> Spline:
    (stiffness, farthest, most), (trimming, pushing) = how, then
    starts, ends, stiff = [], [], []
    share = max(1.0, sum(_wanted(points) for points, _ in own.values()) * 2 / most)
    for key, (points, normals) in own.items():
        if key[0] in LED:
            continue
        normals = normals / np.maximum(np.linalg.norm(normals, axis=1), 1e-12)[:, None]
        target = targets[key]
        many = max(4, int(_wanted(points) / share))
        picked = chance.choice(len(points), many, replace=False)
        near, found = _nearest(target.tree, target.points, target.normals, points[picked], normals[picked])
        a, b = [points[picked][found]], [target.points[near[found]]]
        picked = chance.choice(len(target.points), many, replace=False)
        near, found = _nearest(cKDTree(points), points, normals, target.points[picked], target.normals[picked])
        a.append(points[near[found]])
        b.append(target.points[picked][found])
        start, end = np.vstack(a), np.vstack(b)
        # what goes on below our body is cut off there, and pulls at nothing
        free = (start[:, 2] > bottom + 4) | (np.abs(start[:, 0]) > 170)
        start, end = start[free], end[free]
        pull = np.linalg.norm(end - start, axis=1)
        if trimming and len(pull):
            # places that ours lacks (inner walls, an open mouth) go along with what lies beside them
            held = pull <= max(TRIM_TIMES * float(np.median(pull)), TRIM_MM)
            start, end, pull = start[held], end[held], pull[held]
        if trimming and len(pull) and float(np.median(pull)) > OTHER_FORM_MM:
            continue
        end = start + (end - start) * np.minimum(1.0, farthest / np.maximum(pull, 1e-9))[:, None]
        starts.append(start)
        ends.append(end)
        stiff.append(np.full(len(start), stiffness * (0.5 if key[0] in bones else 1.0)))
    if pushing:
        for start, end in _pushed(own, skin, chance):
            starts.append(start)
            ends.append(end)
            stiff.append(np.full(len(start), 0.3 * stiffness))
    start, end, rigid = np.vstack(starts), np.vstack(ends), np.concatenate(stiff)
    start, first = np.unique(np.round(start, 3), axis=0, return_index=True)
    return spline_through(start, end[first] - start, rigid[first])


def _wanted(points: Floats) -> float:
    """How many points of a shape are drawn: by the size of the box around it."""
    size = np.ptp(points, axis=0)
    fewest, most, each = POINTS
    return float(np.clip((size[0] * size[1] + size[1] * size[2] + size[2] * size[0]) / each, fewest, most))


def _pushed(
    own: dict[Key, tuple[Floats, Floats]], skin: Enclosure, chance: np.random.Generator
) -> list[tuple[Floats, Floats]]:
    """Points that lie outside the skin or too near to it, and where they belong."""
    every = np.vstack([points for points, _ in own.values()])
    depth = skin.depth(every)
    out = every[depth < LEAST_DEPTH_MM]
    if not len(out):
        return []
    chosen = out if len(out) <= 300 else out[chance.choice(len(out), 300, replace=False)]
    depth, inward = skin.depth_and_inward(chosen)
    away = np.clip(LEAST_DEPTH_MM + 0.6 - depth, 0.0, 12.0)[:, None]
    return [(chosen, chosen + away * inward)]
