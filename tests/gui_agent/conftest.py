"""Fixtures: a real X display with a window manager, real windows on it, and a model that finds one colour."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

import molmo_act
from gui_agent.cli.main import main
from gui_agent.input.x11.virtual_display import virtual_display
from gui_agent.vision import sources
from tests.support.blob_model import BlobFinder
from tests.support.windows import FORM_PROGRAM, PAD_PROGRAM, Window

APT_PACKAGE_OF = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xprop": "x11-utils",
    "xclip": "xclip",
    "xdotool": "xdotool",
    "xrandr": "x11-xserver-utils",
    "setxkbmap": "x11-xkb-utils",
}


@pytest.fixture(autouse=True)
def _only_the_model(monkeypatch) -> None:
    """Queries of most tests are colours, which no program and no reader knows of."""
    monkeypatch.setattr(sources, "DEFAULT", ("model",))


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A virtual display; one for the whole run, since pyautogui keeps the first it sees."""
    missing = [program for program in APT_PACKAGE_OF if shutil.which(program) is None]
    if missing:
        packages = " ".join(APT_PACKAGE_OF[program] for program in missing)
        pytest.skip(f"needs {', '.join(missing)}: apt install {packages}")
    pytest.importorskip("tkinter", reason="needs tkinter: apt install python3-tk")
    with virtual_display(1280, 800) as name:
        yield name


@pytest.fixture
def open_window(display: str) -> Iterator[Callable[..., Window]]:
    """Opens windows that are closed at the end of the test."""
    with ExitStack() as stack:

        def open_one(*options: str, program: Path = FORM_PROGRAM) -> Window:
            window = Window(program, *options)
            stack.callback(window.close)
            return window

        yield open_one


@pytest.fixture
def open_pads(open_window: Callable[..., Window]) -> Callable[..., Window]:
    """Opens windows of pads (`pad_window.py`)."""
    return partial(open_window, program=PAD_PROGRAM)


@pytest.fixture
def colour_finder() -> BlobFinder:
    return BlobFinder(merge=True)


@pytest.fixture
def gui_agent_command(monkeypatch):
    """Runs the command with a finder of colours for its model, and gives the exit code."""
    monkeypatch.setattr(molmo_act, "load", lambda name_or_path, **options: BlobFinder())
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    return lambda *words: main([str(word) for word in words])
