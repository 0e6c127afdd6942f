"""What is on the screen, through mss; knows nothing of input or of models."""

from __future__ import annotations

import time

import numpy as np

from gui_agent.screen import Area, Screenshot, View, input_area
from gui_agent.session import require_screen
from molmo_act.errors import InputError, MissingExtraError, PlatformError


def take_screenshot(input_size: tuple[int, int], monitor: int = 0) -> Screenshot:
    """Captures the desktop or one monitor.

    Args:
        input_size: (width, height) in input points of the screen at the origin, from the input backend.
        monitor: 0 for the whole desktop, 1 and up for one monitor.

    Raises:
        MissingExtraError: mss is not installed.
        PlatformError: There is no display, or it cannot be captured.
        InputError: There is no such monitor.
    """
    require_screen()
    try:
        import mss
    except ImportError as error:
        raise MissingExtraError("mss", extra="gui", purpose="Capturing the screen") from error

    try:
        with mss.MSS() as capture:
            monitors = capture.monitors
            if not 0 <= monitor < len(monitors):
                raise InputError(
                    f"There is no monitor {monitor}: give 0 for the whole desktop, up to {len(monitors) - 1}."
                )
            shot = capture.grab(monitors[monitor])
    except mss.ScreenShotError as error:
        raise PlatformError(f"The screen cannot be captured: {error}. Check DISPLAY.") from error

    bgra = np.frombuffer(shot.bgra, np.uint8).reshape(shot.height, shot.width, 4)
    pixels = np.ascontiguousarray(bgra[..., 2::-1])
    pixels.setflags(write=False)
    areas = [Area(m["left"], m["top"], m["width"], m["height"]) for m in monitors]
    view = View(size=(shot.width, shot.height), area=input_area(areas[monitor], areas, input_size))
    return Screenshot(pixels, view, time.time())
