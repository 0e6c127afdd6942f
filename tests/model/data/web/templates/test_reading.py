"""Web pages to read: articles, forums, documentation."""

from __future__ import annotations

import pytest

from model.data.web.templates import reading
from tests.model.data.page_markup import check, check_kind, composer

KINDS = (reading.article, reading.forum, reading.docs, reading.results, reading.profile)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_kind_is_a_whole_document(kind) -> None:
    check_kind(kind)


def test_an_article_has_one_title_and_a_side_column_where_there_is_room() -> None:
    wide, narrow = (reading.article(composer(3, width, 620)) for width in (900, 500))
    assert check(wide).tags["h1"] == check(narrow).tags["h1"] == 1
    assert "width:13em" in wide
    assert "width:13em" not in narrow


def test_search_results_are_links_below_a_search_field_and_tabs() -> None:
    html = reading.results(composer())
    read = check(html)
    assert 'class="searchbox"' in html
    assert read.roles["tab"] >= 3
    assert read.tags["h3"] >= 3


def test_threads_can_be_voted_for_and_against() -> None:
    for seed in range(8):
        votes = [intent for intent in check(reading.forum(composer(seed))).intents if "vote" in intent]
        assert sum("vote for" in vote for vote in votes) == sum("vote against" in vote for vote in votes)
