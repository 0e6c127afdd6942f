"""Captures the screen through mss: one connection for a desktop, and captures in quick succession.

Pixels come through memory shared with the X server. Making that memory costs the first capture of a
connection more than each later one takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from weakref import finalize

import numpy as np

from gui_agent.clock import Clock
from gui_agent.geometry import Area, ScreenView, input_area
from gui_agent.input.backend import InputBackend
from gui_agent.input.session import require_screen
from gui_agent.vision.screenshot import Screenshot
from molmo_act._optional import import_optional
from molmo_act.errors import InputError, PlatformError


class ScreenConnection:
    """Keeps a connection for as long as the monitors stay as they are; closes it when garbage-collected.

    Attributes:
        lock: To be held while the connection is used, which several threads may do.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._kept: Any = None
        self._closing = ExitStack()
        finalize(self, self._closing.close)

    def open(self) -> Any:
        """Gives an ``mss.MSS`` that knows the monitors as they are now.

        Returns:
            The connection of the last call, or a new one where the monitors have changed.

        Raises:
            MissingExtraError: mss is not installed.
            PlatformError: There is no display, or it cannot be captured.
        """
        require_screen()
        mss = import_optional("mss", extra="gui", purpose="Capturing the screen")
        with self.lock, explained_failures(), ExitStack() as unused:
            fresh = mss.MSS()  # a connection reads the monitors once
            unused.callback(_close, fresh)
            if self._kept is None or self._kept.monitors != fresh.monitors:
                self._closing.close()
                self._closing.push(unused.pop_all())
                self._kept = fresh
        return self._kept

    def close(self) -> None:
        """Closes it; the next `open` makes a new one."""
        self._kept = None
        self._closing.close()


class Screen:
    """The part of the desktop that is looked at, whatever the monitors are now.

    Args:
        backend: Knows the size of the screen in input points.
        monitor: 0 for the whole desktop, 1 and up for one monitor.
        hidden: Gives the areas, in input points, that images must not show.
        clock: Says when a capture was complete.
    """

    def __init__(
        self,
        backend: InputBackend,
        monitor: int = 0,
        hidden: Callable[[], tuple[Area, ...]] = lambda: (),
        clock: Clock | None = None,
    ) -> None:
        self.monitor = monitor
        self._backend, self._hidden = backend, hidden
        self._clock = Clock() if clock is None else clock
        self._connection = ScreenConnection()

    def capture(self) -> Capture:
        """Prepares captures in quick succession.

        Returns:
            What takes them; it knows the monitors as they are now.

        Raises:
            MissingExtraError: mss is not installed.
            PlatformError: There is no display, or it cannot be captured.
        """
        return Capture(self._connection, self._backend.size(), self._hidden, self.monitor, self._clock)

    def close(self) -> None:
        """Closes the connection to the screen; the next capture opens a new one."""
        self._connection.close()

    def screenshot(self) -> Screenshot:
        """Captures once.

        Returns:
            The screenshot.

        Raises:
            MissingExtraError: mss is not installed.
            InputError: There is no such monitor.
            PlatformError: There is no display, or it cannot be captured.
        """
        return self.capture().take()


class Capture:
    """Captures the screen in quick succession; it knows the monitors as they were when it was made.

    Args:
        connection: To the screen.
        input_size: (width, height) in input points of the screen at the origin, from the input backend.
        hidden: Gives the areas, in input points, that images must not show; asked before and after each
            capture.
        monitor: 0 for the whole desktop, 1 and up for one monitor.
        clock: Says when a capture was complete.

    Raises:
        MissingExtraError: mss is not installed.
        PlatformError: There is no display, or it cannot be captured.
    """

    def __init__(
        self,
        connection: ScreenConnection,
        input_size: tuple[int, int],
        hidden: Callable[[], tuple[Area, ...]],
        monitor: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self._connection = connection  # which closes when nobody refers to it
        self._mss = connection.open()
        self._hidden, self._monitor = hidden, monitor
        self._clock = Clock() if clock is None else clock
        areas = [Area(m["left"], m["top"], m["width"], m["height"]) for m in self._mss.monitors]
        self.areas = [input_area(area, areas, input_size) for area in areas]

    def area(self, monitor: int) -> Area:
        """Finds where a monitor is.

        Args:
            monitor: 0 for the whole desktop, 1 and up for one monitor.

        Returns:
            Its area in input points.

        Raises:
            InputError: There is no such monitor.
        """
        if not 0 <= monitor < len(self.areas):
            raise InputError(
                f"There is no monitor {monitor}: give 0 for the whole desktop, up to {len(self.areas) - 1}."
            )
        return self.areas[monitor]

    def take(self) -> Screenshot:
        """Captures the desktop, or the one monitor that is looked at.

        Returns:
            The screenshot; its pixels are read-only.

        Raises:
            InputError: There is no such monitor.
            PlatformError: The screen cannot be captured.
        """
        area = self.area(self._monitor)
        hidden = self._hidden()
        with self._connection.lock, explained_failures():
            shot = self._mss.grab(self._mss.monitors[self._monitor])
        hidden = tuple(dict.fromkeys((*hidden, *self._hidden())))  # a window may move or close meanwhile
        bgrx = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        bgrx.setflags(write=False)
        view = ScreenView(size=(shot.width, shot.height), area=area)
        return Screenshot(bgrx, view, self._clock.now(), hidden)


_NOT_CAPTURED = (
    "The screen cannot be captured: {}. It may be locked, or a monitor may have gone; check DISPLAY."
)


@contextmanager
def explained_failures() -> Iterator[None]:
    """Turns a failure of mss within the block into a PlatformError.

    Yields:
        Nothing.

    Raises:
        PlatformError: mss cannot capture the screen.
    """
    from mss import ScreenShotError

    try:
        yield
    except ScreenShotError as error:
        raise PlatformError(_NOT_CAPTURED.format(error)) from error
    except AssertionError as error:  # mss takes for granted that the server answers
        raise PlatformError(_NOT_CAPTURED.format("the display does not answer")) from error


def _close(connection: Any) -> None:
    from mss import ScreenShotError

    with suppress(ScreenShotError):  # the display has gone
        connection.close()
