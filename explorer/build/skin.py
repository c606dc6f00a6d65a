"""Build the skin: a standing adult, in millimetres, cut off below the ribs, opened at eyes and mouth.

The topology that comes out is frozen: every painted weight is stored against its vertices
(:data:`VERTEX_COUNT`, :data:`TOPOLOGY_SHA256`). Other bodies (male, female, older) run through the same
cut and the same subdivision, so that all of them share vertex ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyvista as pv
import vtk
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import cKDTree

from explorer.anatomy.subdivide import Polygons, catmull_clark, connectivity, triangulate
from explorer.build.makehuman import Floats, Ints, MakeHuman
from explorer.build.pose import stand

STATURE_MM = 1720.0
TRAGUS = 12213
#: the trunk is cut this share of the stature below the top of the head
CROP_SHARE = 0.372
ARM_BONES = ("upperarm", "lowerarm", "wrist", "finger", "metacarpal")
#: edges longer than this are split, three times over: (face and ears, rest of the head and neck, elsewhere)
LONGEST_EDGE_MM = (3.4, 7.5, 12.0)
SUBDIVISIONS = 3
#: a hidden region smaller than this many polygons is a fold of the ear or the nose and stays
SMALLEST_CAVITY = 40

VERTEX_COUNT = 38797
TOPOLOGY_SHA256 = "ded61e144a1267a5872c5fea5b450e8ca993dc69c4c7d9faeadd3785d1fadaa1"


@dataclass(frozen=True)
class Skin:
    """The skin as built.

    Attributes
    ----------
    vertices : (n, 3) float
        mm, LPS.
    triangles : (m, 3) int
        Wound outward.
    mirror : (n,) int
        For each vertex its mirror image in the plane x = 0.
    base_vertex : (n,) int
        Id in the MakeHuman mesh, -1 for vertices that the cut or the subdivision made.
    """

    vertices: Floats
    triangles: Ints
    mirror: Ints
    base_vertex: Ints


@dataclass(frozen=True)
class Cut:
    """How the whole posed figure becomes the skin, whatever its shape.

    Attributes
    ----------
    matrix : (n, 19158) sparse
        Skin vertices = matrix @ posed base vertices.
    triangles : (m, 3) int
    base_vertex : (n,) int
    """

    matrix: sparse.csr_array
    triangles: Ints
    base_vertex: Ints


def to_frame(posed: Floats, body: MakeHuman, scale: float) -> Floats:
    """Turn posed vertices from MakeHuman's frame (dm, x left, y up, z forward) into ours (mm, LPS).

    The origin is the midpoint between the two tragi.
    """
    lps = np.c_[posed[:, 0], -posed[:, 2], posed[:, 1]] * scale
    lps = 0.5 * (lps + lps[body.mirror] * [-1.0, 1.0, 1.0])
    return lps - 0.5 * (lps[TRAGUS] + lps[body.mirror[TRAGUS]])


def figure(body: MakeHuman, male: float = 0.5, age: str = "young") -> Floats:
    """(19158, 3) all base vertices of one standing adult of :data:`STATURE_MM`, mm, LPS."""
    shape = body.adult(male, age)
    height = np.ptp(shape[np.unique(body.triangles("body")), 1])
    return to_frame(stand(body, shape), body, STATURE_MM / height)


def _arm_share(body: MakeHuman) -> Floats:
    """(19158,) how much of each vertex follows the arm below the shoulder, 0..1."""
    share = np.zeros(len(body.vertices))
    for bone, (ids, weights) in body.bone_weights.items():
        if bone.startswith(ARM_BONES):
            np.add.at(share, ids, weights)
    return share


def _hidden(vertices: Floats, triangles: Ints, candidates: Ints, directions: int = 96) -> NDArray[np.bool_]:
    """(len(candidates),) True where no straight line leads from the triangle out into the open."""
    surface = pv.PolyData.from_regular_faces(vertices, triangles)
    locator = vtk.vtkStaticCellLocator()
    locator.SetDataSet(surface)
    locator.BuildLocator()
    step = np.arange(directions) + 0.5
    height = 1.0 - 2.0 * step / directions
    turn = np.pi * (1.0 + 5.0**0.5) * step
    rays = np.c_[np.cos(turn) * np.sqrt(1 - height**2), np.sin(turn) * np.sqrt(1 - height**2), height]
    where, hit, parametric, sub = vtk.mutable(0.0), [0.0] * 3, [0.0] * 3, vtk.mutable(0)
    out = np.ones(len(candidates), bool)
    for k, triangle in enumerate(candidates):
        a, b, c = vertices[triangles[triangle]]
        normal = np.cross(b - a, c - a)
        normal /= np.linalg.norm(normal)
        start = (a + b + c) / 3 + 0.05 * normal
        for ray in rays[rays @ normal > 0.15]:
            if not locator.IntersectWithLine(start, start + 600.0 * ray, 1e-6, where, hit, parametric, sub):
                out[k] = False
                break
    return out


def _without_cavities(vertices: Floats, polygons: Polygons, body: MakeHuman) -> Polygons:
    """Drop the inside of the mouth and the sockets behind the lids, the same on both sides."""
    centre = np.array([vertices[polygon].mean(axis=0) for polygon in polygons])
    face_box = np.flatnonzero((centre[:, 1] < 10) & (np.abs(centre[:, 2] + 22) < 70) & (np.abs(centre[:, 0]) < 62))
    halves = body.triangles("body")
    candidates = np.c_[2 * face_box, 2 * face_box + 1].ravel()
    hidden = np.zeros(len(polygons), bool)
    hidden[face_box] = _hidden(vertices, halves, candidates).reshape(-1, 2).all(axis=1)
    for side in "lr":
        eye = vertices[np.unique(body.triangles(f"helper-{side}-eye"))]
        middle = 0.5 * (eye.max(axis=0) + eye.min(axis=0))
        radius = 0.5 * np.ptp(eye[:, 2])
        hidden |= np.linalg.norm(centre - middle, axis=1) < radius + 0.4
    key = {frozenset(polygon): k for k, polygon in enumerate(polygons)}
    twin = np.array([key[frozenset(body.mirror[polygon].tolist())] for polygon in polygons])
    hidden |= hidden[twin]

    drop = _in_large_pieces(polygons, hidden)
    for pinched in _pinches(polygons, drop):  # where two borders would touch, the polygons between them stay
        drop[pinched] = False
    drop = _in_large_pieces(polygons, drop)
    return [polygon for polygon, gone in zip(polygons, drop, strict=True) if not gone]


def _in_large_pieces(polygons: Polygons, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(len(polygons),) the chosen polygons that hang together with many others."""
    edge_owner: dict[tuple[int, int], int] = {}
    pairs = []
    for k in np.flatnonzero(chosen):
        ring = polygons[k]
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            other = edge_owner.setdefault((min(a, b), max(a, b)), int(k))
            if other != k:
                pairs.append((other, int(k)))
    links = np.array(pairs)
    graph = sparse.coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(len(polygons),) * 2)
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    size = np.bincount(label[chosen], minlength=label.max() + 1)
    return chosen & (size[label] >= SMALLEST_CAVITY)


