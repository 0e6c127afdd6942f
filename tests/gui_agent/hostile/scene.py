"""What the tests of hostile desktops have in common."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from gui_agent import Desktop, Safety
from tests.support.blob_model import BlobFinder
from tests.support.windows import Window

Found = TypeVar("Found")
HOSTILE = Path(__file__).parents[1].joinpath("hostile_window.py")
BUMPER = Path(__file__).parents[1].joinpath("pointer_bumper.py")
RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"
POINTER = ("press", "release", "wheel", "double")


def desktop_with(meanwhile=lambda look: None, *, record=None, **rules) -> Desktop:
    return Desktop(
        BlobFinder(meanwhile), safety=Safety(**rules), timeout=5.0, verify_seconds=0.1, record=record
    )


def events(window: Window, *kinds: str) -> list[dict]:
    """What a window has received of these kinds."""
    return [one for one in window.received() if one["event"] in kinds]


@contextmanager
def bumped(x: int, y: int, milliseconds: int) -> Iterator[None]:
    """Somebody pushes the pointer to a place all the time."""
    command = [sys.executable, str(BUMPER), str(x), str(y), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as bumper:
        try:
            assert bumper.stdout.readline() == b"ready\n"
            yield
        finally:
            bumper.terminate()


def wait_for(condition: Callable[[], Found], seconds: float = 60.0) -> Found:
    """Waits until something is so, on a busy machine for long, and gives what the condition gave."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found
