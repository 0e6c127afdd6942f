"""What pages of several kinds stand in."""

from __future__ import annotations

import pytest

from model.data.web import frames
from tests.model.data.page_markup import check, composer


def test_windows_fill_small_screens_and_may_float_on_large_ones() -> None:
    assert all('class="desk"' not in frames.desktop_window(composer(s, 400, 400), "T", "") for s in range(30))
    large = [frames.desktop_window(composer(seed, 1600, 900), "T", "<p>inside</p>") for seed in range(40)]
    floating = [html for html in large if 'class="desk"' in html]
    assert 0 < len(floating) < len(large)
    for html in large:
        check(html)
        assert html.count("<p>inside</p>") == 1
    assert all("position:absolute;left:" in html for html in floating)


def test_some_concepts_keep_their_order_and_fit_the_width() -> None:
    concepts = ("copy", "cut", "trash", "home", "search", "edit")
    for seed in range(20):
        chosen = frames.some_of(composer(seed, 240, 400), concepts, 3)
        assert 3 <= len(chosen) <= 5  # one for every 48 pixels
        assert chosen == [concept for concept in concepts if concept in chosen]


def test_a_page_with_a_side_holds_its_main_part_once() -> None:
    for seed in range(12):
        html = frames.with_side(composer(seed), "<main>here</main>")
        read = check(html)
        assert html.count("<main>here</main>") == 1
        assert read.tags["aside"] == read.tags["header"] == 1


def test_a_message_says_who_wrote_it() -> None:
    for seed in range(12):
        read = check(frames.message_row(composer(seed)))
        wants = [intent for intent in read.intents if intent.startswith("read what ")]
        assert len(wants) == 1
        assert wants[0].endswith(" wrote")


@pytest.mark.parametrize(
    ("name", "icon"),
    [("Photos", "folder"), ("a.png", "image"), ("b.mp3", "music"), ("c.py", "code"), ("d.unknown", "file")],
)
def test_files_are_drawn_by_their_ending(name: str, icon: str) -> None:
    assert frames.file_icon(name) == icon


def test_names_of_files_have_endings_and_those_of_folders_none() -> None:
    names = [frames.file_name(composer(seed)) for seed in range(40)]
    assert any("." in name for name in names)
    assert all(name[0].isupper() for name in names if "." not in name)
