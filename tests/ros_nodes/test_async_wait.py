"""A coroutine that waits for another thread's future gives its executor a turn, and is woken at the end."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from molmo_act_ros.async_wait import until_done


def ended(waiting) -> bool:
    """Gives the coroutine a turn, as an executor does; whether it has returned."""
    try:
        waiting.send(None)
    except StopIteration:
        return True
    return False


@pytest.mark.parametrize(
    "end",
    [
        lambda future: future.set_result(7),
        lambda future: future.set_exception(ValueError("lost")),  # is not raised here
        lambda future: future.cancel(),
    ],
)
def test_it_goes_on_only_when_the_future_is_done(end):
    future: Future[int] = Future()
    woken: list[bool] = []
    waiting = until_done(future, lambda: woken.append(future.done()))
    assert not ended(waiting)
    assert not ended(waiting), "woken for something else"
    assert woken == []
    end(future)
    assert woken == [True], "the executor would sleep on otherwise"
    assert ended(waiting)


def test_a_future_that_is_done_needs_no_turn():
    future: Future[int] = Future()
    future.set_result(7)
    assert ended(until_done(future, lambda: None))
