"""Tells windows whose tree cannot be true from those whose tree may be used."""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.accessibility.widget import Widget, WidgetTree
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo

NEAR = 3
"""Pixels by which a true tree may differ from what the display says."""
SHADOW = 64
"""The widest shadow that a program draws around its own window, in pixels."""
MOST_ASTRAY = 0.5
"""A tree is not used if a larger share of its named widgets lies outside all windows of the program."""


def window_of(tree: WidgetTree, windows: Sequence[WindowInfo]) -> WindowInfo | str:
    """Finds the window on the display that a tree describes.

    Args:
        tree: The tree.
        windows: All that is shown, menus included, the lowest first.

    Returns:
        The window; or, where the tree must not be used, why not, to be read after "the tree of 'title' ".
    """
    area = tree.window.area
    if area is None:
        return "says of no place"
    own = [window for window in windows if _is_own(tree, window)]
    if not own:
        return "is of no window that is shown"
    fitting = [window for window in own if _fits(area, window)]
    if not fitting:
        shown = ", ".join(str(window.area) for window in own[:3])
        return f"says {area}, and the window is {shown}"
    if not any(one.name and one.kinds for one in tree.widgets):
        return "is empty"
    if astray := _astray(tree, own):
        return astray
    window = fitting[-1]
    if (offset := _offset(tree, window)) is not None:
        return f"has its content at {offset}, outside of the window's {window.area}"
    return window


def _is_own(tree: WidgetTree, window: WindowInfo) -> bool:
    """Whether a window is of the tree's program; titles count, since sandboxes number processes anew."""
    if tree.pid is None or window.pid is None or tree.pid != window.pid:
        return bool(window.title) and window.title == tree.window.name
    return True


def _fits(area: Area, window: WindowInfo) -> bool:
    """Whether an area is that of a window, with or without its frame, or but for its shadow."""
    places = [window.area, *([window.outline] if window.outline is not None else [])]
    if any(_largest_gap(area, place) <= NEAR for place in places):
        return True
    outer = window.area
    inside = (
        area.left - outer.left,
        area.top - outer.top,
        outer.left + outer.width - area.left - area.width,
        outer.top + outer.height - area.top - area.height,
    )
    is_symmetric = abs(inside[0] - inside[2]) <= NEAR
    return is_symmetric and all(-NEAR <= gap <= SHADOW for gap in inside)


def _largest_gap(first: Area, second: Area) -> float:
    return max(
        abs(first.left - second.left),
        abs(first.top - second.top),
        abs(first.left + first.width - second.left - second.width),
        abs(first.top + first.height - second.top - second.height),
    )


def _astray(tree: WidgetTree, own: Sequence[WindowInfo]) -> str | None:
    named = [one for one in tree.widgets if one.name and one.kinds]
    lost = [one for one in named if not _lies_in(one, own)]
    if named and len(lost) > MOST_ASTRAY * len(named):
        return f"places {len(lost)} of {len(named)} widgets outside of its windows, or gives them no size"
    return None


def _lies_in(widget: Widget, windows: Sequence[WindowInfo]) -> bool:
    return widget.area is not None and any(window.area.covers(*widget.area.middle) for window in windows)


def _offset(tree: WidgetTree, window: WindowInfo) -> Area | None:
    """The largest part of a tree where it overlaps its window's edge as if shifted; None where it fits."""
    parts = [one.area for one in tree.widgets if one.area is not None]
    filling = [
        part
        for part in parts
        if abs(part.width - window.area.width) <= NEAR and abs(part.height - window.area.height) <= NEAR
    ]
    wrong = [part for part in filling if _largest_gap(part, window.area) > NEAR]
    return wrong[0] if wrong and len(wrong) == len(filling) else None
