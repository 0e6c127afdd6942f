"""Where the X11 keyboard focus is; knows no keys and no buttons.

A window manager moves the focus some time after a click, and keys pressed before that go to the window that
had it, or to none. So a click is over only when the clicked window has the focus.
"""

from __future__ import annotations

import time
from typing import Any

POLL_SECONDS = 0.01


def wait_for_focus(display: Any, timeout: float) -> bool:
    """Waits until the top-level window under the pointer has the keyboard focus.

    Args:
        display: A connection to the X server.
        timeout: Seconds; panels and menus never take the focus.

    Returns:
        Whether it has it. A pointer over no window counts as yes: there is nothing to wait for.
    """
    deadline = time.monotonic() + timeout
    while not _is_focused(display):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def nothing_is_focused(display: Any) -> bool:
    """Whether the server throws keys away, because no window has the focus."""
    return display.get_input_focus().focus == 0


def _is_focused(display: Any) -> bool:
    from Xlib.error import XError

    pointed = display.screen().root.query_pointer().child
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
