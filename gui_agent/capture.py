"""What is on the screen, in several looks in quick succession; knows nothing of input or of models."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from gui_agent.screen import Area, Screenshot, View, input_area
from gui_agent.screen_connection import ScreenConnection, explained_failures
from molmo_act.errors import InputError


class Capture:
    """Takes looks at the screen; it knows the monitors as they were when it was made.

    Args:
        connection: To the screen.
        input_size: (width, height) in input points of the screen at the origin, from the input backend.
        hidden: Says which parts no picture may show, in input points; asked before and after
            each look.

    Raises:
        MissingExtraError: mss is not installed.
        PlatformError: There is no display, or it cannot be captured.
    """

    def __init__(
        self,
        connection: ScreenConnection,
        input_size: tuple[int, int],
        hidden: Callable[[], tuple[Area, ...]],
    ) -> None:
        self._connection = connection  # which closes when nobody refers to it
        self._mss = connection.open()
        self._hidden = hidden
        areas = [Area(m["left"], m["top"], m["width"], m["height"]) for m in self._mss.monitors]
        self.areas = [input_area(area, areas, input_size) for area in areas]

    def area(self, monitor: int) -> Area:
        """Where a monitor is, in input points.

        Args:
            monitor: 0 for the whole desktop, 1 and up for one monitor.

        Raises:
            InputError: There is no such monitor.
        """
        if not 0 <= monitor < len(self.areas):
            raise InputError(
                f"There is no monitor {monitor}: give 0 for the whole desktop, up to {len(self.areas) - 1}."
            )
        return self.areas[monitor]

    def take(self, monitor: int = 0) -> Screenshot:
        """Captures the desktop or one monitor.

        Args:
            monitor: 0 for the whole desktop, 1 and up for one monitor.

        Raises:
            InputError: There is no such monitor.
            PlatformError: The screen cannot be captured.
        """
        area = self.area(monitor)
        hidden = self._hidden()
        with explained_failures():
            shot = self._mss.grab(self._mss.monitors[monitor])
        hidden = tuple(dict.fromkeys((*hidden, *self._hidden())))  # a window may move or close meanwhile
        bgrx = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        bgrx.setflags(write=False)
        view = View(size=(shot.width, shot.height), area=area)
        return Screenshot(bgrx, view, time.monotonic(), hidden)
