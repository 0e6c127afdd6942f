"""The connection to the X server that pyautogui makes at its import, and checks of it."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from molmo_act.errors import PlatformError

LOCK = threading.RLock()
"""Held while the connection is used: there is one in a process, and it is not made for several threads."""


def of(pyautogui: Any) -> Any:
    """Gives the connection to the X server that pyautogui made.

    Args:
        pyautogui: The module.

    Returns:
        An Xlib ``Display``.
    """
    return pyautogui.platformModule._display


def require_display(pyautogui: Any, display: str | None) -> None:
    """Checks that pyautogui clicks on the display that is looked at; it keeps the one of its first import.

    Args:
        pyautogui: The module.
        display: What DISPLAY is now.

    Raises:
        PlatformError: DISPLAY has changed since pyautogui was imported, or that display is gone.
    """
    bound = of(pyautogui).get_display_name()
    if display != bound:
        raise PlatformError(
            f"pyautogui is bound to display {bound} since its import, but DISPLAY is now {display}: a click "
            "would land on another screen than the one looked at. Use one display per process."
        )
    if not is_alive(of(pyautogui)):
        raise _gone(bound)


@contextmanager
def explained_loss(pyautogui: Any) -> Iterator[None]:
    """Turns the loss of the display within the block into a PlatformError.

    Args:
        pyautogui: The module.

    Yields:
        Nothing.

    Raises:
        PlatformError: The display is gone.
    """
    from Xlib.error import ConnectionClosedError

    try:
        yield
    except ConnectionClosedError as error:
        raise _gone(of(pyautogui).get_display_name()) from error


def _gone(display: str) -> PlatformError:
    return PlatformError(
        f"Display {display} went away. Start a new process once it is back: pyautogui keeps the connection "
        "of its import."
    )


@contextmanager
def exclusive(display: Any) -> Iterator[None]:
    """Lets the server do nothing for other connections until the end of the block; not to be nested.

    Should this process end in the block, the server takes that for its end.

    Args:
        display: A connection to the X server.

    Yields:
        Nothing.
    """
    display.grab_server()
    try:
        yield
    finally:
        display.ungrab_server()
        display.sync()


def is_alive(display: Any) -> bool:
    """Tells whether the server of a connection is still there, without using the connection.

    Args:
        display: A connection to the X server.

    Returns:
        Whether it is.
    """
    # Asked of the socket, since this X client hangs when it uses a connection whose server is gone.
    connected = display.display.socket
    try:
        readable, _, _ = select.select([connected], [], [], 0)
        return not readable or connected.recv(1, socket.MSG_PEEK) != b""
    except (OSError, ValueError):  # reset by the server, or closed
        return False
