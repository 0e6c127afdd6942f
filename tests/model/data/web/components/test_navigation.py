"""Tabs, bars, menus and links."""

from __future__ import annotations

import re

import pytest

from model.data.web.components import navigation
from tests.model.data.page_markup import check, check_part, composer


@pytest.mark.parametrize(
    "part",
    [navigation.tabs, navigation.crumbs, navigation.pagination, navigation.side_links, navigation.top_bar,
     navigation.footer, navigation.menu, navigation.menu_bar],
    ids=lambda part: part.__name__,
)  # fmt: skip
def test_every_part_is_whole(part) -> None:
    check_part(part)


def test_one_tab_is_open() -> None:
    for seed in range(20):
        html = navigation.tabs(composer(seed), ("A", "B", "C"))
        assert len(re.findall(r'role="tab" class="on"', html)) == 1
        assert check(html).roles["tab"] == 3


def test_pages_are_numbered_between_previous_and_next() -> None:
    labels = re.findall(r">([^<]+)</a>", navigation.pagination(composer(4)))
    assert (labels[0], labels[-1]) == ("Previous", "Next")
    assert labels[1:-1] == [str(n + 1) for n in range(len(labels) - 2)]


def test_side_links_are_as_many_as_asked_for() -> None:
    counts = {check(navigation.side_links(composer(seed), 3, 5)).tags["a"] for seed in range(40)}
    assert counts == {3, 4, 5}


def test_a_narrow_bar_has_a_menu_instead_of_links() -> None:
    narrow, wide = (navigation.top_bar(composer(2, width, 600)) for width in (400, 1200))
    assert 'data-concept="menu"' in narrow
    assert narrow.count('href="#" class=""') == 0
    assert wide.count('<a href="#" class=""') >= 2


def test_every_entry_of_a_menu_has_a_name() -> None:
    for seed in range(12):
        read = check(navigation.menu(composer(seed), 4, 8))
        assert 4 <= read.roles["menuitem"] <= 8
        assert len(read.named_by) == read.roles["menuitem"]
