"""Scoring in the browser and in Python is one thing: a hundred seeded drawings, every number of every row."""

from __future__ import annotations

import numpy as np

from explorer import load_atlas

ATLAS = load_atlas()
ASK = """(e, { places, weights, features, side }) => {
    const paint = weights && Float64Array.from({ length: e.weights.count }, () => 0);
    for (const [vertex, value] of weights ?? []) paint[vertex] = value;
    return e.scorer.rank(e.scorer.sketch(places, paint), { features, side }).map((row) => ({
        rank: row.rank, pattern: row.pattern, side: row.side, features: row.features, members: row.members,
        numbers: [row.score, row.points, row.core, row.spillover, row.missed, row.added],
        words: [row.covered, row.missedPlaces, row.extra],
    }));
}"""


def drawings(count: int):
    """Painted discs, chosen areas (deep ones among them), both, with features and a side."""
    chance = np.random.default_rng(62)
    vertices = ATLAS.skin_mesh.vertices
    head = np.flatnonzero(vertices[:, 2] > -260)
    for number in range(count):
        weights = None
        if number % 3 != 0:
            centre = vertices[chance.choice(head)]
            distance = np.linalg.norm(vertices - centre, axis=1)
            weights = np.clip((chance.uniform(12, 60) - distance) / 8, 0, 1)
            weights[weights > 0] *= chance.uniform(0.4, 1.0)
        places = []
        if number % 3 != 1:
            chosen = chance.choice(len(ATLAS.scorer.places), chance.integers(1, 5), replace=False)
            places = [ATLAS.scorer.places[k] for k in chosen]
        features = [
            str(name) for name in chance.choice(list(ATLAS.dataset.features), chance.integers(0, 3), replace=False)
        ]
        yield places, weights, features, [None, "left", "right"][chance.integers(3)]


def test_scores_and_reasons_are_the_same_in_browser_and_python(visitor):
    visitor.open()
    rows = 0
    for places, weights, features, side in drawings(100):
        filled = None if weights is None else [[int(v), float(weights[v])] for v in np.flatnonzero(weights)]
        asked = {"places": [":".join(p) for p in places], "weights": filled, "features": features, "side": side}
        theirs = visitor.run(ASK, asked)
        own = ATLAS.match(places or None, weights=weights, features=features, side=side)
        assert len(theirs) == len(own)
        # rows whose points agree to the ninth place may change places between the two halves
        found = {(row["pattern"], row["side"]): row for row in theirs}
        for match in own:
            other = found[match.pattern, match.side]
            sizes = (match.core_mm2, match.spillover_mm2, match.missed_mm2, match.added_mm2)
            np.testing.assert_allclose(other["numbers"][:2], (match.score, match.points), rtol=0, atol=1e-6)
            np.testing.assert_allclose(other["numbers"][2:], sizes, rtol=1e-6, atol=1e-3)
            assert other["rank"] == match.rank
            assert tuple(other["features"]) == match.features
            assert tuple(other["members"]) == match.members
            words = [[f"{area}:{s}" for area, s in part] for part in (match.covered, match.missed, match.extra)]
            assert [sorted(part) for part in other["words"]] == [sorted(part) for part in words]
            rows += 1
    assert rows > 1000
