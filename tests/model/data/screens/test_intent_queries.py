"""Asking by purpose and by place: only where no other element could be meant."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.assets.names import known_concept
from model.data.random_blocks import RandomBlocks
from model.data.screens.elements import Element, ScreenContent, cut_out
from model.data.screens.intent_queries import ask_without_labels, purposes

SIZE = (400, 300)


def box(column: int, row: int = 0, width: float = 50) -> tuple[float, float, float, float]:
    return 10.0 + 70 * column, 10.0 + 40 * row, 10.0 + 70 * column + width, 34.0 + 40 * row


def asked(*elements: Element, half_seen: frozenset[str] = frozenset()) -> dict[str, tuple[str, tuple]]:
    """Text → kind and boxes, of many draws."""
    texts = tuple((e.label, e.box) for e in elements if e.role != "icon")
    shown = ScreenContent(elements, texts, half_seen)
    queries = [
        q
        for seed in range(80)
        for q in ask_without_labels(shown, SIZE, RandomBlocks(np.random.default_rng(seed)))
    ]
    return {query.text: (query.kind, tuple(target.box for target in query.targets)) for query in queries}


SAVE, TRASH = Element("button", "Save", box(0)), Element("icon", "trash", box(2))


def test_the_table_of_purposes_names_icons_that_exist() -> None:
    for purpose in purposes():
        assert purpose.phrases
        assert purpose.labels | purpose.concepts
        assert all(known_concept(concept) for concept in purpose.concepts)


@pytest.mark.parametrize(
    ("elements", "phrase", "boxes"),
    [
        ((SAVE, TRASH), "keep what I changed", (box(0),)),  # by its label
        ((SAVE, TRASH), "throw this away", (box(2),)),  # by its icon
        ((SAVE, Element("icon", "save", box(4))), "keep what I changed", None),  # two would do it
        ((Element("button", "Save as", box(0)),), "keep what I changed", None),  # reads as if it did
        # a drawing inside the button is the button
        ((Element("button", "Save", (0, 0, 90, 30)), Element("icon", "save", (5, 5, 20, 20))),
         "store my changes", ((0, 0, 90, 30),)),
        # what the page itself says, unless it says it twice
        ((Element("button", "Go", box(0), ("start the race",)),), "start the race", (box(0),)),
        ((Element("tab", "Go", box(0), ("win",)), Element("tab", "Run", box(1), ("win",))), "win", None),
    ],
)  # fmt: skip
def test_purposes_are_asked_for_where_they_are_clear(
    elements: tuple, phrase: str, boxes: tuple | None
) -> None:
    found = asked(*elements)
    assert (found[phrase][1] if phrase in found else None) == boxes


def test_purposes_that_nothing_serves_are_absent() -> None:
    found = asked(TRASH, Element("button", "Save as", box(0)))
    absent = {text for text, (kind, boxes) in found.items() if kind == "absent" and not boxes}
    assert len(absent) > 5
    served = {phrase for purpose in purposes() if "trash" in purpose.concepts for phrase in purpose.phrases}
    alike = {phrase for purpose in purposes() if "save" in purpose.labels for phrase in purpose.phrases}
    assert not absent & (served | alike)


def test_what_is_half_seen_is_nobodys_purpose() -> None:
    found = asked(SAVE, half_seen=frozenset({"save"}))
    assert not {"keep what I changed", "store my changes"} & set(found)


@pytest.mark.parametrize(
    ("elements", "texts", "boxes"),
    [
        # the nearest of its kind on that side
        ((SAVE, Element("button", "Load", box(1)), Element("button", "Quit", box(2))),
         ("the button to the right of Save", "the button right of Save"), box(1)),
        ((Element("heading", "Total", box(0)), Element("field", "Sum", box(0, 1))),
         ("the field below Total", "the field under Total"), box(0, 1)),
        # one of equal icons by the text in its row
        ((Element("text", "Anna", box(0)), Element("text", "Omar", box(0, 1)),
          Element("icon", "trash", box(3)), Element("icon", "trash", box(3, 1))),
         ("the trash icon next to Omar", "the trash icon in the row of Omar", "trash icon beside Omar"),
         box(3, 1)),
        # by number
        (tuple(Element("tab", name, box(n + 1)) for n, name in enumerate(("One", "Two", "Six"))),
         ("the second tab",), box(2)),
        # in a corner
        ((Element("icon", "close", (370, 5, 390, 25)), Element("icon", "trash", (200, 150, 220, 170))),
         ("the icon at the top right", "the icon in the top right corner", "top right icon"),
         (370, 5, 390, 25)),
    ],
)  # fmt: skip
def test_places_are_asked_for(elements: tuple, texts: tuple[str, ...], boxes: tuple) -> None:
    found = asked(*elements)
    assert set(texts) & set(found)
    assert all(found[text] == ("position", (boxes,)) for text in texts if text in found)


def test_a_place_that_two_share_is_not_asked_for() -> None:
    found = asked(Element("heading", "Total", (100, 10, 200, 40)), Element("button", "Up", (90, 50, 140, 70)),
                  Element("button", "Down", (160, 50, 210, 70)))  # fmt: skip
    assert not any("Total" in text and text.startswith("the button") for text in found)
    rows = asked(
        Element("text", "Anna", box(0)), Element("icon", "trash", box(2)), Element("icon", "trash", box(3))
    )
    assert not any("Anna" in text and "trash" in text for text in rows)


def test_a_window_onto_a_screen_shows_what_lies_in_it() -> None:
    shown = ScreenContent(
        (Element("button", "In", (60, 60, 80, 80), ("go",)), Element("button", "Cut", (90, 60, 120, 80)),
         Element("button", "Out", (200, 60, 220, 80))),
        (("In", (62, 62, 78, 78)), ("Half", (40, 60, 55, 70))),
        frozenset({"old"}),
    )  # fmt: skip
    seen = cut_out(shown, (50, 50, 100, 100))
    assert seen.elements == (Element("button", "In", (10, 10, 30, 30)),)
    assert seen.texts == (("In", (12, 12, 28, 28)),)
    assert seen.half_seen == {"old", "cut", "half"}
