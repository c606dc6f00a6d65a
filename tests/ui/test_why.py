"""Why there? The way of convergence in the view, on the card and in the link."""

from __future__ import annotations

import numpy as np
import pytest

from explorer import load_atlas
from explorer.catalogue import catalogue
from explorer.why import CORD, NUCLEUS, levels_of, shapes_of, way_of

ATLAS = load_atlas()
CATALOGUE = catalogue(ATLAS)
DOCUMENTED = ("trapezius_upper", "sternocleidomastoid_sternal", "suboccipital_group", "masseter_superficial", "c2_c3")
UNDOCUMENTED = ("infraspinatus", "temporalis", "frontalis")


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("Cervical nerves C4 to C6", ["C4", "C5", "C6"]),
        ("Medial and lateral pectoral nerves (C5 to T1)", ["C5", "C6", "C7", "C8", "T1"]),
        ("C2-C3", ["C2", "C3"]),
        ("C3 and C4, mainly for feeling", ["C3", "C4"]),
        ("Mandibular nerve (V3)", []),
        ("Radial nerve", []),
    ],
)
def test_levels_are_read_from_words(text, levels):
    assert levels_of(text) == levels


def test_every_way_uses_shapes_that_exist_and_names_only_documented_nerves():
    for structure in ATLAS:
        way = way_of(CATALOGUE, structure.id)
        shapes = shapes_of(CATALOGUE, way, ["left"])
        assert bool(shapes) == bool(way["findings"])
        for shape in shapes:
            assert shape["key"].partition("/")[0] in ATLAS.shape_ids("nerves")
        if shapes:
            assert {f"{NUCLEUS}/left", f"{CORD}/midline"} <= {shape["key"] for shape in shapes}
        reached = [area for field in (*way["fields"], *way["own_fields"]) for area in field["areas"]] + way["rest"]
        assert set(reached) == {row.area_id for pattern in structure.patterns for row in pattern.areas}


def test_ways_are_the_same_in_browser_and_python(visitor):
    visitor.open()
    theirs = visitor.run("e => Object.keys(e.catalogue.structures).map(id => [id, e.wayOf(id)])")
    for name, way in theirs:
        assert way == way_of(CATALOGUE, name)


@pytest.mark.parametrize("structure", DOCUMENTED)
def test_the_card_tells_the_way_with_its_sources(visitor, structure):
    visitor.open(f"v=1&s={structure}")
    visitor.page.get_by_role("button", name="Why there?").click()
    visitor.settle()
    assert "why=1" in visitor.fragment
    panel = visitor.page.locator(".rpx .why-panel")
    text = panel.inner_text()
    assert "Schematic" in text
    way = way_of(CATALOGUE, structure)
    rows = {row.id: row for row in ATLAS.dataset.learning.convergence}
    for name in way["findings"]:
        row = rows[name]
        assert row.finding in text
        for source in row.sources:
            assert source.reference.citation in text
            assert source.locator in text
        assert ("Two sources joined" in text) or row.basis == "stated"
    for nerve in way["nerves"]:
        assert CATALOGUE["nerves"][nerve]["name"] in text
    steps = panel.locator(".way-step").evaluate_all("nodes => nodes.map(n => n.dataset.step)")
    assert steps == ["source", "nerve", "meeting", *(["division"] if way["fields"] else []), "area"]
    chips = visitor.page.locator(".rpx .way-chip").all_inner_texts()
    assert {"1", "2", "3"} <= set(chips)


@pytest.mark.parametrize("structure", UNDOCUMENTED)
def test_what_is_not_documented_is_said(visitor, structure):
    visitor.open(f"v=1&s={structure}&why=1")
    panel = visitor.page.locator(".rpx .why-panel")
    assert "No cited explanation here." in panel.inner_text()
    innervation = next(fact for fact in ATLAS[structure].anatomy if fact.aspect == "innervation")
    assert innervation.text in panel.inner_text()
    assert visitor.run("e => e.scene().way") == []
    assert visitor.page.locator(".rpx .way-chip").count() == 0


def test_nerves_and_nucleus_are_drawn_where_they_lie(visitor):
    visitor.open("v=1&s=suboccipital_group&view=left")
    before = visitor.picture()
    visitor.run("e => e.set({ why: true }, { keepView: true })")
    visitor.settle()
    after = visitor.picture()
    changed = np.abs(after - before).sum(axis=2) > 30
    box = visitor.page.locator(".rpx .canvas").bounding_box()
    for name in ("gon", NUCLEUS, "ophthalmic_v1"):
        vertices = ATLAS.mesh(name, "left").vertices
        hits = []
        for point in vertices[:: max(1, len(vertices) // 40)]:
            x, y = visitor.where(point)
            row, column = round(y - box["y"]), round(x - box["x"])
            if 2 < row < changed.shape[0] - 2 and 2 < column < changed.shape[1] - 2:
                hits.append(changed[row - 2 : row + 3, column - 2 : column + 3].any())
        assert len(hits) > 10
        assert np.mean(hits) > 0.9, name


def test_escape_closes_the_way_first_and_back_brings_it_again(visitor):
    visitor.open("v=1&s=trapezius_upper")
    switch = visitor.page.get_by_role("button", name="Why there?")
    switch.focus()
    visitor.page.keyboard.press("Enter")
    visitor.settle()
    assert switch.get_attribute("aria-expanded") == "true"
    assert (
        visitor.page.evaluate(
            "() => { let n = document.activeElement; while (n.shadowRoot?.activeElement) n = n.shadowRoot.activeElement; return n.dataset.why; }"
        )
        == "trapezius_upper"
    )
    assert "5 steps" in visitor.page.locator(".rpx [role=status].sr-only").inner_text()
    visitor.page.keyboard.press("Escape")
    assert visitor.state["why"] is False
    assert visitor.state["structures"] == ["trapezius_upper"]
    visitor.page.go_back()
    visitor.page.wait_for_function("() => location.hash.includes('why=1')")
    visitor.settle()
    assert visitor.state["why"] is True
    visitor.page.keyboard.press("Escape")
    visitor.page.keyboard.press("Escape")
    assert visitor.state["structures"] == []
