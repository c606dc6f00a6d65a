"""The chart is drawn twice, in the browser and in Python: the same areas on the same paper."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from explorer import load_atlas
from explorer.chart import SIDES, ChartFigure, chart
from explorer.scene import Selection

ATLAS = load_atlas()


def inside(figure: ChartFigure, kind: str, places: np.ndarray) -> np.ndarray:
    """(n,) whether places on paper lie in an area of a kind, holes left out (even-odd)."""
    out = np.zeros(len(places), bool)
    for mark in figure.marks:
        if mark.kind == kind:
            for line in mark.lines:
                out ^= Outline(np.vstack([line, line[:1]])).contains_points(places)
    return out


@pytest.mark.parametrize(("structure", "side"), [("trapezius_upper", "left"), ("infraspinatus", "both")])
def test_the_browser_and_python_draw_one_chart(visitor, structure, side):
    visitor.open(f"v=1&s={structure}" + (f"&side={side}" if side != "left" else ""))
    figures = {figure.name: figure for figure in chart(ATLAS, Selection((structure,), side=side))}
    assert tuple(figures) == tuple(SIDES)
    for name, figure in figures.items():
        picture = visitor.page.locator(f".rpx .chart figure[data-side='{name}'] svg")
        box = picture.evaluate("p => { const b = p.viewBox.baseVal; return [b.x, b.y, b.width, b.height]; }")
        assert np.allclose(box, figure.box, atol=1.01)
        assert picture.locator("..").get_attribute("data-painted") == str(figure.painted).lower()
        left, top, wide, high = figure.box
        x, y = np.meshgrid(np.arange(left + 1.5, left + wide, 5), np.arange(top + 1.5, top + high, 5))
        places = np.column_stack([x.ravel(), y.ravel()])
        for kind in ("body", "core", "spillover"):
            drawn = np.array(
                picture.evaluate(
                    """(p, [kind, places]) => {
                      const area = p.querySelector("." + kind);
                      return places.map(([x, y]) => Boolean(area?.isPointInFill(new DOMPoint(x, y))));
                    }""",
                    [kind, places.tolist()],
                ),
                bool,
            )
            own = inside(figure, kind, places)
            assert np.mean(drawn != own) < 0.002, (name, kind)
        for kind, selector in (("point", ".point"),):
            marks = [mark for mark in figure.marks if mark.kind == kind]
            count = sum(len(mark.lines) for mark in marks) // 2
            assert picture.locator(selector).count() == count
        assert picture.locator(".deep").count() == sum(m.kind == "deep" and m.stroke is not None for m in figure.marks)
