"""Tells whether an X11 screen is locked, from what screen lockers do.

X11 has no word for it. A locker covers every monitor with windows that bypass the window manager, and takes
the keyboard. Only both together tell: a menu takes the keyboard, too, and a compositor covers the screen.
"""

from __future__ import annotations

from typing import Any

from gui_agent.geometry import Area
from gui_agent.input.x11 import windows as x11_windows

EDGE = 4  # points from the edge of a monitor, so that a window frame there is not missed


def is_locked(display: Any) -> bool:
    """Tells whether windows that bypass the window manager take every click, and another program every key.

    Args:
        display: A connection to the X server.

    Returns:
        Whether both hold.
    """
    from Xlib.error import XError

    try:
        return _is_covered(display) and _is_keyboard_taken(display)
    except XError:  # a window went away meanwhile, as a locker's does not
        return False


def _is_covered(display: Any) -> bool:
    root = display.screen().root
    covers = set()
    for monitor in _monitors(display):
        for x, y in _probes(monitor):
            cover = root.translate_coords(root, x, y).child  # that takes clicks there, if it shows or not
            if not cover or not cover.get_attributes().override_redirect:
                return False
            covers.add(cover.id)
    return not covers & x11_windows.frames(display)  # some window managers mark their frames so, too


def _monitors(display: Any) -> list[Area]:
    root = display.screen().root
    if display.has_extension("XINERAMA") and (screens := display.xinerama_query_screens().screens):
        return [Area(one.x, one.y, one.width, one.height) for one in screens]
    shape = root.get_geometry()
    return [Area(0, 0, shape.width, shape.height)]


def _probes(monitor: Area) -> list[tuple[int, int]]:
    left, top = int(monitor.left) + EDGE, int(monitor.top) + EDGE
    right, bottom = left + int(monitor.width) - 2 * EDGE, top + int(monitor.height) - 2 * EDGE
    middle = (left + right) // 2, (top + bottom) // 2
    return [middle, (left, top), (right, top), (left, bottom), (right, bottom)]


def _is_keyboard_taken(display: Any) -> bool:
    from Xlib import X

    answer = display.screen().root.grab_keyboard(False, X.GrabModeAsync, X.GrabModeAsync, X.CurrentTime)
    if answer != X.GrabSuccess:
        return True
    display.ungrab_keyboard(X.CurrentTime)
    display.sync()
    return False
