"""Draws frames on the screen around places, on top of everything else."""

from __future__ import annotations

import time
from collections.abc import Sequence

from gui_agent.vision.grounder import Match
from molmo_act.errors import PlatformError

COLOUR = "#e60078"
SIDE = 48  # input points; what lies inside a frame stays free to be seen and clicked
LINE = 3
REDRAW_SECONDS = 0.05


class Frames:
    """Frames of four thin windows each, on top of everything else.

    Raises:
        PlatformError: Python's tkinter is missing, or there is no display.
    """

    def __init__(self) -> None:
        try:
            import tkinter
        except ImportError as error:
            raise PlatformError(
                "Frames on the screen need tkinter, which this Python lacks. Install it with: apt install "
                "python3-tk."
            ) from error
        self._tkinter = tkinter
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise PlatformError(f"Frames on the screen need a display: {error}.") from error
        self._root.withdraw()
        self._bars: list[tkinter.Toplevel] = []

    def clear(self) -> None:
        """Removes all frames, and waits until the screen is drawn without them."""
        for bar in self._bars:
            bar.destroy()
        self._bars = []
        self._root.update()
        time.sleep(REDRAW_SECONDS)

    def show(self, matches: Sequence[Match]) -> None:
        """Draws a frame around each match.

        Args:
            matches: What to frame, at their mouse positions.
        """
        for match in matches:
            x, y = (value - SIDE // 2 for value in match.point)
            for left, top, width, height in (
                (x, y, SIDE, LINE),
                (x, y + SIDE - LINE, SIDE, LINE),
                (x, y, LINE, SIDE),
                (x + SIDE - LINE, y, LINE, SIDE),
            ):
                bar = self._tkinter.Toplevel(self._root, background=COLOUR)
                bar.overrideredirect(True)
                bar.geometry(f"{width}x{height}+{left}+{top}")  # "-5" would count from the far edge
                bar.attributes("-topmost", True)
                self._bars.append(bar)
        self._root.update()

    def close(self) -> None:
        """Closes everything."""
        self._root.destroy()
