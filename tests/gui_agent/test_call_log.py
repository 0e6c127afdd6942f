"""What an error tells of the time before it."""

from __future__ import annotations

import pytest

from gui_agent.call_log import FIRST_SHOWN, LAST_SHOWN, CallLog
from gui_agent.errors import Ambiguous, DesktopError, Unstable
from tests.support.fake_desktop import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_lines_have_the_time_since_the_beginning(clock) -> None:
    log = CallLog(clock)
    clock.sleep(1.5)
    log.note("first")
    clock.sleep(1)
    log.note("second")
    assert log.lines() == ("  1.50 s  first", "  2.50 s  second")


def test_what_repeats_is_counted(clock) -> None:
    log = CallLog(clock)
    for text in ("same", "same", "same", "other", "same"):
        log.note(text)
        clock.sleep(1)
    assert log.lines() == ("  0.00 s  same (3 times)", "  3.00 s  other", "  4.00 s  same")


def test_a_long_log_keeps_its_beginning_and_its_end(clock) -> None:
    log = CallLog(clock)
    for number in range(FIRST_SHOWN + LAST_SHOWN + 5):
        log.note(f"line {number}")
    lines = log.lines()
    assert len(lines) == FIRST_SHOWN + 1 + LAST_SHOWN
    assert lines[FIRST_SHOWN] == "  …      5 more lines"
    assert lines[-1].endswith(f"line {FIRST_SHOWN + LAST_SHOWN + 4}")


def test_errors_take_it_along(clock) -> None:
    log = CallLog(clock)
    log.note("waited")
    with pytest.raises(Unstable) as raised, log.explaining():
        raise Unstable("It moves.")
    assert str(raised.value).splitlines() == [
        "It moves.",
        "Call log:",
        "  0.00 s  waited",
        "  0.00 s  gave up: Unstable",
    ]


@pytest.mark.parametrize("error", [Ambiguous("Two."), ValueError("Not ours.")])
def test_other_errors_do_not(clock, error) -> None:
    log = CallLog(clock)
    log.note("waited")
    with pytest.raises(type(error)) as raised, log.explaining():
        raise error
    assert "Call log" not in str(raised.value)


def test_an_error_before_any_look_has_none(clock) -> None:
    with pytest.raises(DesktopError) as raised, CallLog(clock).explaining():
        raise DesktopError("Refused.")
    assert str(raised.value) == "Refused."
