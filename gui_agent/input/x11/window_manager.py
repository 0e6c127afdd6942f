"""Asks the window manager of an X11 screen to raise and to close windows (EWMH)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gui_agent.errors import ActionBlockedError
from gui_agent.input.x11.properties import Batch, value

BY_A_PERSON = 2
"""Who asks: not a program on its own, whose wish to come to the front window managers refuse."""


def activate(display: Any, number: int) -> None:
    """Asks the window manager to raise a window and to give it the keyboard.

    Args:
        display: A connection to the X server.
        number: The server's number of the window.
    """
    _ask_manager(display, number, "_NET_ACTIVE_WINDOW", (BY_A_PERSON, 0, 0, 0, 0))


def close(display: Any, number: int) -> None:
    """Asks the window manager to close a window; its program may ask back first.

    Args:
        display: A connection to the X server.
        number: The server's number of the window.

    Raises:
        ActionBlockedError: The window does not take the wish; window managers then kill its whole program.
    """
    from Xlib.error import XError

    try:
        protocols = value(Batch(display).property(number, "WM_PROTOCOLS")) or ()
    except XError as error:
        raise ActionBlockedError("The window that was to be closed has gone.") from error
    if display.get_atom("WM_DELETE_WINDOW") not in protocols:
        raise ActionBlockedError(
            "The window does not take the wish to close (WM_DELETE_WINDOW), and its program would be killed "
            "with all its windows. Leave it by its own menu or keys."
        )
    _ask_manager(display, number, "_NET_CLOSE_WINDOW", (0, BY_A_PERSON, 0, 0, 0))


def _ask_manager(display: Any, number: int, wish: str, data: Sequence[int]) -> None:
    from Xlib import X
    from Xlib.protocol.event import ClientMessage

    message = ClientMessage(window=number, client_type=display.get_atom(wish), data=(32, list(data)))
    listeners = X.SubstructureRedirectMask | X.SubstructureNotifyMask
    display.screen().root.send_event(message, event_mask=listeners)
    display.flush()
