"""Windows in which a secret was typed, so that pictures can leave them out; never knows the secret."""

from __future__ import annotations

from gui_agent.backends import InputBackend
from gui_agent.screen import Area
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import PlatformError

EVERYWHERE = Area(-1e6, -1e6, 2e6, 2e6)


class Secrets:
    """Remembers windows until they close. Where windows cannot be told apart, it is the whole screen.

    Args:
        backend: Knows which windows there are.
    """

    def __init__(self, backend: InputBackend) -> None:
        self._backend = backend
        self._ids: set[int] = set()
        self._everywhere = False

    def note(self, window: WindowInfo | None) -> None:
        """A secret is about to be typed into a window; None for a window that is not known."""
        if window is not None and window.id in (self._listed() or ()):
            self._ids.add(window.id)
        else:  # nor can anybody say later where a popup is, which no window manager lists
            self._everywhere = True

    def areas(self) -> tuple[Area, ...]:
        """What pictures must not show now, in input points."""
        if not self._ids and not self._everywhere:
            return ()
        listed = None if self._everywhere else self._listed()
        if listed is None:
            return (EVERYWHERE,)
        return tuple(area for number, area in listed.items() if number in self._ids)

    def forget(self) -> None:
        """Nothing is hidden from now on."""
        self._ids.clear()
        self._everywhere = False

    def _listed(self) -> dict[int, Area] | None:
        """Where the windows are that are shown, by number; None where nobody can say."""
        try:
            return {window.id: window.area for window in self._backend.windows()}
        except PlatformError:
            return None
