"""Matching drawings against patterns: the score on the surface, the words of its reasons, features, refusals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from explorer import matching
from explorer.errors import DataError
from explorer.matching import (
    ADDED,
    DEEP_AREA_MM2,
    FEATURE_STEP,
    LEAST_REACHED,
    MISSED,
    SPILLOVER_SHARE,
    documented_features,
    read_places,
)


@pytest.fixture(scope="module")
def sizes(surface):
    return surface.vertex_areas


def whole(atlas, pattern: str, side: str = "left"):
    """The skin of a whole map."""
    core, spillover = atlas.paint(pattern, side)
    return core + spillover


def only_on_skin(atlas):
    return [
        candidate
        for candidate in atlas.scorer.candidates
        if not {place for place in (*candidate.core, *candidate.spillover) if place in atlas.scorer.deep_index}
    ]


def test_the_score_is_the_stated_formula(atlas, sizes):
    """Computed again in the plainest way, from the painted weights and the tables."""
    drawn = [("temple_anterior", "left"), ("orbit_deep", "left"), ("thumb", "left")]
    cells = np.maximum(atlas.paint_area("temple_anterior", "left"), atlas.paint_area("thumb", "left"))
    core_weight, spill_weight = atlas.paint("trap_1", "left")
    core = sizes @ np.minimum(cells, core_weight)
    spill = sizes @ np.minimum(cells, core_weight + spill_weight) - core + DEEP_AREA_MM2  # orbit_deep is spillover
    total = sizes @ cells + DEEP_AREA_MM2
    hit = core + SPILLOVER_SHARE * spill
    share = sizes @ (core_weight + SPILLOVER_SHARE * spill_weight) + SPILLOVER_SHARE * DEEP_AREA_MM2
    roles = {entry.area_id: entry.role for entry in atlas.dataset.patterns["trap_1"].areas}
    assert roles["orbit_deep"] == "spillover"
    [found] = [m for m in atlas.match(drawn) if m.pattern == "trap_1" and m.side == "left"]
    assert found.core_mm2 == pytest.approx(core)
    assert found.spillover_mm2 == pytest.approx(spill)
    assert found.missed_mm2 == pytest.approx(total - core - spill)
    assert found.added_mm2 == pytest.approx(share - hit)
    assert found.score == pytest.approx(hit / (hit + MISSED * (total - core - spill) + ADDED * (share - hit)))


def test_every_map_finds_itself_first_and_a_drawing_of_just_it_scores_one(atlas):
    for candidate in only_on_skin(atlas):
        side = candidate.sides[0]
        best = atlas.match(weights=whole(atlas, candidate.patterns[0], side))[0]
        assert (best.rank, best.side, best.members) == (1, side, candidate.patterns)
        assert best.score == pytest.approx(1.0)
        assert best.missed_mm2 == pytest.approx(0.0, abs=1e-6)
        assert best.added_mm2 == pytest.approx(0.0, abs=1e-6)


def test_left_and_right_are_mirror_images(atlas, mirror):
    chance = np.random.default_rng(3)
    for _ in range(8):
        centre = atlas.skin_mesh.vertices[chance.integers(len(mirror))]
        weights = np.clip((40 - np.linalg.norm(atlas.skin_mesh.vertices - centre, axis=1)) / 8, 0, 1)
        one, other = atlas.match(weights=weights), atlas.match(weights=weights[mirror])
        swap = {"left": "right", "right": "left", "midline": "midline"}
        right = {(m.pattern, swap[m.side]): m.score for m in other}
        assert {(m.pattern, m.side): pytest.approx(m.score) for m in one} == right


def test_drawing_more_of_what_a_map_reaches_never_lowers_its_score(atlas):
    weights = whole(atlas, "trap_1")
    scores = []
    for part in (0.2, 0.4, 0.6, 0.8, 1.0):
        found = atlas.match(weights=np.minimum(weights, part))
        scores += [m.score for m in found if m.pattern == "trap_1" and m.side == "left"]
    assert len(scores) == 5
    assert all(after > before for before, after in pairwise(scores))


def test_drawing_what_a_map_does_not_reach_lowers_its_score(atlas):
    def of(*areas):
        found = atlas.match([("temple_anterior", "left"), *areas])
        return next(m.score for m in found if m.pattern == "temp_1" and m.side == "left")

    assert of() > of(("chin", "right")) > of(("chin", "right"), ("thumb", "right"))


def test_core_counts_more_than_spillover(atlas):
    core, spillover = atlas.paint("trap_1", "left")
    score = {}
    for name, weights in (("core", core), ("spillover", spillover)):
        keep = np.where(weights > 0.9, 0.0, 0.0)
        order = np.flatnonzero(weights > 0.9)[:60]
        keep[order] = 1.0
        [found] = [m for m in atlas.match(weights=keep) if m.pattern == "trap_1" and m.side == "left"]
        score[name] = found.score / (found.core_mm2 + found.spillover_mm2)
    assert score["core"] > score["spillover"]


def test_clicking_and_painting_an_area_are_one_thing(atlas):
    clicked = atlas.match([("temple_mid", "left")])
    painted = atlas.match(weights=atlas.paint_area("temple_mid", "left"))
    assert [(m.pattern, m.side, m.score) for m in clicked] == [(m.pattern, m.side, m.score) for m in painted]
    both = atlas.match([("temple_mid", "left")], weights=atlas.paint_area("temple_mid", "left"))
    assert both == clicked


def test_matches_come_best_first_and_equal_scores_share_a_rank(atlas):
    found = atlas.match(["occiput", "temple_mid"])
    points = [round(m.points, 9) for m in found]
    assert points == sorted(points, reverse=True)
    for place, (before, after) in enumerate(pairwise(found), start=2):
        tie = abs(after.points - before.points) < 1e-9
        assert after.rank == (before.rank if tie else place)
    assert found[0].rank == found[1].rank == 1
    assert {found[0].side, found[1].side} == {"left", "right"}


def test_equal_patterns_are_one_row_with_the_best_grade(atlas, data):
    rows = [m for m in atlas.match([("suboccipital", "left"), ("occiput", "left")]) if m.side == "left"]
    names = [name for m in rows for name in m.members]
    assert len(names) == len(set(names))
    [group] = [m for m in rows if "rcp_major_1" in m.members]
    assert {"subocc_group", "rcp_major_1", "rcp_minor_1", "oc_sup_1", "oc_inf_1"} == set(group.members)
    for row in rows:
        assert row.grade == min(data.patterns[name].grade for name in row.members)


def test_candidates_differ_from_each_other_and_hold_every_pattern_that_reaches_something(atlas, data):
    candidates = atlas.scorer.candidates
    held = [name for candidate in candidates for name in candidate.patterns]
    assert len(held) == len(set(held))
    assert set(held) == {p.id for p in data.patterns.values() if p.areas}
    maps = {(whole(atlas, c.patterns[0], c.sides[0]).tobytes(), c.core, c.spillover) for c in candidates}
    assert len(maps) == len(candidates)


def test_every_match_accounts_for_every_drawn_area(atlas):
    drawn = [("occiput", "left"), ("thumb", "left"), ("orbit_deep", "left")]
    found = atlas.match(drawn)
    assert found
    for match in found:
        assert {*match.covered, *match.missed} == set(drawn)
        assert not set(match.covered) & set(match.missed)
        assert not set(match.extra) & set(drawn)
        whole_mm2 = sum(atlas.area_sizes_mm2[area] for area, _ in drawn)
        assert match.core_mm2 + match.spillover_mm2 + match.missed_mm2 == pytest.approx(whole_mm2, rel=1e-6)
        assert match.core_mm2 + match.spillover_mm2 >= LEAST_REACHED * whole_mm2
        assert 0 < match.score <= 1


def test_a_painted_drawing_is_named_by_the_areas_that_it_fills(atlas):
    found = atlas.match(weights=atlas.paint_area("temple_mid", "right"))[0]
    assert ("temple_mid", "right") in {*found.covered, *found.missed}
    dot = np.zeros(len(atlas.skin_mesh.vertices))
    dot[np.argmax(atlas.paint_area("parietal", "left"))] = 1.0
    sketch = atlas.scorer.sketch(skin=dot)
    assert atlas.scorer.drawn_places(sketch) == (("parietal", "left"),)


def test_an_area_on_the_other_side_is_not_met(atlas):
    assert {m.side for m in atlas.match([("temple_anterior", "right")])} == {"right"}
    assert {m.side for m in atlas.match(["temple_anterior"])} == {"left", "right"}


def test_an_open_side_takes_the_better_of_both(atlas):
    left = {(m.pattern, m.side): m.score for m in atlas.match([("forehead_medial", "left")])}
    right = {(m.pattern, m.side): m.score for m in atlas.match([("forehead_medial", "right")])}
    for match in atlas.match(["forehead_medial"]):
        key = (match.pattern, match.side)
        assert match.score == max(left.get(key, 0.0), right.get(key, 0.0))


def test_the_midline_means_both_sides(atlas):
    one = atlas.match([("nose_bridge", "midline")])
    two = atlas.match([("nose_bridge", "left"), ("nose_bridge", "right")])
    assert one == two


def test_features_move_rows_by_the_stated_step_and_back(atlas):
    plain = {(m.pattern, m.side): m for m in atlas.match([("temple_mid", "left")])}
    moved = atlas.match([("temple_mid", "left")], features=["chewing", "ringing"], side="left")
    documented = documented_features(atlas.dataset)
    assert any(m.features for m in moved)
    for match in moved:
        before = plain[match.pattern, match.side]
        named = {name for member in match.members for name in documented[member]}
        expected = [name for name in ("chewing", "ringing") if name in named] + (
            ["side"] if match.side == "left" else []
        )
        assert list(match.features) == expected
        assert match.points == pytest.approx(before.score + FEATURE_STEP * len(expected))
        assert match.score == before.score
    again = atlas.match([("temple_mid", "left")], features=[])
    assert [(m.pattern, m.points) for m in again] == [(m.pattern, m.points) for m in plain.values()]


def test_features_are_documented_where_the_records_say_so(atlas):
    documented = documented_features(atlas.dataset)
    assert "tearing" in documented["scm_st_mid"]
    assert "dizziness" in documented["scm_cl_mid"]
    assert "ringing" in documented["mass_deep_1"]
    assert "chewing" in documented["temp_1"]
    assert "looking_up" in documented["subocc_group"]
    assert "arm_raised" in documented["sca_ant"]
    assert "turning" not in documented["bic_1"]  # turning a screwdriver is not turning the head


def test_a_limit_keeps_the_first_rows(atlas):
    assert atlas.match(["occiput"], limit=3) == atlas.match(["occiput"])[:3]


def test_repeating_an_area_does_not_change_anything(atlas):
    assert atlas.match([("occiput", "left")]) == atlas.match([("occiput", "left"), ("occiput", "left")])


def ones(count: int, **changed: float):
    out = np.zeros(count)
    out[:50] = 1.0
    for place, value in changed.items():
        out[int(place[1:])] = value
    return out


def test_nonsense_is_refused_and_told(atlas):
    n = len(atlas.skin_mesh.vertices)
    for given, told in (
        ({"areas": []}, "no area is given"),
        ({}, "no area is given"),
        ({"areas": ["temple_mids"]}, "did you mean 'temple_mid'"),
        ({"areas": [("temple_mid", "up")]}, "side 'up' is not known; allowed: left, right, midline"),
        ({"areas": ["local"]}, "has no place of its own on the body"),
        ({"areas": ["occiput"], "features": ["sneezing"]}, "feature 'sneezing' is not known"),
        ({"areas": ["occiput"], "side": "midline"}, "side 'midline' is not known; allowed: left, right"),
        ({"weights": np.zeros(n)}, "the drawing is empty"),
        ({"weights": np.ones(n - 1)}, rf"shape \({n - 1},\) does not fit this skin"),
        ({"weights": np.ones((n, 1))}, "does not fit this skin"),
        ({"weights": ones(n, v7=np.nan)}, "vertex 7 is nan"),
        ({"weights": ones(n, v7=np.inf)}, "vertex 7 is inf"),
        ({"weights": ones(n, v9=-0.2)}, r"vertex 9 is -0\.2; only numbers from 0 to 1"),
        ({"weights": ones(n, v9=255.0)}, "vertex 9 is 255; only numbers from 0 to 1"),
        ({"weights": ["temple"] * n}, "not numbers"),
    ):
        with pytest.raises(DataError, match=told):
            atlas.match(**given)


def test_paintings_of_two_skins_are_refused(atlas):
    from dataclasses import replace

    other = replace(atlas.area_weights, topology="0" * 64)
    with pytest.raises(DataError, match="different skins"):
        matching.Scorer(atlas.dataset, atlas.pattern_weights, other, atlas._mirror, np.ones(3))


def test_places_are_read_once_each():
    assert read_places(["a", ("a", None), ("a", "left")], ["a"]) == [("a", None), ("a", "left")]


def test_words_of_the_list_promise_no_certainty(data):
    for key, text in data.texts["en"].items():
        if key.partition(".")[0] in ("pain", "rank", "warn", "drawing"):
            for word in ("probab", "likely", "diagnos", "%", "certain", "percent"):
                assert word not in text.lower(), key


def test_a_feature_whose_words_stand_nowhere_is_told(data):
    from dataclasses import replace
    from types import MappingProxyType

    from explorer.validate import features_are_documented

    assert list(features_are_documented(data)) == []
    feature = data.features["chewing"]
    for words, told in (((), "has no words"), (("humming",), "'humming' stands nowhere in provoked_by")):
        broken = replace(data, features=MappingProxyType({"chewing": replace(feature, words=words)}))
        [fault] = features_are_documented(broken)
        assert told in fault
