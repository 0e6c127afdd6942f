"""A held button is let go once, where it was pressed, also past the fail-safe."""

from __future__ import annotations

import signal
import threading

import pytest

from gui_agent.errors import ActionBlockedError
from gui_agent.input.held_button import HeldButton
from tests.support.fake_desktop import FakeBackend


@pytest.fixture
def held() -> HeldButton:
    held = HeldButton(FakeBackend())
    held.arm()
    held.press("right", (40, 30))
    return held


def test_it_is_released_elsewhere(held) -> None:
    held.release((50, 60))
    assert held._backend.log == [("button down", "right"), ("button up", "right")]
    assert held.name is None
    assert not held.let_go()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_it_is_let_go_where_it_was_pressed(held) -> None:
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert held.let_go()
    assert held._backend.log[1:] == [("move", 40, 30), ("button up", "right")]
    assert not held.let_go()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_fail_safe_does_not_keep_it_down(held) -> None:
    def hold(x: int, y: int) -> None:
        raise ActionBlockedError("The pointer is in the top-left corner.")

    held._backend.move = hold
    assert held.let_go()
    assert held._backend.log[-1] == ("button up", "right")


def test_another_thread_may_release_it(held) -> None:
    thread = threading.Thread(target=held.let_go)
    thread.start()
    thread.join()
    assert held.name is None
    held._ending.close()  # which only the thread that armed it can do
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
