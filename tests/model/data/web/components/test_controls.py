"""Things to press, to tick and to fill in."""

from __future__ import annotations

import re

import pytest

from model.data.web.components import controls
from tests.model.data.page_markup import check, check_part, composer


@pytest.mark.parametrize(
    "part",
    [controls.button, controls.buttons, controls.field, controls.text_area, controls.dropdown,
     controls.options, controls.slider, controls.search, controls.form],
    ids=lambda part: part.__name__,
)  # fmt: skip
def test_every_part_is_whole(part) -> None:
    check_part(part)


def test_an_intent_is_an_attribute_or_nothing() -> None:
    assert controls.intent() == controls.intent("", "") == ""
    assert controls.intent("keep it", "", "store it") == ' data-intent="keep it|store it"'


def test_a_button_is_made_in_all_the_ways_that_pages_make_them() -> None:
    made = [controls.button(composer(seed), "Go", wants="leave") for seed in range(60)]
    assert all("Go" in html and 'data-intent="leave"' in html for html in made)
    assert {re.match(r"<(\w+)", html)[1] for html in made} == {"a", "input", "button"}
    drawn = [controls.button(composer(seed), "Go", drawing="trash") for seed in range(60)]
    assert not any(html.startswith("<input") for html in drawn)  # which could not show the icon


def test_at_most_one_button_of_a_row_is_the_main_one() -> None:
    for seed in range(40):
        assert len(re.findall(r'class="(?:b|btn) main"', controls.buttons(composer(seed)))) <= 1


def test_an_icon_that_cannot_be_drawn_is_left_out() -> None:
    assert controls.icon(composer(), "no-such-icon") == ""
    assert controls.icon_button(composer(), "no-such-icon") == ""
    assert 'data-concept="trash"' in controls.icon_button(composer(), "trash", "throw it away")


def test_a_label_belongs_to_its_field_or_is_a_hint() -> None:
    for seed in range(30):
        c = composer(seed)
        html = controls.field(c, "City")
        read = check(html)
        if read.tags["label"]:
            assert len(read.named_by) == 1
            assert re.search(r">City(:| \*)?</label>", html)
        else:
            assert c.beside == "hint"
            assert 'placeholder="City"' in html


def test_ticks_are_boxes_buttons_of_a_group_or_switches() -> None:
    c = composer()
    assert 'type="checkbox" name=""' in controls.tick(c, "checkbox", "A")
    assert 'type="radio" name="g"' in controls.tick(c, "radio", "A", "g")
    assert 'role="switch"' in controls.tick(c, "toggle", "A")
    across = controls.tick(c, "toggle", "A", across=True)
    assert across.index("<span>A</span>") < across.index("<input")


def test_radio_buttons_that_stand_together_share_a_group() -> None:
    for seed in range(40):
        groups = re.findall(r'type="radio" name="(\w+)"', controls.options(composer(seed)))
        assert len(set(groups)) <= 1
