"""Which elements of a screen are asked for, and how, when names are shared, hidden or nearly the same."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.dice import Dice
from model.data.fonts import families
from model.data.sample import Query
from model.data.screen_canvas import Canvas
from model.data.screen_elements import Element, Shown, reading_order
from model.data.screen_queries import ask
from model.data.screen_theme import draw_theme
from model.data.ui_words import LabelWriter
from tests.model.data.drawn_icons import WORDS, drawn_icons


def ask_often(
    elements: tuple[Element, ...], half_seen: frozenset[str] = frozenset(), times: int = 60
) -> list[Query]:
    texts = tuple((e.label, e.box) for e in elements if e.role != "icon")
    queries: list[Query] = []
    for seed in range(times):
        writer = LabelWriter(Dice(np.random.default_rng(seed)), WORDS)
        queries += ask(Shown(elements, texts, half_seen), writer)
    return queries


def box(column: int) -> tuple[float, float, float, float]:
    return 10.0 + 60 * column, 10.0, 60.0 + 60 * column, 30.0


def test_a_label_that_two_buttons_share_asks_for_both() -> None:
    elements = (
        Element("button", "Edit", box(0)),
        Element("button", "Edit", box(1)),
        Element("link", "Home", box(2)),
    )
    queries = [query for query in ask_often(elements) if query.label.casefold() == "edit" and query.targets]
    assert queries
    assert all(len(query.targets) == 2 and query.kind == "several" for query in queries)


def test_a_label_that_a_button_and_a_tab_share_is_asked_for_with_its_role() -> None:
    elements = (Element("button", "Files", box(0)), Element("tab", "Files", box(1)))
    present = [query for query in ask_often(elements) if query.targets]
    assert {query.kind for query in present} == {"button", "tab"}
    for query in present:
        assert query.kind in query.text
        assert query.targets[0].box == (box(0) if query.kind == "button" else box(1))


def test_a_label_that_a_heading_and_a_text_share_is_not_asked_for() -> None:
    elements = (
        Element("heading", "Total", box(0)),
        Element("text", "Total", box(1)),
        Element("link", "Home", box(2)),
    )
    assert not any(query.label.casefold() == "total" and query.targets for query in ask_often(elements))


def test_half_seen_labels_are_neither_asked_for_nor_called_absent() -> None:
    elements = (Element("button", "Save", box(0)), Element("button", "Open", box(1)))
    labels = {query.label.casefold() for query in ask_often(elements, frozenset({"save"}), times=150)}
    assert "save" not in labels
    assert "open" in labels


def test_an_icon_named_like_a_text_is_asked_for_as_an_icon() -> None:
    elements = (Element("icon", "search", box(0)), Element("button", "Search", box(1)))
    for query in ask_often(elements):
        if query.kind == "icon" and query.label == "search icon":
            assert "icon" in query.text
        if query.kind == "button" and query.targets:
            assert query.targets[0].box == box(1)


def test_look_alike_icons_are_not_called_absent() -> None:
    elements = (
        Element("icon", "ellipsis", box(0)),
        Element("icon", "lock", box(1)),
        Element("link", "Home", box(2)),
    )
    absent = {query.label for query in ask_often(elements, times=400) if not query.targets}
    assert absent
    assert not absent & {"kebab menu icon", "unlock icon", "more icon", "lock icon", "home icon"}


def test_a_search_field_is_called_search() -> None:
    queries = [query for query in ask_often((Element("search", "Search", box(0)),)) if query.targets]
    assert queries
    assert all("search" in query.text and query.label == "search" for query in queries)


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


def blank_canvas() -> Canvas:
    dice, icons = Dice(np.random.default_rng(0)), drawn_icons()
    theme = draw_theme(dice, families("train"), icons.styles)
    return Canvas(200, 100, theme, dice, LabelWriter(dice, WORDS), icons)


@pytest.mark.parametrize(
    ("cover", "stays", "half_seen"),
    [
        ((100, 0, 200, 100), True, False),  # beside it
        ((0, 0, 200, 100), False, False),  # wholly over it: as if it had never been there
        ((30, 0, 200, 100), False, True),  # over a part of it
    ],
)
def test_what_a_window_covers_is_forgotten(cover, stays: bool, half_seen: bool) -> None:
    canvas = blank_canvas()
    canvas.add("button", "Save", (10, 10, 60, 30))
    canvas.cover(cover)
    assert bool(canvas.elements) == stays
    assert ("save" in canvas.half_seen) == half_seen


@pytest.mark.parametrize(
    ("place", "stays", "half_seen"),
    [
        ((150, 10, 200, 30), True, False),  # up to the very edge
        ((160, 10, 210, 30), False, True),  # cut by the edge
        ((210, 10, 260, 30), False, False),  # outside
    ],
)
def test_what_the_edge_cuts_is_half_seen(place, stays: bool, half_seen: bool) -> None:
    canvas = blank_canvas()
    canvas.add("button", "Save", place)
    assert bool(canvas.elements) == stays
    assert ("save" in canvas.half_seen) == half_seen


def test_text_marks_the_pixels_of_its_box_and_no_others() -> None:
    canvas = blank_canvas()
    before = canvas.pixels()
    x0, y0, x1, y1 = canvas.text(40, 30, "Hamburg", (255, 0, 255))
    rows, columns = np.nonzero((canvas.pixels() != before).any(axis=2))
    assert x0 - 2 <= columns.min() < x0 + 6
    assert x1 - 6 < columns.max() <= x1 + 2
    assert y0 - 1 <= rows.min()
    assert rows.max() <= y1 + 1
