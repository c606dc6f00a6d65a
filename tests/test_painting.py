"""The painting: kept weights are those of the tables, and they say the same as the words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from explorer import load_atlas
from explorer.anatomy.painting import own_side, paint_pattern, paint_shape, place
from explorer.anatomy.surface import Surface
from explorer.build.pipeline import paint_dataset
from explorer.errors import DataError
from explorer.painting_check import AREA_COVERED, STRAY_ALLOWED, compare, faults
from explorer.records import PatternShape, ShapePoint

PATTERNS = [pattern.id for structure in load_atlas() for pattern in structure.patterns if pattern.basis != "none"]


def test_the_kept_weights_are_those_of_the_tables(atlas, data, canvas):
    areas, patterns = paint_dataset(data, canvas, lambda *_: None)
    for kept, fresh in ((atlas.area_weights, areas), (atlas.pattern_weights, patterns)):
        assert kept.names == fresh.names, "run: referred-pain build weights"
        np.testing.assert_array_equal(kept.start, fresh.start)
        np.testing.assert_array_equal(kept.vertex, fresh.vertex)
        np.testing.assert_array_equal(kept.value, fresh.value)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_painting_and_words_agree(pattern, atlas):
    """Every named area is covered, hardly anything lies where nothing is named."""
    assert faults(atlas, pattern) == []


def test_the_comparison_can_fail(atlas):
    found = compare(atlas, "trap_1", "left")
    assert min(found.covered.values()) >= AREA_COVERED
    core, spillover = atlas.paint("scm_cl_mid", "left")  # a forehead is no trapezius pattern
    other = compare(atlas, "trap_1", "left", paint=(core, spillover))
    assert min(other.covered.values()) < AREA_COVERED
    assert other.stray > STRAY_ALLOWED


@pytest.mark.parametrize("pattern", PATTERNS)
def test_left_is_left(pattern, atlas, data):
    """Paint of areas on the same side stays on that side of the midline."""
    rules = {row.side for row in data.patterns[pattern].areas}
    core, spillover = atlas.paint(pattern, "left")
    paint = np.maximum(core, spillover)
    x = atlas.skin_mesh.vertices[:, 0]
    drawn = {shape.pattern_id for shape in data.pattern_shapes}
    visible = pattern in drawn
    assert visible == ((paint * (x > 0)).sum() > 0)
    if rules == {"same"}:
        assert paint[x < -4].max() == 0


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_right_side_is_painted_as_the_mirror_image(pattern, atlas, mirror):
    left, right = atlas.paint(pattern, "left"), atlas.paint(pattern, "right")
    for a, b in zip(left, right, strict=True):
        np.testing.assert_array_equal(a[mirror], b)


def test_core_and_spillover_share_a_vertex_only_at_their_border(atlas):
    for pattern in PATTERNS:
        core, spillover = atlas.paint(pattern)
        assert (core + spillover).max() <= 1 + 1 / 255
        assert core.min() >= 0
        assert spillover.min() >= 0


def test_a_group_is_painted_alike(atlas):
    for members in (("rcp_major_1", "rcp_minor_1", "oc_sup_1", "oc_inf_1"), ("sca_ant", "sca_med", "sca_post")):
        first = atlas.paint(members[0])
        for other in members[1:]:
            np.testing.assert_array_equal(first, atlas.paint(other))


def test_the_forehead_band_crosses_the_midline(atlas):
    core, spillover = atlas.paint("scm_cl_mid", "left")
    x = atlas.skin_mesh.vertices[:, 0]
    assert core[x > 10].max() == 1
    assert core[x < -6].max() < 0.5
    assert spillover[x < -10].max() > 0.9


def test_paint_of_an_unknown_pattern_or_side_is_told(atlas):
    with pytest.raises(DataError, match="did you mean 'trap_1'"):
        atlas.paint("trapp_1")
    with pytest.raises(DataError, match="side 'top' is not one of its sides"):
        atlas.paint("trap_1", "top")


# --- the brush ----------------------------------------------------------------------------------------------


def point(number: int, landmark: str, **values: float) -> ShapePoint:
    return ShapePoint(
        "s",
        number,
        landmark,
        None,
        None,
        **{"left_mm": None, "back_mm": None, "up_mm": None, "half_width_mm": None} | values,
    )


def stroke(*points: ShapePoint, side: str = "same") -> PatternShape:
    return PatternShape("s", "p", "core", side, "stroke", points)


def test_a_round_stroke_has_the_area_of_its_disc(canvas):
    weights = paint_shape(canvas, stroke(point(1, "euryon", half_width_mm=20.0)))
    assert (weights @ canvas.surface.vertex_areas) == pytest.approx(np.pi * 20**2, rel=0.08)


def test_the_outline_lies_where_the_width_says(canvas):
    weights = paint_shape(canvas, stroke(point(1, "euryon", half_width_mm=20.0)))
    distance = np.linalg.norm(
        canvas.surface.vertices - canvas.surface.project(canvas.landmarks["euryon"][None])[0], axis=1
    )
    near = (distance < 40) & (weights > 0.02) & (weights < 0.98)
    edge = 0.5 - (distance[near] - 20) / canvas.soft_edge[near]
    np.testing.assert_allclose(weights[near], edge, atol=0.12)


def test_paint_does_not_leap_from_the_arm_to_the_chest(canvas):
    arm = paint_shape(canvas, stroke(point(1, "mid_upper_arm_anterior", half_width_mm=30.0)))
    chest = canvas.surface.vertices[:, 0] < 120
    assert arm.max() == 1
    assert arm[chest].max() == 0


def test_sides_of_a_shape(canvas):
    at_midline = point(1, "glabella", half_width_mm=15.0)
    x = canvas.surface.vertices[:, 0]
    spread = {}
    for side in ("same", "opposite", "both", "midline"):
        core, _ = paint_pattern(canvas, [stroke(at_midline, side=side)])
        spread[side] = (core[x > 4].max(), core[x < -4].max())
    assert spread["same"] == (1, 0)
    assert spread["opposite"] == (0, 1)
    assert spread["both"] == (1, 1)
    assert min(spread["midline"]) == 1


def test_the_own_side_is_soft_at_the_midline(canvas):
    side = own_side(canvas)
    x = canvas.surface.vertices[:, 0]
    np.testing.assert_allclose(side[np.abs(x) < 1e-6], 0.5)
    assert side[x > 4].min() == 1
    assert side[x < -4].max() == 0


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        (stroke(point(1, "nowhere", half_width_mm=5.0)), "landmark 'nowhere' is not known"),
        (stroke(point(1, "euryonn", half_width_mm=5.0)), "did you mean 'euryon'"),
        (stroke(point(1, "euryon")), "half_width_mm is empty"),
        (stroke(), "needs at least 1 points"),
        (
            replace(stroke(point(1, "euryon"), point(2, "inion")), kind="patch"),
            "a patch needs at least 3 points, it has 2",
        ),
    ],
)
def test_a_shape_that_cannot_be_painted_is_told(canvas, shape, told):
    with pytest.raises(DataError, match=told):
        paint_shape(canvas, shape)


def test_points_between_landmarks(canvas):
    a, b = canvas.landmarks["inion"], canvas.landmarks["c7_spinous"]
    half = ShapePoint("s", 1, "inion", "c7_spinous", None, None, None, None, None)
    np.testing.assert_allclose(place(half, canvas.landmarks), (a + b) / 2)
    near = ShapePoint("s", 1, "inion", "c7_spinous", 0.25, 1.0, 2.0, 3.0, None)
    np.testing.assert_allclose(place(near, canvas.landmarks), a + 0.25 * (b - a) + [1, 2, 3])


def test_surface_reaches_along_the_skin_only(surface: Surface, canvas):
    seed = surface.nearest(canvas.landmarks["mid_upper_arm_anterior"][None])
    near = surface.within(seed, 60.0)
    assert np.linalg.norm(surface.vertices[near] - surface.vertices[seed[0]], axis=1).max() <= 60
