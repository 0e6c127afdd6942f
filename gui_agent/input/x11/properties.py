"""Asks an X server several things about windows at once, for the price of one round trip."""

from __future__ import annotations

from typing import Any

LONGEST = 1 << 16
"""In units of four bytes: more of a property is not read."""


class Batch:
    """Questions that are all sent before the first answer is waited for.

    Args:
        display: A connection to the X server.
    """

    def __init__(self, display: Any) -> None:
        from Xlib.protocol import request

        self._display, self._request = display, request

    def property(self, window: int, name: str) -> Any:
        """Asks for a property of a window; read the answer with `value`."""
        return self._request.GetProperty(
            display=self._display.display,
            defer=True,
            delete=False,
            window=window,
            property=self._display.get_atom(name),
            type=0,
            long_offset=0,
            long_length=LONGEST,
        )

    def geometry(self, window: int) -> Any:
        """Asks for a window's place in its parent, and its size."""
        return self._request.GetGeometry(display=self._display.display, defer=True, drawable=window)

    def attributes(self, window: int) -> Any:
        """Asks whether a window is shown, and whether it bypasses the window manager."""
        return self._request.GetWindowAttributes(display=self._display.display, defer=True, window=window)

    def tree(self, window: int) -> Any:
        """Asks for a window's parent and children."""
        return self._request.QueryTree(display=self._display.display, defer=True, window=window)

    def corner(self, window: int) -> Any:
        """Asks where a window's top left corner lies on the screen."""
        return self._request.TranslateCoords(
            display=self._display.display,
            defer=True,
            src_wid=window,
            dst_wid=self._display.screen().root,
            src_x=0,
            src_y=0,
        )


def value(answer: Any) -> Any:
    """Waits for the value of a property.

    Args:
        answer: Of `Batch.property`.

    Returns:
        Bytes, or a sequence of whole numbers; None where the window has no such property.

    Raises:
        XError: The window is gone.
    """
    answer.reply()
    return answer.value[1] if answer.property_type else None


def text(display: Any, answer: Any) -> str:
    """Waits for a property that is text, in the encoding that its type names.

    Args:
        display: A connection to the X server.
        answer: Of `Batch.property`.

    Returns:
        The text; "" where the window has no such property.

    Raises:
        XError: The window is gone.
    """
    content = value(answer)
    if isinstance(content, str):  # the X client has taken it for UTF-8, whatever its type says
        content = content.encode()
    if not isinstance(content, bytes):
        return ""
    is_utf8 = answer.property_type == display.get_atom("UTF8_STRING")
    return content.decode("utf-8" if is_utf8 else "latin-1", errors="replace")
