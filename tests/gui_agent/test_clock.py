"""Time that passes, and times that are none."""

from __future__ import annotations

import time

import pytest

from gui_agent.clock import Clock, require_seconds
from molmo_act.errors import InputError


def test_it_sleeps_until_a_moment_and_never_backwards() -> None:
    clock = Clock()
    began = clock.now()
    assert began == pytest.approx(time.monotonic(), abs=1)
    clock.sleep_until(began + 0.05)
    assert clock.now() - began >= 0.05
    clock.sleep_until(began - 60)
    clock.sleep(-60)
    assert clock.now() - began < 5


@pytest.mark.parametrize("seconds", [0, 0.5, 10, float("inf")])
def test_times_to_wait(seconds) -> None:
    assert require_seconds(seconds) == seconds


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan")])
def test_times_that_are_none(seconds) -> None:
    with pytest.raises(InputError, match=r"verify_seconds is .*; expected seconds of at least 0"):
        require_seconds(seconds, "verify_seconds")


@pytest.mark.parametrize("timeout", [5000, 600.5])
def test_milliseconds_are_taken_for_seconds_but_not_silently(timeout) -> None:
    with pytest.warns(UserWarning, match=f"{timeout:g} seconds; where milliseconds are meant, give"):
        assert require_seconds(timeout) == timeout


@pytest.mark.parametrize("timeout", ["5", True, None, float("nan")])
def test_what_is_no_time_is_refused(timeout) -> None:
    with pytest.raises(InputError, match="expected seconds"):
        require_seconds(timeout)
