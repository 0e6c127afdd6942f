"""What a screen shows, as values."""

from __future__ import annotations

import pytest

from model.data.screens.elements import Element, ScreenContent, cut_out, reading_order


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), ()),  # nothing
        ((("b", (50, 0, 60, 10)), ("a", (0, 0, 10, 10))), ("a", "b")),  # left before right
        ((("low", (0, 30, 9, 40)), ("high", (50, 0, 60, 10))), ("high", "low")),  # top before bottom
        ((("b", (50, 0, 60, 10)), ("a", (0, 3, 10, 13))), ("a", "b")),  # a little lower is the same row
    ],
)
def test_reading_order(texts, expected) -> None:
    assert reading_order(texts, row_height=6.0) == expected


def test_a_window_onto_a_screen_keeps_what_is_wholly_in_it() -> None:
    elements = (
        Element("button", "Save", (110, 60, 150, 80), ("keep it",)),
        Element("button", "Cut", (190, 60, 230, 80)),
        Element("button", "Outside", (300, 60, 340, 80)),
    )
    texts = (("Save", (112, 62, 140, 78)), ("Half", (90, 62, 110, 78)))
    seen = cut_out(ScreenContent(elements, texts, frozenset({"doubtful"})), (100, 50, 200, 150))
    assert seen.elements == (Element("button", "Save", (10, 10, 50, 30)),)  # without what the page says of it
    assert seen.texts == (("Save", (12, 12, 40, 28)),)
    assert seen.half_seen == {"doubtful", "cut", "half"}
