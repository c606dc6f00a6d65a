"""Move muscles out of each other, out of bones and back under the skin.

Measured shapes overlap a little where slips interlace, and those drawn or estimated do so more. Each round
moves the vertices that lie in a neighbour along the shortest way out, the measured ones least, and carries
the vertices around them along, so that surfaces stay smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from explorer.anatomy.enclosure import Enclosure
from explorer.anatomy.meshio import Mesh
from explorer.anatomy.sheet import Body, Floats, Ints
from explorer.anatomy.solid import Solid, apart

#: shapes that rest in each other by less than this are left, the others are moved until half of it is left, mm
REST_MM = 0.3
#: how far a surface that was pushed is smoothed again in each round, and how many last rounds go without
SMOOTHING, LAST_ROUNDS = 0.04, 10
#: a vertex that still lies so deep in a neighbour is stuck, mm
STUCK_MM = 0.6
#: so many vertices around one are tried
MOST_NEIGHBOURS = 8
#: what lies on one side keeps this far from the midline, mm
OFF_MIDLINE_MM = 0.05
#: how often at most a better place is looked for
SETTLINGS = 3
#: no vertex moves further in one round, mm
STEP_MM = 1.5
#: no muscle comes nearer to the skin than this, mm
SKIN_CLEARANCE_MM = 0.8
#: every so many rounds all pairs of shapes are looked at, in between those that met
LOOK_AGAIN = 6
#: how readily a muscle moves, beside another
GIVES_WAY = {"measured": 0.25, "estimated": 1.0, "drawn": 2.0}
#: share of a muscle's way out of a bone that the bone yields, where the bone is less well known than the muscle
BONE_YIELDS = {"skull": 0.5, "mandible": 0.4, "scapula": 0.4, "humerus": 0.2, "clavicle": 0.2, "sternum": 0.4}


@dataclass
class _Moving:
    """A shape while it moves."""

    start: Floats
    vertices: Floats
    faces: Ints
    partner: Ints | None
    gives: float
    average: sparse.csr_matrix

    def solid(self) -> Solid:
        return Solid(self.vertices, self.faces)


def _averaging(count: int, faces: Ints) -> sparse.csr_matrix:
    """Matrix that replaces each vertex's value by the mean of itself and its neighbours."""
    a, b = faces[:, [0, 1, 2]].ravel(), faces[:, [1, 2, 0]].ravel()
    rows, columns = np.r_[a, b, np.arange(count)], np.r_[b, a, np.arange(count)]
    matrix = sparse.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(count, count)).tocsr()
    matrix.data[:] = 1.0
    return sparse.diags(1.0 / np.asarray(matrix.sum(axis=1)).ravel()) @ matrix


def separate(
    bodies: Mapping[str, Body],
    status: Mapping[str, str],
    bones: Mapping[str, Mesh],
    skin: Enclosure,
    progress: Callable[[int, int], None],
    rounds: int = 30,
) -> tuple[dict[str, Body], dict[str, Mesh]]:
    """Move shapes apart.

    Parameters
    ----------
    bodies : mapping of shape id to Body
        Muscles of the left side.
    status : mapping of shape id to str
        ``measured``, ``estimated`` or ``drawn``.
    bones : mapping of bone id to Mesh
        Left side and midline.
    skin : Enclosure
    progress : callable
        Gets the number of rounds done and of all.
    rounds : int

    Returns
    -------
    bodies, bones : dict
        The same shapes, moved.
    """
    muscles = {
        name: _Moving(
            body.vertices,
            body.vertices.copy(),
            body.faces,
            body.partner,
            GIVES_WAY[status[name]],
            _averaging(len(body.vertices), body.faces),
        )
        for name, body in bodies.items()
    }
    hard = {
        name: _Moving(
            bone.vertices,
            bone.vertices.copy(),
            bone.faces,
            None,
            BONE_YIELDS.get(name, 0.0),
            _averaging(len(bone.vertices), bone.faces),
        )
        for name, bone in bones.items()
    }
    settled = 0
    meetings: set[tuple[str, str]] | None = None
    for k in range(rounds):
        progress(k, rounds)
        # shapes that did not meet are looked at again now and then only
        last = k >= rounds - LAST_ROUNDS
        met = _one_round(muscles, hard, skin, None if k % LOOK_AGAIN == 0 else meetings, softly=not last)
        if not last:
            for shape in (*muscles.values(), *hard.values()):
                _smooth(shape)
        meetings = met if k % LOOK_AGAIN == 0 or meetings is None else meetings & met
        if not met and k % LOOK_AGAIN == 0:
            break
    for name, shape in muscles.items():
        if bodies[name].vertices[:, 0].min() >= 0:
            shape.vertices[:, 0] = np.maximum(shape.vertices[:, 0], OFF_MIDLINE_MM)
    while _settle(muscles, hard) and settled < SETTLINGS:
        settled += 1
    progress(rounds, rounds)
    return (
        {name: replace(body, vertices=muscles[name].vertices) for name, body in bodies.items()},
        {name: replace(bone, vertices=hard[name].vertices) for name, bone in bones.items()},
    )


