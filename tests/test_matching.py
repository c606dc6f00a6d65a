"""Matching named areas against patterns, and the command line around it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from explorer.errors import DataError
from explorer.matching import EXTRA, MISSED, SPILLOVER_SHARE, match, reach, read_places

SIZES = {"temple_anterior": 10.0, "temple_mid": 10.0, "occiput": 40.0}


def test_the_best_match_of_the_anterior_temple_is_the_anterior_temporalis(atlas):
    found = atlas.match(areas=[("temple_anterior", "left")])
    assert (found[0].pattern, found[0].side, found[0].rank) == ("temp_1", "left", 1)
    assert found[0].covered == (("temple_anterior", "left"),)
    assert ("supraorbital_ridge", "left") in found[0].extra
    assert found[0].missed == ()


def test_matches_come_best_first_and_equal_scores_share_a_rank(atlas):
    found = atlas.match(["occiput", "temple_mid"])
    assert [m.score for m in found] == sorted((m.score for m in found), reverse=True)
    for before, after in pairwise(found):
        assert (after.rank == before.rank) == (abs(after.score - before.score) < 1e-12)
    group = [m for m in found if m.pattern in ("rcp_major_1", "oc_sup_1") and m.side == "left"]
    assert len({m.score for m in group}) == 1


def test_every_match_accounts_for_every_area(atlas, data):
    drawn = [("occiput", "left"), ("thumb", "left")]
    for found in atlas.match(drawn):
        reached = reach(data.patterns[found.pattern], found.side)
        assert set(found.covered) | set(found.missed) >= set(drawn)
        assert set(found.covered) | set(found.extra) == set(reached)
        assert 0 < found.score <= 1


def test_an_area_on_the_other_side_is_not_met(atlas):
    assert {m.side for m in atlas.match([("temple_anterior", "right")])} == {"right"}
    assert {m.side for m in atlas.match(["temple_anterior"])} == {"left", "right"}


def test_the_forehead_of_the_other_side_is_met_as_spillover(atlas):
    sides = {m.side: m.score for m in atlas.match([("forehead_medial", "left")]) if m.pattern == "scm_cl_mid"}
    assert set(sides) == {"left", "right"}
    assert sides["left"] > sides["right"]


def test_the_score_is_the_stated_formula(atlas, data):
    pattern = data.patterns["trap_1"]
    sizes = atlas.area_sizes_mm2
    drawn = [("temple_anterior", "left"), ("occiput", "left"), ("thumb", "left")]
    [found] = [m for m in atlas.match(drawn) if m.pattern == "trap_1"]
    reached = reach(pattern, "left")
    hit = sizes["temple_anterior"] + SPILLOVER_SHARE * sizes["occiput"]
    extra = sum(sizes[a] * share for (a, s), share in reached.items() if a not in ("temple_anterior", "occiput"))
    assert found.score == pytest.approx(hit / (hit + MISSED * sizes["thumb"] + EXTRA * extra))


def test_more_of_the_same_area_does_not_change_anything(atlas):
    once = atlas.match([("occiput", "left")])
    assert once == atlas.match([("occiput", "left"), ("occiput", "left")])


def test_nothing_drawn_or_nonsense_drawn_is_told(atlas):
    with pytest.raises(DataError, match="no area is given"):
        atlas.match([])
    with pytest.raises(DataError, match="did you mean 'temple_mid'"):
        atlas.match(["temple_mids"])
    with pytest.raises(DataError, match="side 'up' is not known; allowed: left, right, midline"):
        atlas.match([("temple_mid", "up")])


def test_places_are_read_once_each():
    assert read_places(["a", ("a", None), ("a", "left")], ["a"]) == [("a", None), ("a", "left")]


def test_no_pattern_reaches_an_area_that_none_names(atlas):
    assert match(atlas.structures, SIZES, [("buttock_upper", "left")]) == []
