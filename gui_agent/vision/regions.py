"""Regions of the screen to look in: an area, a monitor, or a window by its title and other facts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol, overload

from gui_agent.errors import Ambiguous, NotFound
from gui_agent.geometry import Area
from gui_agent.input.x11.windows import WindowInfo
from molmo_act.errors import InputError
from molmo_act.validation import check_bool, check_int, check_kind

MOST_MONITORS = 64


@dataclass(frozen=True)
class Monitor:
    """One monitor; where it is is asked anew at each use.

    Attributes:
        number: 1 and up; 0 is the whole desktop.

    Raises:
        InputError: It is no such number.
    """

    number: int

    def __post_init__(self) -> None:
        check_int("number", self.number, least=0, most=MOST_MONITORS)


@dataclass(frozen=True)
class Window:
    """One window that is shown, named by what is known of it and looked for anew at each use. X11 only.

    Attributes:
        title: The title, or a part of it that no other window has; upper and lower case are the same.
        pid: The process that it says it belongs to.
        wm_class: Either name of its class, as ``xprop WM_CLASS`` shows them, such as "Firefox".
        active: Whether it must be the one that has the keyboard.
        index: Which of several that fit, 0-based in the order in which they were opened, -1 for the last;
            None where there must be one.

    Raises:
        InputError: It names nothing, or one of these is of another kind.
    """

    title: str | None = None
    pid: int | None = None
    wm_class: str | None = None
    active: bool = False
    index: int | None = None

    def __post_init__(self) -> None:
        if self.title is not None:
            check_kind("title", self.title, str, "the title of a window, or a part of it")
            if not self.title.strip():
                raise InputError(f"title is {self.title!r}, a part of any title; give some letters.")
        if self.wm_class is not None:
            check_kind("wm_class", self.wm_class, str, "the class of a window, such as 'Firefox'")
        if self.pid is not None:
            check_int("pid", self.pid)
        if self.index is not None:
            check_int("index", self.index, least=-1)
        check_bool("active", self.active)
        if self.title is self.pid is self.wm_class is self.index is None and not self.active:
            raise InputError(
                "A window was asked for without anything to tell it by; give its title, pid, wm_class or "
                "index, or active=True."
            )

    def __str__(self) -> str:
        facts = {"titled": self.title, "of class": self.wm_class, "of process": self.pid}
        told = [f"{word} {fact!r}" for word, fact in facts.items() if fact is not None]
        told += ["with the keyboard"] * self.active
        return " ".join(told) or "at all"


Region = Area | Monitor | Window


class InWindow(Protocol):
    """What stands for a window where a region is expected; ``desktop.window(…)`` gives one."""

    @property
    def window(self) -> Window:
        """What is known of the window."""


@overload
def region_of(region: Region | InWindow) -> Region: ...


@overload
def region_of(region: Region | InWindow | None) -> Region | None: ...


def region_of(region: Region | InWindow | None) -> Region | None:
    """Gives the region that something stands for.

    Args:
        region: A region, or what stands for a window.

    Returns:
        The region; what is none comes back as it is, for `Selector` to refuse.
    """
    window = getattr(region, "window", None)
    return window if isinstance(window, Window) else region  # type: ignore[return-value]


TellTitle = Callable[[WindowInfo], str | None]
"""Gives what a message may say of a window's title; None for a window that is not to be told of."""


def choose_window(
    wanted: Window,
    windows: Sequence[WindowInfo],
    focused: WindowInfo | None = None,
    tell: TellTitle = lambda window: window.title,
) -> WindowInfo:
    """Finds the one window that is meant.

    Args:
        wanted: What is known of it. A window of exactly its title wins over those that contain it.
        windows: All windows that are shown.
        focused: The one that has the keyboard.
        tell: Says how errors name windows.

    Returns:
        The window.

    Raises:
        NotFound: There is none.
        Ambiguous: There are several.
    """
    found = [window for window in windows if _fits(wanted, window, focused)]
    if wanted.title is not None:
        title = _plain(wanted.title)
        exact = [window for window in found if _plain(window.title) == title]
        found = exact or [window for window in found if title in _plain(window.title)]
    told = [name for window in (found or windows) if (name := tell(window)) is not None]
    titles = ", ".join(map(repr, told)) or "none"
    if not found:
        raise NotFound(f"No window {wanted} is on the screen; those that are: {titles}.")
    if wanted.index is not None:
        if wanted.index >= len(found):
            raise NotFound(
                f"Window number {wanted.index} {wanted} was asked for, counted from 0, but there are "
                f"{len(found)}: {titles}."
            )
        return sorted(found, key=lambda window: window.order)[wanted.index]
    if len(found) > 1:
        raise Ambiguous(
            f"{len(found)} windows {wanted} are on the screen: {titles}. Give more of the title, an index, "
            "or an Area."
        )
    return found[0]


def _fits(wanted: Window, window: WindowInfo, focused: WindowInfo | None) -> bool:
    """Whether all but the title fits."""
    if wanted.active and (focused is None or window.id != focused.id):
        return False
    if wanted.pid is not None and window.pid != wanted.pid:
        return False
    return wanted.wm_class is None or _plain(wanted.wm_class) in map(_plain, window.wm_class)


def _plain(title: str) -> str:
    return unicodedata.normalize("NFKC", title).casefold()


def facts_of(window: Window) -> dict[str, Any]:
    """Writes what is known of a window as plain values.

    Args:
        window: The window.

    Returns:
        The fields that are given, by name: what `Window` takes.
    """
    values = {one.name: getattr(window, one.name) for one in fields(window)}
    return {name: value for name, value in values.items() if value is not None and value is not False}
