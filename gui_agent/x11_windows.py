"""Which windows are on an X11 screen, asked of the window manager (EWMH); knows no pictures and no input."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gui_agent.screen import Area
from molmo_act.errors import PlatformError


@dataclass(frozen=True)
class WindowInfo:
    """A window as it is now.

    Attributes:
        id: The server's number of it.
        title: What its title bar says; "" for menus and tooltips.
        area: Its content without the window manager's frame, in input points.
        pid: Its process, where it says so.
    """

    id: int
    title: str
    area: Area
    pid: int | None


def list_windows(display: Any) -> list[WindowInfo]:
    """The windows that are shown, the lowest first.

    Args:
        display: A connection to the X server.

    Raises:
        PlatformError: No window manager keeps the list.
    """
    from Xlib.error import XError

    ids = _client_ids(display)
    if ids is None:
        raise PlatformError(
            "No window manager on this display keeps a list of windows (EWMH). Run one, such as openbox, or "
            "give a region as an Area."
        )
    windows = []
    for number in ids:
        try:
            windows.append(_info(display, display.create_resource_object("window", number)))
        except XError:  # it has just been closed
            continue
    return [window for window in windows if window is not None]


def window_at(display: Any, x: int, y: int) -> WindowInfo | None:
    """The topmost window at a place, menus included; None for the bare desktop.

    Args:
        display: A connection to the X server.
        x: In input points.
        y: In input points.
    """
    from Xlib.error import XError

    root = display.screen().root
    try:
        child = root.translate_coords(root, x, y).child
        return _framed_by(display, child) if child else None
    except XError:  # it went away meanwhile: whatever is there now, it is not what was looked at
        return None


def focused(display: Any) -> WindowInfo | None:
    """The window that has the keyboard; None for none.

    Args:
        display: A connection to the X server.
    """
    from Xlib.error import XError

    focus = display.get_input_focus().focus
    if isinstance(focus, int):  # none, or whatever is under the pointer
        return None
    try:
        top_level = display.create_resource_object("window", _frame(display, focus.id))
        return None if top_level == display.screen().root else _framed_by(display, top_level)
    except XError:
        return None


def frames(display: Any) -> set[int]:
    """The numbers of the top-level windows that a window manager put around the windows it manages.

    Args:
        display: A connection to the X server.

    Raises:
        XError: A window is closed meanwhile.
    """
    return {_frame(display, number) for number in _client_ids(display) or ()}


def _framed_by(display: Any, top_level: Any) -> WindowInfo | None:
    from Xlib.error import XError

    for number in reversed(_client_ids(display) or ()):
        with suppress(XError):  # another window has just been closed
            if _frame(display, number) == top_level.id:
                return _info(display, display.create_resource_object("window", number))
    return _info(display, top_level)  # a menu or a tooltip, or there is no window manager


def _client_ids(display: Any) -> Sequence[int] | None:
    """The numbers of the windows that a window manager manages, the lowest first; None without one."""
    return _property(display, display.screen().root, "_NET_CLIENT_LIST_STACKING")


def _info(display: Any, window: Any) -> WindowInfo | None:
    if display.get_atom("_NET_WM_STATE_HIDDEN") in (_property(display, window, "_NET_WM_STATE") or ()):
        return None
    shape = window.get_geometry()
    corner = window.translate_coords(display.screen().root, 0, 0)
    pid = _property(display, window, "_NET_WM_PID")
    return WindowInfo(
        window.id,
        _title(display, window),
        # What is asked is where the root's corner lies as the window counts, hence the sign.
        Area(-corner.x, -corner.y, shape.width, shape.height),
        int(pid[0]) if pid else None,
    )


def _title(display: Any, window: Any) -> str:
    value = _property(display, window, "_NET_WM_NAME") or _property(display, window, "WM_NAME") or ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _frame(display: Any, number: int) -> int:
    """The number of the top-level window that a window is framed by, or its own."""
    root = display.screen().root
    window = display.create_resource_object("window", number)
    while (parent := window.query_tree().parent) and parent != root:
        window = parent
    return window.id


def _property(display: Any, window: Any, name: str) -> Any:
    from Xlib import X

    found = window.get_full_property(display.get_atom(name), X.AnyPropertyType)
    return None if found is None else found.value
