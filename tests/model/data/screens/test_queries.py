"""Which elements of a screen are asked for, and how, when names are shared, hidden or nearly the same."""

from __future__ import annotations

import numpy as np

from model.data.random_blocks import RandomBlocks
from model.data.schema import Query
from model.data.screens.elements import Element, ScreenContent
from model.data.screens.labels import LabelWriter
from model.data.screens.queries import ask
from tests.model.data.drawn_icons import WORDS


def ask_often(
    elements: tuple[Element, ...], half_seen: frozenset[str] = frozenset(), times: int = 60
) -> list[Query]:
    texts = tuple((e.label, e.box) for e in elements if e.role != "icon")
    queries: list[Query] = []
    for seed in range(times):
        writer = LabelWriter(RandomBlocks(np.random.default_rng(seed)), WORDS)
        queries += ask(ScreenContent(elements, texts, half_seen), writer)
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
