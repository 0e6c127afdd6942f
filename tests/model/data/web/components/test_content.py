"""Cards, lists, tables and charts."""

from __future__ import annotations

import re

import pytest

from model.data.web.components import content
from tests.model.data.page_markup import check, check_part, composer


@pytest.mark.parametrize(
    "part",
    [content.alert, content.progress, content.table, content.chart, content.stat, content.month],
    ids=lambda part: part.__name__,
)
def test_every_part_is_whole(part) -> None:
    check_part(part)


def test_a_table_has_as_many_cells_in_every_row() -> None:
    for seed in range(20):
        html = content.table(composer(seed), rows=4, columns=3)
        rows = [len(re.findall(r"<t[dh][ >]", row)) for row in html.split("<tr>")[1:]]
        assert len(rows) == 5
        assert len(set(rows)) == 1
        assert 3 <= rows[0] <= 5  # boxes to tick before, icons behind


def test_icons_of_a_table_say_on_which_row_they_act() -> None:
    seen = set()
    for seed in range(30):
        html = content.table(composer(seed), rows=3, columns=2)
        for row in html.split("<tr>")[2:]:
            first = re.search(r"<td>(?!<)([^<]*)</td>", row)
            for intent in re.findall(r'data-intent="([^"]*)"', row):
                seen.add(intent.split(" ")[0])
                assert intent.endswith(f" {first[1]}")
    assert {"edit", "delete", "show", "more", "download"} <= seen


def test_a_row_of_a_list_is_named_by_its_title() -> None:
    html = content.list_row(composer(), "Anna", below="Hello", on=True, wants="read it")
    read = check(html)
    assert read.roles["option"] == 1
    assert 'class="li on"' in html
    assert re.search(r'aria-labelledby="(\w+)".*<span id="\1">Anna</span>', html)
    assert read.intents == ["read it"]


def test_a_face_has_the_initials_and_is_no_text() -> None:
    assert content.face(composer(), "Anna Maria Smith") == '<span class="face" aria-hidden="true">AM</span>'


def test_a_month_starts_on_its_day() -> None:
    for seed in range(10):
        days = re.findall(r"<button>(\d+)</button>", content.month(composer(seed)))
        assert [int(day) for day in days] == list(range(1, len(days) + 1))
        assert 28 <= len(days) <= 31


def test_an_image_has_its_height_and_no_name() -> None:
    html = content.image(composer(), 7.25)
    assert 'style="height:7.2em;background-image:' in html
    assert check(html).tags == {"div": 1}
