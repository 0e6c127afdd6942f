"""The box around a place, by the colour around it."""

from __future__ import annotations

import pytest

from gui_agent.geometry import Area
from gui_agent.vision.extent import extent_at
from tests.support.fake_desktop import fake_context

BUTTON = Area(40, 30, 120, 50)


@pytest.fixture
def screen():
    """A light page with a button on it, and on that dark letters that touch its edge."""
    screen = fake_context().screen
    screen.paint("#f0f0f0", 0, 0, 320, 240)
    screen.paint("#c0d0e0", 40, 30, 120, 50)
    for left in range(70, 130, 12):
        screen.paint("#202020", left, 45, 6, 20)
    screen.paint("#202020", 100, 30, 3, 50)  # from edge to edge: the parts beside it belong together
    return screen


@pytest.mark.parametrize("place", [(50.5, 40.5), (73.5, 55.5), (99.5, 68.5)])
def test_a_button_with_letters_on_it(screen, place) -> None:
    screen.paint("#c0d0e0", 100, 30, 3, 4)
    assert extent_at(screen.take(), place) == BUTTON


def test_a_crooked_thing_is_boxed_whole(screen) -> None:
    for box in [(180, 80, 100, 20), (260, 80, 20, 100), (210, 160, 70, 20), (210, 120, 20, 60)]:
        screen.paint("#a01040", *box)
    assert extent_at(screen.take(), (186.5, 90.5)) == Area(180, 80, 100, 100)


def test_a_page_has_no_edges(screen) -> None:
    assert extent_at(screen.take(), (10.5, 200.5)) is None
    screen.paint("#000000", 300, 200, 2, 2)  # too small for a thing
    assert extent_at(screen.take(), (301.0, 201.0)) is None


def test_a_place_at_the_very_edge(screen) -> None:
    screen.paint("#10a040", 300, 220, 20, 20)
    assert extent_at(screen.take(), (320.0, 240.0)) == Area(300, 220, 20, 20)
