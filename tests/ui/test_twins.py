"""The two halves say the same: scene, paint and picking in the browser against Python."""

from __future__ import annotations

import random

import numpy as np
import pytest
import trimesh

from explorer import load_atlas
from explorer.catalogue import catalogue
from explorer.scene import Selection, scene_of

ATLAS = load_atlas()
CATALOGUE = catalogue(ATLAS)


def selections(count: int) -> list[Selection]:
    chance = random.Random(11)
    out = [Selection()]
    for _ in range(count):
        structure = chance.choice(ATLAS.structures)
        more = [s.id for s in chance.sample(ATLAS.structures, chance.choice([0, 0, 1]))]
        pattern = chance.choice([None, None, *(p.id for p in structure.patterns)])
        out.append(
            Selection(
                tuple(dict.fromkeys([structure.id, *more])),
                pattern,
                chance.choice(["left", "right", "both"]),
                chance.choice(["front", "back", "left"]),
                chance.choice([0.0, 0.55, 1.0]),
                chance.random() < 0.8,
                chance.random() < 0.8,
                chance.choice(["show", "fade", "hide"]),
                chance.random() < 0.3,
                chance.random() < 0.5,
            )
        )
    return out


def test_scenes_are_the_same_in_browser_and_python(visitor):
    visitor.open()
    for selection in selections(60):
        state = {
            "structures": list(selection.structures),
            "pattern": selection.pattern,
            "side": selection.side,
            "view": selection.view,
            "skin": selection.skin,
            "muscles": selection.muscles,
            "bones": selection.bones,
            "rest": selection.rest,
            "peel": selection.peel,
            "why": selection.why,
        }
        theirs = visitor.run("(e, state) => e.sceneOf(state)", state)
        assert theirs == scene_of(CATALOGUE, selection)


@pytest.mark.parametrize("side", ["left", "right"])
def test_paint_is_the_same_in_browser_and_python(visitor, side):
    visitor.open()
    for pattern in ("trap_1", "scm_cl_mid", "sca_ant"):
        theirs = visitor.run(
            "(e, [pattern, side]) => { const { core, spillover } = e.weights.paint([{ pattern, side }]); return [[...core], [...spillover]]; }",
            [pattern, side],
        )
        for mine, other in zip(ATLAS.paint(pattern, side), theirs, strict=True):
            np.testing.assert_array_equal(np.round(255 * mine), other)


@pytest.mark.parametrize("view", ["front", "left", "back", "three_quarter"])
def test_a_ray_meets_the_same_structure_as_in_python(visitor, view):
    """Ground truth by trimesh, at seeded places of the picture at least 3 px inside what is seen there."""
    visitor.open(f"v=1&view={view}&skin=0&bones=0")
    meshes = {
        (s.id, side): ATLAS.mesh(s.id, side)
        for s in ATLAS
        if s.kind.startswith("muscle") and not s.members and s.layer != "cutaneous"  # shown when it is chosen only
        for side in s.sides
    }
    keys = list(meshes)
    whole = trimesh.util.concatenate(list(meshes.values()))
    owner = np.repeat(np.arange(len(keys)), [len(mesh.faces) for mesh in meshes.values()])
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    chance = np.random.default_rng(5)
    right = tried = 0
    while tried < 40:
        x, y = chance.uniform(60, box["width"] - 60), chance.uniform(80, box["height"] - 120)
        spots = [(x, y), (x + 3, y), (x - 3, y), (x, y + 3), (x, y - 3)]
        rays = [visitor.run("(e, [x, y]) => e.view.ray(x, y)", list(spot)) for spot in spots]
        hits = whole.ray.intersects_first([ray["origin"] for ray in rays], [ray["direction"] for ray in rays])
        if (hits < 0).any() or len({int(owner[hit]) for hit in hits}) > 1:
            continue
        tried += 1
        picked = visitor.run("(e, [x, y]) => { const hit = e.view.pick(x, y); return [hit.id, hit.side]; }", [x, y])
        right += tuple(picked) == keys[owner[hits[0]]]
    assert right == tried
