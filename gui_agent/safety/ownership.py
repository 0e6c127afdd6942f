"""Tells which windows a menu, a list of a combo box, a tooltip or a dialog belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.input.x11.windows import WindowInfo


def owners_of(
    window: WindowInfo, managed: Sequence[WindowInfo], focused: WindowInfo | None = None
) -> list[WindowInfo]:
    """Finds the managed windows that a window belongs to.

    A window that says which one it belongs to is taken at its word. A popup that says nothing belongs to the
    windows of its program: of its connection to the server, which no program can claim falsely, else of its
    group, else of its process; and to the focused one alone if that is among them, since a window keeps the
    focus while its menu is open.

    Args:
        window: A popup or a managed window.
        managed: The windows that a window manager manages.
        focused: The window that has the keyboard.

    Returns:
        The windows; empty for a popup of a program without any, and for a window that belongs to no other.
    """
    named = _named_owner(window, managed)
    if named is not None or not _is_popup(window, managed):
        return [] if named is None else [named]
    others = [one for one in managed if one.id != window.id]
    for is_kin in (_same_client, _same_group, _same_process):
        if kin := [one for one in others if is_kin(window, one)]:
            if focused is not None and any(one.id == focused.id for one in kin):
                return [one for one in kin if one.id == focused.id]
            return kin
    return []


def belongs_to(
    window: WindowInfo, owner: WindowInfo, managed: Sequence[WindowInfo], focused: WindowInfo | None = None
) -> bool:
    """Tells whether a window is another one, or its menu or dialog, or one of those.

    Args:
        window: A popup or a managed window.
        owner: A managed window.
        managed: The windows that a window manager manages.
        focused: The window that has the keyboard.

    Returns:
        Whether it is; a popup that may belong to other windows too is not.
    """
    seen: set[int] = set()
    while window.id != owner.id:
        seen.add(window.id)
        owners = owners_of(window, managed, focused)
        if len(owners) != 1 or owners[0].id in seen:
            return False
        [window] = owners
    return True


def _is_popup(window: WindowInfo, managed: Sequence[WindowInfo]) -> bool:
    return window.is_popup or all(one.id != window.id for one in managed)


def _named_owner(window: WindowInfo, managed: Sequence[WindowInfo]) -> WindowInfo | None:
    named = window.transient_for
    return next((one for one in managed if one.id == named != window.id), None)


def _same_client(window: WindowInfo, other: WindowInfo) -> bool:
    return window.client == other.client != 0


def _same_group(window: WindowInfo, other: WindowInfo) -> bool:
    return window.group is not None and window.group in (other.group, other.id)


def _same_process(window: WindowInfo, other: WindowInfo) -> bool:
    return window.pid is not None and window.pid == other.pid
