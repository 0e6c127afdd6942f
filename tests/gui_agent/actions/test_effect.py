"""What an action did to the screen, told from what the screen does by itself."""

from __future__ import annotations

import pytest

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import Click
from gui_agent.vision.selector import Selector
from tests.support.fake_desktop import fake_context

RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"
CLOCK = (240, 200, 30, 12)


@pytest.fixture
def context():
    """A red target, and a clock away from it that is painted when it is `running`."""
    context = fake_context()
    context.screen.paint(RED, 20, 20)
    return context


def click(context):
    context.clock.sleep(2)  # so that it becomes no double click
    return perform(context, "click", [Selector(RED)], [Click()], {})


def run_clock(context) -> None:
    def tick(_: int) -> None:
        context.screen.paint(GREEN if int(context.clock.time) % 2 else BLUE, *CLOCK)

    context.screen.before_take = tick


def test_a_clock_is_no_effect_of_a_dead_button(context) -> None:
    run_clock(context)
    for _ in range(3):
        assert click(context).effect in ("unverifiable", "unchanged")


def test_a_line_of_status_is_an_effect_and_watched_once(context) -> None:
    colours = iter([GREEN, BLUE] * 3)
    context.backend.on_click = lambda: context.screen.paint(next(colours), *CLOCK)
    first, second = click(context), click(context)
    assert first.effect == second.effect == "changed"
    assert first.verify_seconds > 1 > 0.2 > second.verify_seconds


def test_a_large_change_is_no_clock(context) -> None:
    context.backend.on_click = lambda: context.screen.paint(GREEN, 120, 60, 150, 100)
    result = click(context)
    assert result.effect == "changed"
    assert result.verify_seconds < 0.2


def test_a_real_effect_beside_a_clock(context) -> None:
    run_clock(context)
    click(context)
    context.backend.on_click = lambda: context.screen.paint(GREEN, 120, 60, 80, 60)
    assert click(context).effect == "changed"