def _pinches(polygons: Polygons, drop: NDArray[np.bool_]) -> Iterator[Ints]:
    """Yield the dropped polygons at vertices where the border of what is kept meets itself, until there are none."""
    while True:
        kept = [polygon for polygon, gone in zip(polygons, drop, strict=True) if not gone]
        mesh = connectivity(kept)
        at_border = np.bincount(mesh.edges[mesh.faces_of_edge == 1].ravel())
        pinched = set(np.flatnonzero(at_border > 2).tolist())
        found = [k for k in np.flatnonzero(drop) if pinched.intersection(polygons[k])]
        if not found:
            return
        yield np.array(found)


def plan_cut(body: MakeHuman, whole: Floats) -> Cut:
    """Plan the skin on the default figure: crop, openings, adaptive Catmull-Clark steps.

    Parameters
    ----------
    body : MakeHuman
    whole : (19158, 3) float
        The default figure, mm, LPS.
    """
    quads: Polygons = [
        [int(a), int(b), int(c), int(d)] for (a, b, c), (_, _, d) in body.triangles("body").reshape(-1, 2, 3)
    ]
    quads = _without_cavities(whole, quads, body)
    arm = _arm_share(body)
    top = max(whole[polygon, 2].max() for polygon in quads)
    level = top - CROP_SHARE * STATURE_MM
    height = whole[:, 2] - level

    new_rows: list[tuple[int, int, float]] = []
    on_edge: dict[tuple[int, int], int] = {}

    def crossing(a: int, b: int) -> int:
        a, b = min(a, b), max(a, b)
        if (a, b) not in on_edge:
            on_edge[a, b] = len(whole) + len(new_rows)
            new_rows.append((a, b, float(height[a] / (height[a] - height[b]))))
        return on_edge[a, b]

    kept: Polygons = []
    for ring in quads:
        if (arm[ring] > 0.5).all():
            kept.append(ring)
            continue
        clipped = []
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            if height[a] >= 0:
                clipped.append(a)
            if (height[a] >= 0) != (height[b] >= 0):
                clipped.append(crossing(a, b))
        if len(clipped) >= 3:
            kept.append(clipped)
    kept = _largest_piece(kept)

    used = np.unique(np.concatenate([np.asarray(ring) for ring in kept]))
    rows, columns, values = list(range(len(whole))), list(range(len(whole))), [1.0] * len(whole)
    for k, (a, b, t) in enumerate(new_rows):
        rows += [len(whole) + k] * 2
        columns += [a, b]
        values += [1.0 - t, t]
    extend = sparse.csr_array((values, (rows, columns)), shape=(len(whole) + len(new_rows), len(whole)))
    number = {int(vertex): k for k, vertex in enumerate(used)}
    compact = [[number[vertex] for vertex in ring] for ring in kept]
    matrix = sparse.csr_array(extend[used])
    for _ in range(SUBDIVISIONS):
        vertices = matrix @ whole
        mesh = connectivity(compact)
        step, compact = catmull_clark(compact, len(vertices), mesh, _too_long(vertices, mesh.edges))
        matrix = sparse.csr_array(step @ matrix)
    base_vertex = np.full(matrix.shape[0], -1)
    base_vertex[: len(used)] = np.where(used < len(whole), used, -1)
    return Cut(matrix, triangulate(compact, matrix @ whole), base_vertex)


