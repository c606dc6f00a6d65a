"""The search in the words of people who hurt: by place, by what comes with it, by what it may be taken for."""

from __future__ import annotations

import pytest

from explorer import load_atlas

#: what somebody types, a structure that is among the first ten, and how it was met
COMPLAINTS = [
    ("behind my eye", "sternocleidomastoid_sternal", "Its pattern: Deep behind the eye"),
    ("eye pain", "splenius_cervicis", "Its pattern: Deep behind the eye"),
    ("ear ache", "sternocleidomastoid_clavicular", "Its pattern: Deep in the ear"),
    ("earache", "masseter_deep", "Its pattern: Deep in the ear"),
    ("toothache", "temporalis", "Its pattern: Upper front teeth"),
    ("my teeth hurt", "digastric_anterior", "Its pattern: Lower front teeth"),
    ("sore throat", "longus_colli", "Its pattern: Front of the throat"),
    ("forehead pain", "sternocleidomastoid_clavicular", "Its pattern: Middle of the forehead"),
    ("pain between shoulder blades", "c7_t1", "Its pattern: Between the shoulder blades"),
    ("palm of my hand", "pectoralis_minor", "Its pattern: Palm"),
    ("tennis elbow", "supraspinatus", "Its pattern: Outer side of the elbow"),
    ("dizzy", "sternocleidomastoid_clavicular", "Its pattern: Dizziness on change of position"),
    ("migraine", "suboccipital_group", "May be taken for: migraine"),
    ("wry neck", "sternocleidomastoid_sternal", "wry neck muscle"),
    ("jaw joint", "tmj", "jaw joint"),
    ("trapped nerve", "gon", None),
]
#: words that find something, whatever comes first
WORDS = [
    "shoulder blade",
    "stiff neck",
    "pins and needles arm",
    "tooth",
    "headache",
    "temple",
    "back of head",
    "base of skull",
    "collarbone",
    "armpit",
    "frozen shoulder",
    "numb fingers",
    "numb hand",
    "upper back",
    "chest pain",
    "side of neck",
    "top of shoulder",
    "ringing in the ear",
    "teeth grinding",
    "sinus",
    "crick in the neck",
    "whiplash",
    "tension headache",
    "thumb",
    "elbow",
    "scm",
    "arm pain",
    "scalp",
    "trouble swallowing",
]


def listed(visitor) -> list[tuple[str, str | None]]:
    return visitor.page.locator(".rpx .entry").evaluate_all(
        "nodes => nodes.map(n => [n.dataset.id, n.querySelector('.entry-alias')?.textContent ?? null])"
    )


def test_words_of_complaint_find_what_is_documented(visitor):
    visitor.open("")
    for words, wanted, shown in COMPLAINTS:
        visitor.page.fill("#rpx-search", words)
        assert [wanted, shown] in listed(visitor)[:10], words
    for words in WORDS:
        visitor.page.fill("#rpx-search", words)
        assert listed(visitor), f"nothing is found for '{words}'"


def test_words_that_tell_nothing_find_nothing(visitor):
    visitor.open("")
    visitor.page.fill("#rpx-search", "it hurts")
    assert listed(visitor) == []


@pytest.mark.parametrize("area", ["palm", "auricle", "scalp_frontal"])
def test_lay_names_of_areas_reach_the_browser(area):
    from explorer.catalogue import catalogue

    atlas = load_atlas()
    assert catalogue(atlas)["areas"][area]["names"] == list(atlas.dataset.areas[area].names) != []
