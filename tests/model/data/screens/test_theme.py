"""The look of screens: text can be read, and sizes follow from the body text."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.random_blocks import RandomBlocks
from model.data.screens.fonts import families
from model.data.screens.theme import Theme, blend, draw_theme, readable_on


def theme(seed: int) -> Theme:
    return draw_theme(RandomBlocks(np.random.default_rng(seed)), families("train"), ("one", "two"))


def light(colour: tuple[int, int, int]) -> float:
    return float(np.dot(colour, (0.299, 0.587, 0.114)))


def test_text_stands_out_from_what_it_lies_on() -> None:
    for seed in range(100):
        look = theme(seed)
        assert abs(light(look.text) - light(look.panel)) > 60
        assert abs(light(look.bar_text) - light(look.bar)) > 60
        assert abs(light(look.on_accent) - light(look.accent)) > 60
        assert (light(look.text) > light(look.panel)) == look.dark


def test_sizes_follow_the_body_text() -> None:
    for seed in range(50):
        look = theme(seed)
        assert 10 <= look.em <= 26
        assert look.small.height <= look.body.height + 1
        assert look.heading.font.size > look.body.font.size
        assert look.icon_style in ("one", "two")


def test_every_habit_occurs() -> None:
    looks = [theme(seed) for seed in range(200)]
    assert {look.button for look in looks} == {"filled", "outlined", "soft", "classic", "flat"}
    assert {look.fields for look in looks} == {"above", "left", "inside"}
    assert 0.2 < np.mean([look.dark for look in looks]) < 0.5


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, (10, 20, 30)), (1.0, (110, 120, 130)), (0.5, (60, 70, 80))]
)
def test_colours_are_blended_by_share(share: float, expected: tuple[int, int, int]) -> None:
    assert blend((10, 20, 30), (110, 120, 130), share) == expected


def test_text_is_white_on_dark_and_dark_on_light() -> None:
    assert readable_on((20, 40, 90)) == (255, 255, 255)
    assert readable_on((230, 230, 120)) == (25, 25, 30)
