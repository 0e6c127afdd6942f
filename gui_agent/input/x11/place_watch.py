"""Tells which windows came over a place, if only for a moment, while a window manager held a click back.

The server tells whoever asks of each window that is shown, moved or raised. What it told is played back on
the stack of windows as it was before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from gui_agent.geometry import Area
from gui_agent.input.x11.windows import VIEWABLE, WindowInfo, client_of, framed_by

DEPTH = 2  # levels of windows within a frame, of which one is the program's

Shown = tuple[bool, Area | None]
"""Whether a top-level window is shown now, and where it is; None for one that is gone."""


class PlaceWatch:
    """Listens from its start on; `close` it in any case.

    Args:
        display: A connection to the X server, of which nothing else reads events.
        point: (x, y) in input points.
        window: The window that is there.
    """

    def __init__(self, display: Any, point: tuple[int, int], window: WindowInfo) -> None:
        from Xlib import X

        self._display, self._point, self._window = display, point, window
        self._events: list[Any] = []
        self._is_closed = False
        self._root = display.screen().root
        self._root.change_attributes(event_mask=X.SubstructureNotifyMask)
        self._stack = [child.id for child in self._root.query_tree().children]

    def close(self) -> None:
        """Stops listening."""
        if self._is_closed:
            return
        self._is_closed = True
        self._root.change_attributes(event_mask=0)
        self._display.sync()
        while self._display.pending_events():
            self._events.append(self._display.next_event())

    def came(self) -> list[WindowInfo | None]:
        """Stops listening, and tells which windows of other programs lay over the place meanwhile.

        Returns:
            The windows; None for one that is gone again.
        """
        self.close()
        numbers = windows_over(self._point, self._window.frame, self._stack, self._events, self._shown)
        return [self._info(number) for number in numbers if not self._is_of_program(number)]

    def _shown(self, number: int) -> Shown:
        from Xlib.error import XError

        window = self._display.create_resource_object("window", number)
        with suppress(XError):
            is_shown, shape = window.get_attributes().map_state == VIEWABLE, window.get_geometry()
            return is_shown, _area(shape)
        return False, None

    def _info(self, number: int) -> WindowInfo | None:
        from Xlib.error import XError

        with suppress(XError):
            return framed_by(self._display, number)
        return None

    def _is_of_program(self, number: int) -> bool:
        """Whether a window is of the program that is there, or of the window manager alone.

        The window manager shows a frame before it lists the window in it, so its list does not tell.
        """
        programs = {client_of(self._display, one) for one in self._all_in(number)}
        managers = {client_of(self._display, self._window.frame)}
        return self._window.client in programs or (programs == managers and self._shown(number)[0])

    def _all_in(self, number: int) -> list[int]:
        """A top-level window, and the windows in it."""
        from Xlib.error import XError

        level, seen = [number], [number]
        for _ in range(DEPTH):
            inner: list[int] = []
            for one in level:
                with suppress(XError):
                    window = self._display.create_resource_object("window", one)
                    inner += [child.id for child in window.query_tree().children]
            level, seen = inner, seen + inner
        return seen


def windows_over(
    point: tuple[int, int],
    own: int,
    stack: Sequence[int],
    events: Sequence[Any],
    shown_now: Callable[[int], Shown],
) -> list[int]:
    """Finds the top-level windows that lay over a place at some moment.

    Args:
        point: (x, y) in input points.
        own: The top-level window that is at the place, which is no answer.
        stack: The top-level windows as they lay before, the lowest first.
        events: What happened since, as Xlib has it.
        shown_now: Tells how things are now.

    Returns:
        The server's numbers of the windows. Where a window was before it was moved is not always known, and
        counts as over the place.
    """
    from Xlib import X

    stacking = _Stacking(list(stack))
    told = [event for event in events if event.type in _kinds() and not event.send_event]
    shown, areas = _before(told, shown_now)
    found: dict[int, None] = {}
    for event in told:
        number = event.window.id
        stacking.take(event)
        if event.type in (X.MapNotify, X.UnmapNotify):
            shown[number] = event.type == X.MapNotify
        if event.type in (X.CreateNotify, X.ConfigureNotify):
            areas[number] = _area(event)
        area = areas[number]
        is_over = area is None or area.covers(point[0] + 0.5, point[1] + 0.5)
        if number != own and shown[number] and is_over and stacking.is_above(number, own):
            found[number] = None
    return list(found)


def _kinds() -> tuple[int, ...]:
    from Xlib import X

    changes = X.CreateNotify, X.ConfigureNotify, X.CirculateNotify, X.ReparentNotify
    return (*changes, X.MapNotify, X.UnmapNotify)


def _before(
    events: Sequence[Any], shown_now: Callable[[int], Shown]
) -> tuple[dict[int, bool], dict[int, Area | None]]:
    """Whether the windows of these events were shown before, and where they were, where that is known."""
    from Xlib import X

    shown: dict[int, bool] = {}
    areas: dict[int, Area | None] = {}
    for number in {event.window.id for event in events}:
        kinds = [event.type for event in events if event.window.id == number]
        is_shown, area = shown_now(number)
        first = next((kind for kind in kinds if kind in (X.CreateNotify, X.MapNotify, X.UnmapNotify)), None)
        shown[number] = is_shown if first is None else first == X.UnmapNotify
        areas[number] = None if X.ConfigureNotify in kinds else area
    return shown, areas


class _Stacking:
    """The order of the top-level windows, the lowest first."""

    def __init__(self, numbers: list[int]) -> None:
        self._numbers = numbers

    def take(self, event: Any) -> None:
        from Xlib import X

        if event.type in (X.MapNotify, X.UnmapNotify):
            return
        number = event.window.id
        if number in self._numbers:
            self._numbers.remove(number)
        place = len(self._numbers)
        if event.type == X.ReparentNotify and event.parent != event.event:
            return
        if event.type == X.CirculateNotify and event.place != X.PlaceOnTop:
            place = 0
        if event.type == X.ConfigureNotify:
            lower = event.above_sibling
            place = self._numbers.index(lower.id) + 1 if lower and lower.id in self._numbers else 0
        self._numbers.insert(place, number)

    def is_above(self, number: int, other: int) -> bool:
        """Whether a window lies above another one, which may be gone."""
        if number not in self._numbers:
            return False
        return other not in self._numbers or self._numbers.index(number) > self._numbers.index(other)


def _area(shape: Any) -> Area:
    border = 2 * int(shape.border_width)
    return Area(shape.x, shape.y, shape.width + border, shape.height + border)
