"""What a result says of an action, and what it draws."""

from __future__ import annotations

import numpy as np
import pytest

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import Click
from gui_agent.actions.result import WAITS, ActionResult
from gui_agent.vision.annotate import MARK
from gui_agent.vision.selector import Selector
from tests.support.fake_desktop import fake_context

RED = "#e01020"


def marked(result: ActionResult) -> np.ndarray:
    """(x, y) of the middle of all marks."""
    rows, columns = np.nonzero((np.asarray(result.draw()) == MARK).all(axis=-1))
    return np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2


def result_of(context) -> ActionResult:
    return perform(context, "click", [Selector(RED)], [Click()], {}, timeout=0)


def test_the_first_place_stands_for_the_action() -> None:
    context = fake_context(verify_seconds=0)
    context.screen.paint(RED, 100, 100)
    result = result_of(context)
    assert (result.point, result.score) == ((120, 110), pytest.approx(0.9))
    assert marked(result) == pytest.approx((120, 110))
    keys = perform(context, "press", [], [], {})
    assert (keys.point, keys.score) == (None, None)
    assert not (np.asarray(keys.draw()) == MARK).all(axis=-1).any()


def test_actions_are_drawn_on_the_screen_before_and_waits_on_the_last_look() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 100)
    before = context.screen.take()
    context.screen.paint("#000000", 0, 0)
    after = context.screen.take()
    for action, shot in (("click", before), (WAITS[0], after)):
        result = ActionResult(action, "changed", (), before, after, 1.0, 0.0)
        assert np.array_equal(np.asarray(result.draw()), shot.pixels)


def test_what_it_prints_holds_no_pixels() -> None:
    context = fake_context(verify_seconds=0)
    context.screen.paint(RED, 100, 100)
    assert len(repr(result_of(context))) < 500
