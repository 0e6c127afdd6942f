"""``molmo-act watch`` in a process of its own: frames lie around the target, and follow it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gui_agent import Desktop
from gui_agent.cli.watch import register
from gui_agent.vision.overlay import COLOUR, SIDE
from tests.support.blob_model import BlobFinder

RED = "#e01020"
PROGRAM = """
import argparse
import molmo_act
from gui_agent.cli.watch import register
from tests.support.blob_model import BlobFinder
molmo_act.load = lambda name_or_path, **options: BlobFinder()
parser = argparse.ArgumentParser()
register(parser.add_subparsers())
arguments = parser.parse_args(["watch", "#e01020", "--every", "0.3", "--seconds", "60"])
arguments.run(arguments)
"""


def frame_box(desktop: Desktop) -> list[int] | None:
    """Left, top, right and bottom of everything that has the colour of frames."""
    pixels = desktop.screenshot().pixels
    rows, columns = np.nonzero((pixels == [int(COLOUR[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1))
    return [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] if len(rows) else None


def wait_for_frame(desktop: Desktop, middle: tuple[int, int]) -> bool:
    x, y = (value - SIDE // 2 for value in middle)
    deadline = time.monotonic() + 60
    while frame_box(desktop) != [x, y, x + SIDE, y + SIDE]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.display
def test_frames_lie_around_the_target_and_follow_it(open_pads) -> None:
    pads = open_pads(f"dead:Go={RED}", "--title", "Watched", "--geometry", "300x120+80+80")
    left, top, width, height = pads.boxes["Go"]
    middle = left + width // 2, top + height // 2
    desktop = Desktop(BlobFinder())
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, env=environment
    ) as watcher:
        try:
            assert wait_for_frame(desktop, middle)
            [watched] = [window for window in desktop.backend.windows() if window.title == "Watched"]
            subprocess.run(["xdotool", "windowmove", "--sync", str(watched.id), "700", "500"], check=True)
            corner = desktop.find(RED).point
            assert corner[0] > 600
            assert wait_for_frame(desktop, corner)
            # The frame leaves its inside free: the target can still be clicked.
            assert desktop.backend.window_at(*corner).title == "Watched"
        finally:
            watcher.terminate()


def test_an_impossible_pause(capsys) -> None:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    with pytest.raises(SystemExit):
        parser.parse_args(["watch", "it", "--every", "0"])
    assert "--every: '0' was given; expected a number above 0" in capsys.readouterr().err
