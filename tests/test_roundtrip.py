"""The published round trip: its disturbances do what they say, its report is the one in docs/."""

from __future__ import annotations

import re

import numpy as np
import pytest

from explorer import folders
from explorer.roundtrip import MERGED, RoundTrip

PAGE = (folders.DATA.parent / "docs" / "roundtrip.md").read_text(encoding="utf-8")
STRENGTH = float(re.search(r"strength (0\.\d+)", PAGE)[1])


@pytest.fixture(scope="module")
def check(atlas) -> RoundTrip:
    return RoundTrip(atlas)


def test_the_page_keeps_its_promise():
    """At least 90 % of the redrawn maps are among the first three, as the page says."""
    assert float(re.search(r"Top 3 of the redrawn: ([\d.]+)%", PAGE)[1]) >= 90


def test_the_page_is_about_these_maps(atlas):
    assert f"Each of the {len(atlas.scorer.candidates)} different maps" in PAGE
    for candidate in atlas.scorer.candidates:
        if len(candidate.patterns) > 1:
            assert f"- {', '.join(candidate.patterns)}\n" in PAGE


def test_redrawn_maps_overlap_themselves_as_published(check):
    found = [
        check.jaccard(cells, check.redraw(cells, np.random.default_rng([9, k]), STRENGTH))
        for k, cells in enumerate(check.originals)
    ]
    assert np.mean(found) == pytest.approx(check.wanted_jaccard, abs=0.05)


def test_redrawn_maps_come_back_among_the_first_three(check):
    """With seeds of its own, not those of the page."""
    first_three = 0
    rows = {row: place for place, row in enumerate(check.scorer.rows)}
    for k, cells in enumerate(check.originals):
        drawn = check.redraw(cells, np.random.default_rng([77, k]), STRENGTH)
        score = check.scorer.score(*check.scorer.amounts(drawn))
        own = score[rows[k, check.scorer.candidates[k].sides[0]]]
        first_three += int((score > own + 1e-9).sum()) < 3
    assert first_three / len(check.originals) >= 0.9


def test_no_strength_redraws_the_map_itself(check):
    for cells in check.originals[::9]:
        again = check.redraw(cells, np.random.default_rng(1), 0.0)
        # patches of less than 1 mm2 are left out
        assert check.jaccard(cells, again) > 0.99


def test_cutting_keeps_half_and_scaling_scales(check):
    size = check.scorer.sizes
    for k in range(0, len(check.originals), 11):
        cells = check.originals[k].copy()
        cells[check.count :] = 0
        if not cells.any():
            continue
        cut = check.cut(cells, np.random.default_rng(k))
        assert (cut <= cells).all()
        # half, but for the one vertex on the cut
        assert (size * cut).sum() == pytest.approx((size * cells).sum() / 2, abs=size.max())
        assert (size * check.scaled(cells, 0.8)).sum() < (size * cells).sum()


def test_a_merged_drawing_holds_both_maps(check):
    k = 5
    seed = [1, 2]
    drawn = check.merged(check.originals[k], k, np.random.default_rng(seed))
    other = check.partner(k, np.random.default_rng(seed))
    assert other != k
    np.testing.assert_array_equal(drawn, np.maximum(check.originals[k], check.originals[other]))
    assert MERGED in PAGE


def test_seeds_are_fixed(check):
    cells = check.originals[0]
    one, two = (check.redraw(cells, np.random.default_rng([4, 4]), STRENGTH) for _ in range(2))
    np.testing.assert_array_equal(one, two)
