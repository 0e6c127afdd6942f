"""A locked screen, by lockers that nobody here wrote: one error, and the windows below receive nothing."""

from __future__ import annotations

import shutil
import subprocess
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from gui_agent import ActionBlockedError, Desktop
from gui_agent.input.pyautogui_backend import PyAutoGuiBackend
from tests.support.blob_model import BlobFinder

pytestmark = pytest.mark.display

RED = "#e01020"
LOCKERS = (("i3lock", "--nofork"), ("xsecurelock",))


@pytest.fixture
def x(display: str) -> Iterator[object]:
    """A connection of another program to the display."""
    from Xlib.display import Display

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it leaves its access file open
        connection = Display(display)
    yield connection
    connection.close()


def takes_keyboard(x) -> bool:
    from Xlib import X

    return x.screen().root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime) == 0


def is_keyboard_free(x) -> bool:
    from Xlib import X

    free = takes_keyboard(x)
    x.ungrab_keyboard(X.CurrentTime)
    x.sync()
    return free


def wait_until(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def locked(x, *command: str) -> Iterator[None]:
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}: apt install {command[0]}")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as locker:
        try:
            wait_until(lambda: not is_keyboard_free(x))
            yield
        finally:
            locker.terminate()
    wait_until(lambda: is_keyboard_free(x))


@pytest.mark.parametrize("command", LOCKERS, ids=lambda command: command[0])
def test_nothing_is_done_on_a_locked_screen(open_pads, x, command) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    desktop = Desktop(BlobFinder(), timeout=5.0, verify_seconds=0.1)
    before = desktop.backend.position()
    with locked(x, *command):
        for act in (
            desktop.locator(RED).click,
            desktop.locator(RED).find,
            desktop.locator(RED).all,
            desktop.expect(RED).to_be_visible,
            lambda: desktop.type("secret"),
            lambda: desktop.press("enter"),
            lambda: desktop.scroll(1),
        ):
            with pytest.raises(ActionBlockedError, match="The screen is locked"):
                act()
        assert desktop.backend.position() == before
        assert desktop.model.looks == 0
        assert desktop.screenshot().view.size == (1280, 800)  # to look at it is no act
    desktop.click(RED)
    assert [event["event"] for event in pads.received()].count("press") == 1


def test_a_screen_that_is_locked_while_the_model_looks(open_pads, x) -> None:
    pads = open_pads(f"toggle:Go={RED}")
    with ExitStack() as stack:
        desktop = Desktop(BlobFinder(lambda look: stack.enter_context(locked(x, *LOCKERS[0]))), timeout=0.5)
        with pytest.raises(ActionBlockedError, match="The screen is locked"):
            desktop.click(RED)
    assert "press" not in [event["event"] for event in pads.received()]


@pytest.mark.parametrize("window_class", [1, 2])  # InputOutput, and InputOnly, which shows the screen below
def test_it_takes_a_cover_and_the_keyboard(display, x, window_class) -> None:
    from Xlib import X

    backend = PyAutoGuiBackend()
    cover = x.screen().root.create_window(
        0, 0, 1280, 800, 0, X.CopyFromParent, window_class, X.CopyFromParent, override_redirect=True
    )
    x.sync()
    assert not backend.is_locked()
    assert takes_keyboard(x)  # as a menu does
    assert not backend.is_locked()
    cover.map()
    x.sync()
    assert backend.is_locked()
    x.ungrab_keyboard(X.CurrentTime)  # as an image shown over everything, a wallpaper or a compositor
    x.sync()
    assert not backend.is_locked()
    cover.configure(height=790)  # what does not cover everything is no lock
    assert takes_keyboard(x)
    assert not backend.is_locked()
    x.ungrab_keyboard(X.CurrentTime)
    cover.destroy()
    x.sync()