def _one_round(
    muscles: dict[str, _Moving],
    bones: dict[str, _Moving],
    skin: Enclosure,
    pairs: set[tuple[str, str]] | None,
    softly: bool,
) -> set[tuple[str, str]]:
    """Move every shape once, looking at all pairs or at some; return the pairs in touch.

    Softly, the surroundings of a vertex are carried along; otherwise each vertex moves by itself.
    """
    solids = {name: muscle.solid() for name, muscle in muscles.items()}
    hard = {name: bone.solid() for name, bone in bones.items()}
    steps = {}
    met = set()
    pressed = {name: np.zeros_like(bone.vertices) for name, bone in bones.items()}
    for name in muscles:
        own, solid = muscles[name], solids[name]
        step, deepest = np.zeros_like(own.vertices), np.zeros(len(own.vertices))
        for other, other_solid in solids.items():
            if other == name or not _to_look_at(pairs, name, other) or apart(solid, other_solid):
                continue
            depth, way, _ = other_solid.way_out(own.vertices)
            too_far = depth > REST_MM
            if too_far.any():
                met.add((name, other))
                share = own.gives / (own.gives + muscles[other].gives)
                _keep_larger(step, deepest, share * _beyond_rest(way, depth), too_far)
        for bone, bone_solid in hard.items():
            if not _to_look_at(pairs, name, bone) or apart(solid, bone_solid):
                continue
            depth, way, face = bone_solid.way_out(own.vertices)
            too_far = depth > REST_MM
            yields = bones[bone].gives if softly else 0.0  # at last the muscles go all the way
            if yields:
                _press_in(pressed[bone], bones[bone], solid)
            if too_far.any():
                met.add((name, bone))
                _keep_larger(step, deepest, (1 - yields) * _beyond_rest(way, depth), too_far)
                if yields:
                    _press(pressed[bone], bones[bone], yields * _beyond_rest(way, depth)[too_far], face[too_far])
        steps[name] = _agree(step, own)
    for name, step in steps.items():
        own = muscles[name]
        if step.any():
            step = _spread(step, own) if softly else step
            own.vertices = own.vertices + step
            _under_skin(own, skin, np.linalg.norm(step, axis=1) > 0)
    for name, step in pressed.items():
        if step.any():
            bones[name].vertices = bones[name].vertices + _spread(step, bones[name])
    return met