def _too_long(vertices: Floats, edges: Ints) -> NDArray[np.bool_]:
    """(e,) edges to split: paint needs an even grid, and faces and ears a fine one.

    MakeHuman puts a third of its polygons into the hands and hardly any on the scalp; this evens it out.
    """
    middle = vertices[edges].mean(axis=1)
    length = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    head = middle[:, 2] > -175
    front = (middle[:, 1] < -45) & (middle[:, 2] > -95) & (middle[:, 2] < 62)
    ear = (np.abs(middle[:, 0]) > 62) & (np.abs(middle[:, 1]) < 40) & (np.abs(middle[:, 2]) < 45)
    face, neck, elsewhere = LONGEST_EDGE_MM
    return length > np.where(head & (front | ear), face, np.where(head, neck, elsewhere))


def _largest_piece(polygons: Polygons) -> Polygons:
    """Drop what the cut left hanging: everything not joined to the piece with the most polygons."""
    vertex = np.concatenate([np.asarray(ring) for ring in polygons])
    face = np.repeat(np.arange(len(polygons)), [len(ring) for ring in polygons])
    graph = sparse.coo_array(
        (np.ones(len(vertex)), (face, len(polygons) + vertex)), shape=(len(polygons) + vertex.max() + 1,) * 2
    )
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    piece = label[: len(polygons)]
    keep = np.bincount(piece).argmax()
    return [ring for ring, own in zip(polygons, piece, strict=True) if own == keep]


def build_skin(cut: Cut, whole: Floats) -> Skin:
    """Send one figure through the cut.

    Parameters
    ----------
    cut : Cut
        Planned on the default figure.
    whole : (19158, 3) float
        All base vertices of any figure, mm, LPS.
    """
    vertices = cut.matrix @ whole
    flipped = vertices * [-1.0, 1.0, 1.0]
    distance, mirror = cKDTree(vertices).query(flipped)
    if distance.max() > 0.01:
        raise ValueError(f"the skin is not symmetric: a vertex lies {distance.max():.3f} mm from its mirror image")
    vertices = 0.5 * (vertices + flipped[mirror])
    return Skin(vertices, cut.triangles, mirror, cut.base_vertex)


def topology_sha256(triangles: Ints) -> str:
    """Hash of a triangle list, the name under which weights belong to a skin."""
    return hashlib.sha256(np.ascontiguousarray(triangles, dtype="<u4").tobytes()).hexdigest()
