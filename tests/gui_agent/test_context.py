"""What actions get of a desktop: its least score, its snapshots, its steps."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from gui_agent.errors import ActionBlockedError
from gui_agent.safety.policy import RAW_ENOUGH, SURE_ENOUGH, Safety
from gui_agent.vision.selector import Selector
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context


class Calibrated(BlobFinder):
    calibrated = True


def test_the_least_score_is_that_of_the_rules_or_suits_the_model() -> None:
    assert fake_context().min_score == RAW_ENOUGH
    assert fake_context(Calibrated()).min_score == SURE_ENOUGH
    assert fake_context(Calibrated(), safety=Safety(min_score=0.25)).min_score == 0.25


def test_a_snapshot_stays_what_it_was() -> None:
    context = fake_context()
    context.screen.paint("#e01020", 20, 20)
    snapshot = context.current_snapshot()
    context.screen.paint("#ffffff", 20, 20)
    assert len(snapshot.ground("#e01020").all) == 1
    assert context.current_snapshot().ground("#e01020").all == []


def test_a_locked_screen_is_not_looked_at() -> None:
    context = fake_context()
    context.backend.locked = True
    with pytest.raises(ActionBlockedError, match="locked"):
        context.current_snapshot()
    assert context.screen.taken == 0


def test_steps_go_to_the_recorder() -> None:
    calls = []

    class Recorder:
        @contextmanager
        def step(self, action, selectors, arguments, screen):
            calls.append((action, selectors, arguments, screen))
            yield calls.append

    context = fake_context(recorder=Recorder())
    with context.step("press", [Selector("a")], {"chord": "x"}) as finish:
        finish("outcome")
    assert calls == [("press", [Selector("a")], {"chord": "x"}, context.screen), "outcome"]
    with fake_context().step("press", [], {}) as finish:
        finish("outcome")  # goes nowhere
