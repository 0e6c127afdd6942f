"""When a click on X11 is over, so that keys may follow; knows no keyboard.

A window manager may hold each click back until it has raised and focused the window. Keys overtake a click
that is held back: they reach the window before it knows which of its fields was clicked, or reach the window
that had the focus before. Meanwhile the server still counts the button as down.
"""

from __future__ import annotations

import time
from typing import Any

POLL_SECONDS = 0.01
ANY_BUTTON = 0x1F00


def wait_until_over(display: Any, timeout: float) -> bool:
    """Waits until no button is down and the top-level window under the pointer has the keyboard focus.

    Args:
        display: A connection to the X server.
        timeout: Seconds; panels and menus never take the focus.

    Returns:
        Whether it came to that. With no window under the pointer there is no focus to wait for.
    """
    deadline = time.monotonic() + timeout
    while not _is_over(display):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _is_over(display: Any) -> bool:
    from Xlib.error import XError

    pointer = display.screen().root.query_pointer()
    if pointer.mask & ANY_BUTTON:
        return False
    pointed = pointer.child
    if not pointed or pointed == 0:
        return True
    try:
        if pointed.get_attributes().override_redirect:  # a menu; it gets keys without the focus
            return True
        return _top_level(display, display.get_input_focus().focus) == pointed
    except XError:  # a window went away meanwhile
        return False


def _top_level(display: Any, window: Any) -> Any:
    if isinstance(window, int):  # 0 for none, 1 for whatever is under the pointer
        return window
    root = display.screen().root
    parent = window.query_tree().parent
    while parent and parent != root:
        window, parent = parent, parent.query_tree().parent
    return window
