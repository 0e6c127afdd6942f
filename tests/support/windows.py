"""Real windows in processes of their own, which say what they received."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

from gui_agent import Desktop, InputBackend
from tests.support.paths import ROOT

FORM_PROGRAM = ROOT / "examples" / "form_window.py"
ANSWER_SECONDS = 60.0  # that a program may take on a machine that has much else to do
PAD_PROGRAM = ROOT / "tests" / "gui_agent" / "pad_window.py"


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

    def received(self) -> list[dict]:
        """All that it has received until now and that was not taken yet, however busy the machine is."""
        self.tell("ping")
        events = []
        while (event := self.next_event(ANSWER_SECONDS)) is not None and event["event"] != "pong":
            events.append(event)
        assert event is not None, "the window does not answer"
        return events

    def wait_for(self, kind: str) -> None:
        """Waits for an event of a kind, and takes those before it."""
        while (event := self.next_event(ANSWER_SECONDS)) is not None and event["event"] != kind:
            pass
        assert event is not None, f"the window never said {kind!r}"

    def final_text(self, expected: str, seconds: float = 5.0) -> str | None:
        """The last content of a field, waiting until it is the expected one or nothing comes any more."""
        text = None
        while text != expected and (event := self.next_event(seconds)) is not None:
            if event["event"] == "text":
                text = event["text"]
        return text

    def tell(self, word: str) -> None:
        """Writes a line to the window's stdin."""
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()


def middle(window: Window, name: str) -> tuple[int, int]:
    """The middle of a named widget, in pixels of the screen."""
    left, top, width, height = window.boxes[name]
    return left + width // 2, top + height // 2


def focus(desktop: Desktop, box: list[int]) -> None:
    """Clicks the middle of a box [left, top, width, height] of a window."""
    left, top, width, height = box
    click_at(desktop.backend, left + width // 2, top + height // 2)


def click_at(backend: InputBackend, x: int, y: int, button: str = "left") -> None:
    """Clicks a place without looking, as a person would."""
    backend.move(x, y)
    backend.button_down(button)
    backend.button_up(button)
    backend.wait_until_clicked()
