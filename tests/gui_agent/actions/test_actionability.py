"""When a target may be acted on: it is there, it is one thing, and it holds still."""

from __future__ import annotations

import time

import pytest

from gui_agent.actions.actionability import (
    IDLE_TIMES,
    POLL_SECONDS,
    STILL_SECONDS,
    describe,
    neighborhood,
    wait_for_change,
    wait_until_actionable,
)
from gui_agent.call_log import CallLog
from gui_agent.errors import ActionBlockedError, Ambiguous, NotFound, Unstable
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.selector import Selector
from tests.support.blob_model import BlobFinder
from tests.support.fake_desktop import fake_context

RED, GREEN = "#e01020", "#10a040"


def find(context, *queries: str, seconds: float = 2.0):
    selectors = [Selector(query) for query in queries]
    deadline = context.clock.now() + seconds
    return wait_until_actionable(
        context, context.screen.capture(), selectors, deadline, CallLog(context.clock)
    )


def test_a_screen_that_holds_still_needs_one_look() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 60)
    context.backend.shown = [WindowInfo(7, "Pad", Area(90, 50, 100, 100), None)]
    ready = find(context, RED)
    assert [match.point for match in ready.targets] == [(120, 70)]
    assert ready.windows == tuple(context.backend.shown)
    assert not ready.restless.any()
    assert context.grounder.model.looks == 1
    assert context.screen.taken == 2
    assert context.backend.log == []


def test_the_second_capture_comes_no_earlier_than_the_screen_has_to_be_still() -> None:
    context = fake_context()
    context.screen.paint(RED, 100, 60)
    times = []
    context.screen.before_take = lambda number: times.append(context.clock.time)
    find(context, RED)
    assert times[1] - times[0] >= STILL_SECONDS


def test_it_appears_while_it_is_waited_for_and_the_model_sees_each_screen_once() -> None:
    context = fake_context()
    context.screen.before_take = lambda number: number == 4 and context.screen.paint(RED, 100, 60)
    assert find(context, RED).targets[0].point == (120, 70)
    assert context.grounder.model.looks == 2


def test_nothing_appears_in_time() -> None:
    context = fake_context()
    began = context.clock.time
    with pytest.raises(NotFound, match="Nothing on the screen matches"):
        find(context, RED, seconds=1.5)
    assert 1.5 <= context.clock.time - began < 2
    assert context.grounder.model.looks == 1


def test_two_of_them_are_not_waited_for() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 60)
    context.screen.paint(RED, 200, 60)
    began = context.clock.time
    with pytest.raises(Ambiguous):
        find(context, RED)
    assert context.clock.time - began < 0.1


def test_a_low_score_is_waited_with_and_then_left_to_the_caller() -> None:
    context = fake_context(BlobFinder(score=0.05))
    context.screen.paint(RED, 100, 60)
    began = context.clock.time
    assert find(context, RED, seconds=1.0).targets[0].score == pytest.approx(0.05)
    assert context.clock.time - began >= 1.0


def test_a_target_that_moves_once_is_found_where_it_is_then() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 60)

    def move(number: int) -> None:
        if number == 1:
            context.screen.paint("#ffffff", 20, 60)
            context.screen.paint(RED, 200, 160)

    context.screen.before_take = move
    assert find(context, RED).targets[0].point == (220, 170)


def blinking(context, left: int, top: int):
    """Something that looks different in each capture."""
    return lambda number: context.screen.paint(f"#0000{number % 2 * 255:02x}", left, top, 20, 20)


def test_something_restless_far_away_needs_two_looks_at_the_same_place() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 20)
    context.screen.before_take = blinking(context, 280, 200)
    ready = find(context, RED)
    assert ready.targets[0].point == (40, 30)
    assert ready.restless[200 // 16, 280 // 16]
    assert context.grounder.model.looks == 2


def test_something_restless_beside_the_target_is_unstable() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 20)
    context.screen.before_take = blinking(context, 80, 20)
    with pytest.raises(Unstable, match=f"'{RED}' does not hold still, or the screen around it"):
        find(context, RED, seconds=0.5)


def test_somebody_who_holds_the_abort_key_ends_the_wait() -> None:
    context = fake_context()
    context.screen.before_take = lambda number: number == 3 and context.backend.held.add("esc")
    with pytest.raises(ActionBlockedError, match="abort key"):
        find(context, RED, seconds=60)


def test_waiting_for_a_change() -> None:
    context = fake_context()
    shot = context.screen.take()
    began = context.clock.now()
    assert not wait_for_change(context, context.screen, shot, began + 1.0)
    assert context.clock.time >= began + 1.0
    context.screen.before_take = lambda number: context.screen.paint(RED, 100, 60)
    assert wait_for_change(context, context.screen, shot, context.clock.now() + 60)
    assert not wait_for_change(context, context.screen, shot, context.clock.now() - 1)  # the time is over


def test_slow_captures_are_taken_less_often() -> None:
    context = fake_context()
    shot = context.screen.take()
    slow = 0.1
    context.screen.before_take = lambda number: context.clock.sleep(slow)
    first = context.screen.taken
    wait_for_change(context, context.screen, shot, context.clock.now() + 20 * IDLE_TIMES * slow)
    assert context.screen.taken - first <= 22
    assert IDLE_TIMES * slow > POLL_SECONDS


def test_the_neighborhood_of_a_match_in_blocks() -> None:
    context = fake_context()
    context.screen.paint(RED, 140, 100)
    [match] = find(context, RED).targets
    assert match.point == (160, 110)
    assert neighborhood(match, match.screenshot) == (
        slice(46 // 16, 174 // 16 + 1),
        slice(96 // 16, 224 // 16 + 1),
    )


def test_the_neighborhood_ends_at_the_edge_of_the_screen() -> None:
    context = fake_context()
    context.screen.paint(RED, 0, 0)
    [match] = find(context, RED).targets
    rows, columns = neighborhood(match, match.screenshot)
    assert (rows.start, columns.start) == (0, 0)


def test_targets_in_messages() -> None:
    context = fake_context()
    context.screen.paint(RED, 20, 20)
    context.screen.paint(GREEN, 200, 20)
    assert describe(find(context, RED, GREEN).targets) == f"'{RED}' and '{GREEN}'"


def test_no_target_at_all_needs_no_model() -> None:
    context = fake_context()
    began = time.monotonic()
    assert find(context).targets == ()
    assert context.grounder.model.looks == 0
    assert time.monotonic() - began < 1  # the clock of the test, not the real one