def _settle(muscles: dict[str, _Moving], bones: dict[str, _Moving]) -> bool:
    """Find a better place for the few vertices that are squeezed between neighbours and went to and fro.

    A place is looked for towards the other face of the muscle, where it becomes thinner, and among the vertices
    around. Returns whether there were any.
    """
    solids = {name: shape.solid() for name, shape in (muscles | bones).items()}

    def deepest(points: Floats, name: str) -> Floats:
        out = np.zeros(len(points))
        for other, solid in solids.items():
            if (
                other != name
                and not (solid.low > points.max(axis=0)).any()
                and not (solid.high < points.min(axis=0)).any()
            ):
                out = np.maximum(out, solid.way_out(points)[0])
        return out

    found = False
    for name, own in muscles.items():
        stuck = np.flatnonzero(deepest(own.vertices, name) > STUCK_MM)
        if not len(stuck) or own.partner is None:
            continue
        here, across = own.vertices[stuck], own.vertices[own.partner[stuck]]
        around = (own.average @ own.vertices)[stuck]
        places = [here, *(here + share * (across - here) for share in (0.3, 0.6, 0.9)), around, 0.5 * (around + across)]
        for k in range(MOST_NEIGHBOURS):  # nearly as far as one of the vertices around
            beside = np.array([own.average[v].indices[k % own.average[v].nnz] for v in stuck])
            places.append(here + 0.85 * (own.vertices[beside] - here))
        depths = np.array([deepest(place, name) for place in places])
        best = depths.argmin(axis=0)
        own.vertices[stuck] = np.array(places)[best, np.arange(len(stuck))]
        solids[name] = own.solid()
        found = True
    return found


def _to_look_at(pairs: set[tuple[str, str]] | None, name: str, other: str) -> bool:
    return pairs is None or (name, other) in pairs or (other, name) in pairs


def _beyond_rest(way: Floats, depth: Floats) -> Floats:
    return way * (np.clip(depth - 0.5 * REST_MM, 0, None) / np.maximum(depth, 1e-9))[:, None]


def _keep_larger(step: Floats, deepest: Floats, proposed: Floats, where: NDArray[np.bool_]) -> None:
    """Let each vertex follow the longest of the steps proposed to it."""
    length = np.linalg.norm(proposed, axis=1)
    better = where & (length > deepest)
    step[better] = proposed[better]
    deepest[better] = length[better]


def _agree(step: Floats, own: _Moving) -> Floats:
    """Let both faces of a sheet leave a body by the same side: the nearer one."""
    if own.partner is None:
        return step
    length = np.linalg.norm(step, axis=1)
    length *= np.minimum(1.0, STEP_MM / np.maximum(length, 1e-9)) / np.maximum(length, 1e-9)
    step = step * length[:, None]
    other = step[own.partner]
    against = (np.einsum("ij,ij->i", step, other) < 0) & (np.linalg.norm(step, axis=1) > np.linalg.norm(other, axis=1))
    step[against] = other[against]
    return step


def _spread(step: Floats, own: _Moving, rounds: int = 3) -> Floats:
    """Carry the surroundings along with the vertices that move."""
    moved = np.linalg.norm(step, axis=1) > 0
    soft = step.copy()
    for _ in range(rounds):
        soft = own.average @ soft
        soft[moved] = 0.3 * soft[moved] + 0.7 * step[moved]
    return soft


def _press(pressed: Floats, bone: _Moving, steps: Floats, faces: Ints) -> None:
    """Press the faces of a bone in, against the way out of it."""
    for step, face in zip(steps, faces, strict=True):
        for vertex in bone.faces[face]:
            if step @ step > pressed[vertex] @ pressed[vertex]:
                pressed[vertex] = -step


def _press_in(pressed: Floats, bone: _Moving, muscle: Solid) -> None:
    """Press in the vertices of a bone that lie in a muscle."""
    depth, way, _ = muscle.way_out(bone.vertices)
    longer = depth > np.maximum(np.linalg.norm(pressed, axis=1), REST_MM)
    pressed[longer] = bone.gives * way[longer]


def _smooth(shape: _Moving) -> None:
    """Smooth how far a surface was moved, so that it is dented softly."""
    moved = shape.vertices - shape.start
    if moved.any():
        shape.vertices = shape.start + (1 - SMOOTHING) * moved + SMOOTHING * (shape.average @ moved)


def _under_skin(own: _Moving, skin: Enclosure, moved: NDArray[np.bool_]) -> None:
    """Press in what has come too near to the skin."""
    index = np.flatnonzero(moved)
    depth = skin.depth(own.vertices[index])
    near = depth < SKIN_CLEARANCE_MM
    if near.any():
        index, lack = index[near], SKIN_CLEARANCE_MM - depth[near]
        own.vertices[index] += lack[:, None] * skin.depth_and_inward(own.vertices[index])[1]
