"""AccessibleScreen: the widgets on the screen that can be pointed at, as far as programs tell the truth."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from gui_agent.accessibility.bus import AccessibilityBus, bus_address
from gui_agent.accessibility.tree import TreeReader
from gui_agent.accessibility.trust import window_of
from gui_agent.accessibility.widget import Widget, WidgetTree
from gui_agent.geometry import Area
from gui_agent.input.backend import InputBackend
from gui_agent.input.x11.windows import WindowInfo
from molmo_act.errors import PlatformError

MOVED = 2
"""Pixels by which a widget may lie elsewhere than it did, and still be where it was."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Told:
    """What programs told at one moment.

    Attributes:
        trees: The windows whose trees are used, each with its window on the display.
        doubted: Title and reason of each tree that is not used.
        silent: How many programs did not answer.
        windows: All windows on the display, menus included, the lowest first.
    """

    trees: tuple[tuple[WidgetTree, WindowInfo], ...] = ()
    doubted: tuple[tuple[str, str], ...] = ()
    silent: int = 0
    windows: tuple[WindowInfo, ...] = ()

    @property
    def widgets(self) -> list[Widget]:
        """All parts of all trees that are used."""
        return [widget for tree, _ in self.trees for widget in tree.widgets]

    def covers(self, x: float, y: float) -> bool:
        """Whether a place lies in a window whose tree is used."""
        return any(window.area.covers(x, y) for _, window in self.trees)

    def at(self, x: float, y: float) -> Widget | None:
        """Finds what lies at a place in the window that is topmost there.

        Args:
            x: In pixels of the display.
            y: In pixels of the display.

        Returns:
            The innermost widget; None where nobody tells.
        """
        windows = self.windows or tuple(window for _, window in self.trees)
        there = [one for one in windows if (one.outline or one.area).covers(x, y)]
        return innermost_at(self._of(there[-1]), x, y) if there else None

    def _of(self, top: WindowInfo) -> list[Widget]:
        """The widgets that a window shows; those of its program's menus where it is one of them."""
        if own := [widget for tree, window in self.trees if window.id == top.id for widget in tree.widgets]:
            return own
        return [
            widget
            for tree, _ in self.trees
            if top.is_popup and tree.pid is not None and tree.pid == top.pid
            for widget in tree.widgets
            if widget.in_menu
        ]

    def dialog_before(self, x: float, y: float) -> WidgetTree | None:
        """Finds the dialog that the window at a place waits for, so that clicks there do nothing.

        Args:
            x: In pixels of the display.
            y: In pixels of the display.

        Returns:
            The dialog; None where there is none, and in the dialog itself.
        """
        there = [tree for tree, window in self.trees if window.area.covers(x, y)]
        if any(tree.is_modal for tree in there):
            return None
        pids = {tree.pid for tree in there}
        return next((tree for tree, _ in self.trees if tree.is_modal and tree.pid in pids), None)


class AccessibleScreen:
    """Asks the programs of a display what is on it.

    Args:
        backend: Knows the windows.
        bus: The accessibility bus of the display.
    """

    def __init__(self, backend: InputBackend, bus: AccessibilityBus) -> None:
        self._backend = backend
        self._reader = TreeReader(bus)
        self._bus = bus
        self._told_of: set[tuple[str, str]] = set()

    def read(self) -> Told:
        """Asks all programs anew.

        Returns:
            What they told; nothing once the bus is gone, or where windows cannot be told apart.
        """
        try:
            windows = [*self._backend.windows(), *self._backend.popups()]
            trees = self._reader.read()
        except PlatformError as error:
            self._tell("the accessibility bus", str(error))
            return Told()
        used: list[tuple[WidgetTree, WindowInfo]] = []
        doubted: list[tuple[str, str]] = []
        for tree in trees:
            found = window_of(tree, windows)
            if isinstance(found, str):
                doubted.append((tree.window.name, found))
                self._tell(f"the tree of {tree.window.name!r}", found)
            else:
                used.append((tree, found))
        return Told(tuple(used), tuple(doubted), len(self._reader.silent), tuple(windows))

    def at(self, x: int, y: int) -> Widget | None:
        """Asks anew what lies at a place, in the window that is topmost there.

        Args:
            x: In pixels of the display.
            y: In pixels of the display.

        Returns:
            The innermost widget; None where nobody tells.
        """
        return self.read().at(x, y)

    def is_topmost(self, widget: Widget, tree: WidgetTree, window: WindowInfo) -> bool:
        """Tells whether the middle of a widget is not covered by a window of another program.

        Args:
            widget: Of the tree.
            tree: The tree.
            window: The tree's window.
        """
        if widget.shown is None:
            return False
        x, y = (int(value) for value in widget.shown.middle)
        top = self._backend.window_at(x, y)
        if top is None or top.id == window.id:
            return top is not None
        is_of_program = top.is_popup and top.pid is not None and top.pid == tree.pid
        return is_of_program and widget.in_menu and _lies_in(widget, top)

    def is_where_it_was(self, widget: Widget) -> bool:
        """Asks for a widget again just before it is pressed.

        Args:
            widget: As it was read.

        Returns:
            Whether it is still shown at the same place; also False where its program does not answer.
        """
        if widget.address is None or widget.area is None:
            return True
        with suppress(PlatformError):
            area, states = self._reader.area_now(widget.address)
            return area is not None and "showing" in states and _same(area, widget.area)
        return False

    def close(self) -> None:
        """Closes the connection to the bus."""
        self._bus.close()

    def _tell(self, what: str, why: str) -> None:
        if (what, why) not in self._told_of:
            self._told_of.add((what, why))
            logger.info("Without accessible names: %s %s.", what, why)


def open_accessible_screen(backend: InputBackend) -> AccessibleScreen:
    """Connects to the accessibility bus of a display.

    Args:
        backend: Of the display.

    Returns:
        The screen.

    Raises:
        MissingExtraError: The extra ``accessibility`` is not installed.
        PlatformError: This is not Linux, or there is no accessibility bus.
    """
    if not sys.platform.startswith("linux"):
        raise PlatformError(
            "Accessible names are read on Linux only (AT-SPI). Leave 'accessibility' out of the sources."
        )
    said = getattr(backend, "accessibility_bus", None)  # a backend of a user may know nothing of it
    address = None if said is None else bus_address(said())
    if address is None:
        raise PlatformError(
            "There is no accessibility bus on this display. Install at-spi2-core and start the session with "
            "a D-Bus session bus, or leave 'accessibility' out of the sources."
        )
    return AccessibleScreen(backend, AccessibilityBus(address))


def innermost_at(widgets: Sequence[Widget], x: float, y: float) -> Widget | None:
    """Finds the smallest widget of a kind that people name at a place, else the smallest of any kind.

    Args:
        widgets: All that may be there.
        x: In pixels of the display.
        y: In pixels of the display.

    Returns:
        The widget; None where none lies there.
    """
    there = [(one.shown, one) for one in widgets if one.shown is not None and one.shown.covers(x, y)]
    there.sort(key=lambda found: (not found[1].kinds, found[0].width * found[0].height))
    return there[0][1] if there else None


def _lies_in(widget: Widget, window: WindowInfo) -> bool:
    """Whether a window shows the whole of a widget."""
    return widget.area is not None and window.area.shared_with(widget.area) == widget.area


def _same(first: Area, second: Area) -> bool:
    gaps = (first.left - second.left, first.top - second.top)
    return all(abs(gap) <= MOVED for gap in gaps) and first.width == second.width
