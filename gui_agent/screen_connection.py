"""The connection to the screen, through mss, that a desktop keeps between its acts; takes no picture itself.

Pictures come through memory shared with the X server. Making that memory costs the first picture of a
connection more than each later one takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from weakref import finalize

from gui_agent.session import require_screen
from molmo_act.errors import MissingExtraError, PlatformError


class ScreenConnection:
    """Keeps a connection for as long as the monitors stay as they are; closes it when this goes away."""

    def __init__(self) -> None:
        self._kept: Any = None
        self._closing = ExitStack()
        finalize(self, self._closing.close)

    def open(self) -> Any:
        """An ``mss.MSS`` that knows the monitors as they are now.

        Raises:
            MissingExtraError: mss is not installed.
            PlatformError: There is no display, or it cannot be captured.
        """
        require_screen()
        try:
            import mss
        except ImportError as error:
            raise MissingExtraError("mss", extra="gui", purpose="Capturing the screen") from error
        with explained_failures(), ExitStack() as unused:
            fresh = mss.MSS()  # a connection reads the monitors once
            unused.callback(_close, fresh)
            if self._kept is None or self._kept.monitors != fresh.monitors:
                self._closing.close()
                self._closing.push(unused.pop_all())
                self._kept = fresh
        return self._kept


@contextmanager
def explained_failures() -> Iterator[None]:
    """Makes a failure of mss a PlatformError."""
    from mss import ScreenShotError

    try:
        yield
    except ScreenShotError as error:
        raise PlatformError(
            f"The screen cannot be captured: {error}. It may be locked, or a monitor may have gone; check "
            "DISPLAY."
        ) from error


def _close(connection: Any) -> None:
    from mss import ScreenShotError

    with suppress(ScreenShotError):  # the display has gone
        connection.close()
