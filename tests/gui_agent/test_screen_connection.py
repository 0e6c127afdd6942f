"""The connection to the screen: kept while it is good, made anew for other monitors, closed in the end."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gui_agent import Desktop
from gui_agent.screen_connection import ScreenConnection

from .conftest import BlobFinder

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
