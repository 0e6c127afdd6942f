"""Moves the pointer and presses its buttons on X11, and waits until a click is over, so that keys may follow.

A window manager may hold each click back until it has raised and focused the window. Keys overtake a click
that is held back: they reach the window before it knows which of its fields was clicked, or reach the window
that had the focus before. Meanwhile the server still counts the button as down.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gui_agent.input.x11.keyboard import held_modifiers

POLL_SECONDS = 0.01
ANY_BUTTON = 0x1F00


def move(display: Any, x: int, y: int) -> None:
    """Moves the pointer.

    Args:
        display: A connection to the X server.
        x: In input points.
        y: In input points.
    """
    from Xlib import X
    from Xlib.ext.xtest import fake_input

    fake_input(display, X.MotionNotify, x=x, y=y)
    display.sync()


def set_button(display: Any, number: int, point: tuple[int, int] | None, *, is_down: bool) -> None:
    """Presses or releases a button.

    Args:
        display: A connection to the X server.
        number: 1 to 3 for the buttons, 4 to 7 for the wheel.
        point: Where the pointer goes first, in the same breath; where it is unless given.
        is_down: Whether to press it.
    """
    from Xlib import X
    from Xlib.ext.xtest import fake_input

    if point is not None:
        fake_input(display, X.MotionNotify, x=point[0], y=point[1])
    fake_input(display, X.ButtonPress if is_down else X.ButtonRelease, number)
    display.flush()


def wait_until_released(display: Any, timeout: float) -> bool:
    """Waits until nobody holds a button or a modifier, and no window manager holds a click back.

    Args:
        display: A connection to the X server.
        timeout: Seconds.

    Returns:
        Whether it came to that.
    """

    def is_released() -> bool:
        state = display.screen().root.query_pointer().mask
        return not state & ANY_BUTTON and not held_modifiers(display, state)

    return _wait_until(is_released, timeout, POLL_SECONDS / 5)


def wait_until_up(display: Any, timeout: float) -> bool:
    """Waits until no button counts as down, hence no window manager holds a click back.

    Args:
        display: A connection to the X server.
        timeout: Seconds.

    Returns:
        Whether it came to that.
    """

    def is_up() -> bool:
        return not display.screen().root.query_pointer().mask & ANY_BUTTON

    return _wait_until(is_up, timeout, POLL_SECONDS / 10)


def wait_until_away(display: Any, point: tuple[int, int], timeout: float) -> bool:
    """Waits until the pointer, which has been moved with a button down, is seen elsewhere.

    While a window manager holds the press back, the server holds the motion back, too.

    Args:
        display: A connection to the X server.
        point: Where the button was pressed, in input points.
        timeout: Seconds.

    Returns:
        Whether it came to that.
    """

    def is_away() -> bool:
        pointer = display.screen().root.query_pointer()
        return (pointer.root_x, pointer.root_y) != point

    return _wait_until(is_away, timeout, POLL_SECONDS / 10)


def wait_until_over(display: Any, timeout: float) -> bool:
    """Waits until no button is down and the top-level window under the pointer has the keyboard focus.

    Args:
        display: A connection to the X server.
        timeout: Seconds; panels and menus never take the focus.

    Returns:
        Whether it came to that. With no window under the pointer there is no focus to wait for.
    """
    return _wait_until(lambda: _is_over(display), timeout, POLL_SECONDS)


def _wait_until(condition: Callable[[], bool], timeout: float, poll: float) -> bool:
    """Whether a condition came true in time; it is looked at once in any case."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(poll)
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
        return bool(_top_level(display, display.get_input_focus().focus) == pointed)
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
