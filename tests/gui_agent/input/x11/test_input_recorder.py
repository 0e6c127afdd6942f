"""Mouse and keyboard are heard, whichever program they are for."""

from __future__ import annotations

import subprocess
import time

import pytest

from gui_agent.input.x11.input_recorder import InputRecorder

pytestmark = pytest.mark.display


def xdotool(*parts: object) -> None:
    subprocess.run(["xdotool", *map(str, parts)], check=True)


def test_events_are_heard(open_pads) -> None:
    left, top, _, _ = open_pads("dead:Pad=#e01020").boxes["Pad"]  # the bare desktop would open a menu
    recorder = InputRecorder()
    try:
        xdotool("mousemove", left, top, "click", 3, "key", "ctrl+shift+a", "F5", "Control_L", "at")
        found = [recorder.events.get(timeout=60) for _ in range(5)]
    finally:
        recorder.close()
    press, release, chord, plain, sign = found
    assert (press.kind, press.button, press.point) == ("press", 3, (left, top))
    assert (release.kind, release.button) == ("release", 3)
    assert (chord.kind, chord.key, chord.held) == ("key", "A", ("ctrl", "shift"))
    assert (plain.key, plain.held) == ("f5", ())
    assert sign.key == "@"
    assert press.time <= release.time <= sign.time <= time.monotonic()
    xdotool("key", "F6")
    time.sleep(0.1)
    assert recorder.events.empty()
