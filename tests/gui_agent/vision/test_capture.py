"""Captures of the screen: one connection, kept while it is good, and closed in the end."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from gui_agent import Desktop
from gui_agent.geometry import Area
from gui_agent.vision.capture import Capture, Screen, ScreenConnection
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder

pytestmark = pytest.mark.display


def test_it_is_kept_until_the_monitors_change(display: str) -> None:
    connection = ScreenConnection()
    first = connection.open()
    assert connection.open() is first
    split = ["xrandr", "--setmonitor", "left", "800/210x800/210+0+0", "screen"]
    subprocess.run(split, check=True, capture_output=True)
    try:
        second = connection.open()
        assert second is not first
        assert second.monitors[1]["width"] == 800
    finally:
        subprocess.run(["xrandr", "--delmonitor", "left"], check=True, capture_output=True)
    assert connection.open().monitors == first.monitors


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not list open files")
def test_nothing_stays_open(display: str) -> None:
    def look() -> int:
        Desktop(BlobFinder()).screenshot()
        return len(os.listdir("/proc/self/fd"))

    open_files = look()
    assert [look() for _ in range(5)] == [open_files] * 5


def test_a_window_that_closes_while_the_screen_is_captured_stays_hidden(display) -> None:
    dialog = Area(10, 10, 50, 50)
    answers = iter([(dialog,), ()])  # before the image is taken, and after
    capture = Capture(ScreenConnection(), (1280, 800), lambda: next(answers))
    assert capture.take().hidden == (dialog,)


def test_a_screen_is_captured_whole_or_by_monitor(display: str) -> None:
    backend = Desktop(BlobFinder()).backend
    capture = Screen(backend).capture()
    assert capture.area(0) == capture.area(1) == Area(0, 0, 1280, 800)
    shot = Screen(backend, monitor=1).screenshot()
    assert shot.view.size == (1280, 800)
    assert shot.bgrx.shape == (800, 1280, 4)
    assert not shot.bgrx.flags.writeable
    assert shot.time <= time.monotonic()
    for monitor in (-1, 2):
        with pytest.raises(InputError, match=f"no monitor {monitor}: give 0 for the whole desktop, up to 1"):
            Screen(backend, monitor).screenshot()
