"""Looks through the icon that a program shows at the pointer while something of it is dragged."""

from __future__ import annotations

from gui_agent.context import Aim, DesktopContext
from gui_agent.input.backend import InputBackend
from gui_agent.input.x11.windows import WindowInfo


def dragged_from(context: DesktopContext) -> Aim | None:
    """Tells where the drag began that goes on between actions; None where no button is held.

    Args:
        context: The desktop.

    Returns:
        The place.
    """
    return context.pointer.pressed if context.pointer.held.name else None


def window_to_drop_on(
    backend: InputBackend, point: tuple[int, int], dragged: Aim | None
) -> WindowInfo | None:
    """Finds the topmost window at a place that is no icon of what is dragged: it gets what is dropped.

    Args:
        backend: Knows the windows.
        point: In input points.
        dragged: Where the drag began; None where nothing is dragged.

    Returns:
        The window; None for the bare desktop, or where that cannot be asked.
    """
    window, seen = backend.window_at(*point), set()
    while window is not None and is_dragged_icon(window, dragged) and window.id not in seen:
        seen.add(window.id)
        window = backend.window_at(*point, below=window)
    return window


def is_dragged_icon(window: WindowInfo | None, dragged: Aim | None) -> bool:
    """Tells whether a window is what a program shows at the pointer while something of it is dragged.

    Args:
        window: The topmost window at a place.
        dragged: Where the drag began; None where nothing is dragged.

    Returns:
        Whether it is.
    """
    if window is None or dragged is None or dragged.window is None:
        return False
    return window.is_popup and window.client == dragged.window.client != 0
