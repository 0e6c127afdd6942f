"""Parts of the screen that can be named: an Area, a monitor, a window; knows no pictures and no model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.screen import Area
from gui_agent.x11_windows import WindowInfo


@dataclass(frozen=True)
class Monitor:
    """One monitor, wherever it is when it is looked at.

    Attributes:
        number: 1 and up; 0 is the whole desktop.
    """

    number: int


@dataclass(frozen=True)
class Window:
    """The window with a title, wherever it is when it is looked at; on X11 only.

    Attributes:
        title: The title, or a part of it that no other window has; capital letters do not count.
    """

    title: str


Region = Area | Monitor | Window


def window_titled(title: str, windows: Sequence[WindowInfo]) -> WindowInfo:
    """The one window with a title.

    Args:
        title: See `Window`. A window of exactly this title wins over those that contain it.
        windows: All that are shown.

    Raises:
        NotFound: There is none.
        Ambiguous: There are several.
    """
    wanted = title.casefold()
    found = [window for window in windows if window.title.casefold() == wanted]
    found = found or [window for window in windows if wanted in window.title.casefold()]
    titles = ", ".join(repr(window.title) for window in (found or windows)) or "none"
    if not found:
        raise NotFound(f"No window is titled {title!r}; those on the screen: {titles}.")
    if len(found) > 1:
        raise Ambiguous(
            f"{len(found)} windows are titled {title!r}: {titles}. Give more of the title, or an Area."
        )
    return found[0]
