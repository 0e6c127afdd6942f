"""What is on the screen, through mss; knows nothing of input or of models."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

import numpy as np

from gui_agent.screen import Area, Screenshot, View, input_area
from gui_agent.session import require_screen
from molmo_act.errors import InputError, MissingExtraError, PlatformError


class Capture:
    """A connection for several looks in quick succession; it knows the monitors as they were when it began.

    Use it as a context manager.

    Args:
        input_size: (width, height) in input points of the screen at the origin, from the input backend.
        hidden: Says which parts no picture may show, in input points; asked at each look.

    Raises:
        MissingExtraError: mss is not installed.
        PlatformError: There is no display, or it cannot be captured.
    """

    def __init__(self, input_size: tuple[int, int], hidden: Callable[[], tuple[Area, ...]] = tuple) -> None:
        require_screen()
        self._hidden = hidden
        try:
            import mss
        except ImportError as error:
            raise MissingExtraError("mss", extra="gui", purpose="Capturing the screen") from error
        self._failure = mss.ScreenShotError
        try:
            self._mss = mss.MSS()
            self._monitors = self._mss.monitors
        except mss.ScreenShotError as error:
            raise _cannot_capture(error) from error
        areas = [Area(m["left"], m["top"], m["width"], m["height"]) for m in self._monitors]
        try:
            self.areas = [input_area(area, areas, input_size) for area in areas]
        except PlatformError:
            self._mss.close()
            raise

    def __enter__(self) -> Capture:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._mss.close()

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
        try:
            shot = self._mss.grab(self._monitors[monitor])
        except self._failure as error:
            raise _cannot_capture(error) from error
        bgrx = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        bgrx.setflags(write=False)
        view = View(size=(shot.width, shot.height), area=area)
        return Screenshot(bgrx, view, time.time(), self._hidden())


def _cannot_capture(error: Exception) -> PlatformError:
    return PlatformError(
        f"The screen cannot be captured: {error}. It may be locked, or a monitor may have gone; check "
        "DISPLAY."
    )
