"""A real X display with a window manager and real windows, and a model that looks for one colour."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from queue import Empty, Queue

import numpy as np
import pytest
from scipy import ndimage

from gui_agent.virtual_display import virtual_display
from molmo_act.points import Points

FORM_PROGRAM = Path(__file__).parents[2] / "examples" / "form_window.py"
PAD_PROGRAM = Path(__file__).with_name("pad_window.py")


APT_PACKAGE_OF = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xprop": "x11-utils",
    "xclip": "xclip",
    "xdotool": "xdotool",
    "xrandr": "x11-xserver-utils",
    "setxkbmap": "x11-xkb-utils",
}


class ColourFinder:
    """Points at the middle of the pixels of the colour that the query names; stands in for the eye only."""

    def __init__(self, score: float = 0.9) -> None:
        self.score = score

    def point(self, image: object, query: str) -> Points:
        pixels = np.asarray(image)
        wanted = [int(query[i : i + 2], 16) for i in (1, 3, 5)]
        rows, columns = np.nonzero((pixels == wanted).all(axis=-1))
        size = [(pixels.shape[1], pixels.shape[0])]
        if len(rows) == 0:
            return Points(xy=[], score=[], image_size=size, query=query, absent=0.99)
        middle = [[(columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2]]
        return Points(xy=middle, score=[self.score], image_size=size, query=query)


class BlobFinder:
    """Points at the middle of each connected patch of the colour that the query names.

    Args:
        meanwhile: Is called with the number of each look, 1 and up, before the answer is given, so that the
            screen changes between the look and the act.
    """

    def __init__(self, meanwhile: Callable[[int], object] = lambda look: None) -> None:
        self.meanwhile = meanwhile
        self.looks = 0

    def point(self, image: object, query: str) -> Points:
        pixels = np.asarray(image)
        blobs, _ = ndimage.label((pixels == [int(query[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1))
        boxes = [box for box in ndimage.find_objects(blobs) if box[0].stop - box[0].start > 8]
        middles = [[(x.start + x.stop) / 2, (y.start + y.stop) / 2] for y, x in boxes]
        self.looks += 1
        self.meanwhile(self.looks)
        size = [(pixels.shape[1], pixels.shape[0])]
        return Points(xy=middles, score=[0.9] * len(middles), image_size=size, query=query)


class Window:
    """A real window in a process of its own, and what it says it received."""

    def __init__(self, program: Path, *options: str) -> None:
        command = [sys.executable, str(program), *options]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._events: Queue[dict] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        ready = self.next_event(seconds=20)
        while ready is not None and ready["event"] != "ready":  # the pointer may be where it opens
            ready = self.next_event(seconds=20)
        assert ready is not None, "the window did not open"
        self.boxes: dict[str, list[int]] = ready["boxes"]

    def _read(self) -> None:
        for line in self._process.stdout:
            self._events.put(json.loads(line))

    def next_event(self, seconds: float = 5.0) -> dict | None:
        """The next thing it received, or None when nothing comes for that long."""
        try:
            return self._events.get(timeout=seconds)
        except Empty:
            return None

    def final_text(self, expected: str, seconds: float = 5.0) -> str | None:
        """The last content of a field, waiting until it is the expected one or nothing comes any more."""
        text = None
        while text != expected and (event := self.next_event(seconds)) is not None:
            if event["event"] == "text":
                text = event["text"]
        return text

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()


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
def colour_finder() -> ColourFinder:
    return ColourFinder()
