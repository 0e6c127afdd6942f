"""Windows in which a secret was typed, so that images and messages can leave them out.

The secret itself is not kept. Hidden are the window with its title bar, since titles repeat what is typed,
its dialogs, and its menus, lists and tooltips, wherever on the screen they are; panels and notifications,
which repeat titles; and the titles of all but these in messages.
"""

from __future__ import annotations

from collections.abc import Sequence

from gui_agent.geometry import Area
from gui_agent.input.backend import InputBackend
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.ownership import owners_of
from molmo_act.errors import PlatformError

EVERYWHERE = Area(-1e6, -1e6, 2e6, 2e6)
DOTS = "•••"


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
        """Notes that a secret is about to be typed into a window.

        Args:
            window: The window; None for one that is not known, which hides the whole screen. A menu or a
                dialog stands for the windows that it belongs to, too.
        """
        managed = self._managed()
        noted = set() if window is None or managed is None else self._line(window, managed)
        if noted:
            self._ids |= noted
        else:  # nor can anybody say later where a popup is that belongs to no window
            self._everywhere = True

    def areas(self) -> tuple[Area, ...]:
        """Lists what images must not show now.

        Returns:
            Areas in input points; `EVERYWHERE` where windows cannot be told apart.
        """
        if not self._ids and not self._everywhere:
            return ()
        managed = None if self._everywhere else self._managed()
        if managed is None:
            return (EVERYWHERE,)
        shown = [*managed, *self._backend.popups()]
        hidden = [window for window in shown if self._is_hidden(window, managed)]
        if hidden:
            hidden += [window for window in shown if window.is_panel and window not in hidden]
        return tuple(window.outline or window.area for window in hidden)

    def title_of(self, window: WindowInfo) -> str:
        """Gives a window's title as messages may tell it.

        Args:
            window: The window.

        Returns:
            The title; dots where images must not show the window.
        """
        if not self._ids and not self._everywhere:
            return window.title
        managed = self._managed()
        is_hidden = self._everywhere or managed is None or self._is_hidden(window, managed)
        return DOTS if is_hidden else window.title

    def forget(self) -> None:
        """Hides nothing from now on."""
        self._ids.clear()
        self._everywhere = False

    def _is_hidden(self, window: WindowInfo, managed: Sequence[WindowInfo]) -> bool:
        seen: set[int] = set()
        line = [window]
        for one in line:
            if one.id in self._ids:
                return True
            if one.id not in seen:
                seen.add(one.id)
                line += owners_of(one, managed)
        return False

    @staticmethod
    def _line(window: WindowInfo, managed: Sequence[WindowInfo]) -> set[int]:
        """The managed windows among a window and those that it belongs to."""
        ids = {one.id for one in managed}
        return {one.id for one in (window, *owners_of(window, managed))} & ids

    def _managed(self) -> list[WindowInfo] | None:
        """The windows that are shown; None where nobody can say."""
        try:
            return self._backend.windows()
        except PlatformError:
            return None
