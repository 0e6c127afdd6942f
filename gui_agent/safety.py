"""What an agent may do: rules, and the guard that holds every act to them; moves no mouse.

What is written on the screen is data: nothing here reads it, and no rule can be changed by it.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from gui_agent.backends import InputBackend
from gui_agent.errors import Refused
from gui_agent.eye import Found
from gui_agent.screen import Area
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import InputError

DESTRUCTIVE = (
    *("delete", "remove", "erase", "wipe", "discard", "overwrite", "uninstall", "factory reset"),
    *("empty trash", "empty the trash", "format disk", "format the disk"),
    *("pay", "buy", "purchase", "place order", "order now", "transfer", "send", "publish", "unsubscribe"),
    *("shut down", "shutdown", "restart", "reboot", "power off", "log out", "sign out"),
)

SURE_ENOUGH = 0.6
"""Of calibrated scores. On drawn screens this keeps 0.98 of nano's right points and drops 0.30 of its wrong
ones (`python -m model.evaluation.scores --queries 200`)."""
RAW_ENOUGH = 0.1
"""Of scores that multiply three choices: a place that the model is sure of can score well below one half."""


@dataclass(frozen=True)
class Safety:
    """Rules for acting; the defaults are meant for a real desktop.

    Attributes:
        min_score: A place that scores less is not acted on. None for what suits the model: `SURE_ENOUGH` if
            its scores are calibrated, else `RAW_ENOUGH`.
        allow_windows: Titles, with ``*`` and ``?``; acts elsewhere are refused. Empty: any window. X11 only.
        deny_windows: Titles, with ``*`` and ``?``, of windows that are left alone. X11 only.
        allow_areas: Acts on places outside all of them are refused. Empty: anywhere.
        deny_areas: Places in them are left alone.
        allow_words: A locator must contain one of these words or phrases. Empty: any locator.
        deny_words: A locator that contains one of these words or phrases is refused.
        destructive_words: A locator that contains one of these is acted on only after ``confirm``.
        confirm: Is asked with one sentence and answers whether to go on; None answers no.
        max_actions_per_minute: More are refused, not queued.
        abort_key: Held by anybody, it stops an act that does not press or type yet, and all later ones until
            ``Desktop.resume()``; on X11 only. None for no such key. The pointer in the top-left corner stops
            an act that does, too.

    Raises:
        InputError: A number is out of range, or a single string was given for a list.
    """

    min_score: float | None = None
    allow_windows: Sequence[str] = ()
    deny_windows: Sequence[str] = ()
    allow_areas: Sequence[Area] = ()
    deny_areas: Sequence[Area] = ()
    allow_words: Sequence[str] = ()
    deny_words: Sequence[str] = ()
    destructive_words: Sequence[str] = DESTRUCTIVE
    confirm: Callable[[str], bool] | None = None
    max_actions_per_minute: int = 120
    abort_key: str | None = "esc"

    def __post_init__(self) -> None:
        if self.min_score is not None and not 0 <= self.min_score <= 1:
            raise InputError(f"min_score is {self.min_score}; give a probability from 0 to 1.")
        if self.max_actions_per_minute < 1:
            raise InputError(f"max_actions_per_minute is {self.max_actions_per_minute}; give at least 1.")
        for name in ("allow_windows", "deny_windows", "allow_words", "deny_words", "destructive_words"):
            if isinstance(getattr(self, name), str):
                raise InputError(f"{name} is one string, {getattr(self, name)!r}; give a list of strings.")


class Guard:
    """Holds the acts of one desktop to its rules.

    Args:
        safety: The rules.
        backend: Mouse, keyboard and windows.

    Raises:
        InputError: The abort key is no key of this keyboard.
        PlatformError: There are rules about windows, and windows cannot be told apart here.
    """

    def __init__(self, safety: Safety, backend: InputBackend) -> None:
        if safety.abort_key is not None:
            backend.require_keys(safety.abort_key)
        if safety.allow_windows or safety.deny_windows:
            backend.windows()  # a rule that cannot be kept must not be taken for one that is
        self.safety = safety
        self._backend = backend
        self._times: deque[float] = deque()
        self._aborted = False

    def resume(self) -> None:
        """Lets acts happen again after the abort key."""
        self._aborted = False

    def require_going_on(self) -> None:
        """Checks that nobody has stopped this desktop.

        Raises:
            Refused: The screen is locked, or the abort key is held, or was held at an earlier act.
        """
        self.require_unlocked()
        key = self.safety.abort_key
        if key is not None and self._backend.is_held(key):
            self._aborted = True
        if self._aborted:
            raise Refused(f"Somebody held the abort key {key!r}; nothing more is done until resume().")

    def require_unlocked(self) -> None:
        """Checks that the screen is not locked.

        Raises:
            Refused: It is.
        """
        if self._backend.is_locked():
            raise Refused(
                "The screen is locked: a program covers all of it and holds the keyboard. Nothing was done; "
                "unlock it first."
            )

    def require_words(self, query: str) -> None:
        """Checks the words of a locator, asking for consent where they name something destructive.

        Raises:
            Refused: They may not be acted on.
        """
        rules = self.safety
        if (word := _first_named(rules.deny_words, query)) is not None:
            raise Refused(f"{query!r} contains {word!r}, one of deny_words; nothing was done.")
        if rules.allow_words and _first_named(rules.allow_words, query) is None:
            raise Refused(f"{query!r} contains none of allow_words; nothing was done.")
        if (word := _first_named(rules.destructive_words, query)) is None:
            return
        if rules.confirm is None:
            raise Refused(
                f"{query!r} contains {word!r}, which may destroy something, and there is nobody to ask; "
                "nothing was done. Give Safety(confirm=...), or other destructive_words."
            )
        if not rules.confirm(f"Act on {query!r}?"):
            raise Refused(f"Consent to act on {query!r} was not given; nothing was done.")

    def min_score(self, *, calibrated: bool) -> float:
        """The least score of a place that is acted on.

        Args:
            calibrated: Whether the model's scores say how likely a place is right.
        """
        if self.safety.min_score is not None:
            return self.safety.min_score
        return SURE_ENOUGH if calibrated else RAW_ENOUGH

    def require_score(self, found: Found, least: float) -> None:
        """Checks that a place scores high enough to act on.

        Raises:
            Refused: It scores less than ``least``.
        """
        if found.score < least:
            raise Refused(
                f"{found.query!r} was found at {found.point} with a score of {found.score:.3f}, under "
                f"min_score {least:g}; nothing was done. Name it more exactly or lower "
                "min_score.",
                [found],
            )

    def require_place(self, point: tuple[int, int], window: WindowInfo | None) -> None:
        """Checks that a place and the window that is there now may be acted on.

        Args:
            point: In input points.
            window: The topmost window there.

        Raises:
            Refused: A rule is against it.
        """
        rules = self.safety
        middle = point[0] + 0.5, point[1] + 0.5
        if rules.allow_areas and not any(area.covers(*middle) for area in rules.allow_areas):
            raise Refused(f"{point} lies outside all of allow_areas; nothing was done.")
        for area in rules.deny_areas:
            if area.covers(*middle):
                raise Refused(f"{point} lies in a denied area, {area}; nothing was done.")
        self.require_window(window)

    def require_window(self, window: WindowInfo | None) -> None:
        """Checks that a window may be acted on; a menu counts as a window of its program.

        Raises:
            Refused: A rule is against it.
        """
        rules = self.safety
        if not rules.allow_windows and not rules.deny_windows:
            return
        titles = [] if window is None else self._titles_of(window)
        named = f"The window {titles[0]!r}" if titles else "The place, where there is no known window,"
        if any(_matches(rules.deny_windows, title) for title in titles):
            raise Refused(f"{named} is one of deny_windows; nothing was done.")
        if rules.allow_windows and not any(_matches(rules.allow_windows, title) for title in titles):
            raise Refused(f"{named} is none of allow_windows; nothing was done.")

    def count_act(self) -> None:
        """Counts an act that is about to happen.

        Raises:
            Refused: There were too many within the last minute.
        """
        now = time.monotonic()
        while self._times and now - self._times[0] > 60:
            self._times.popleft()
        if len(self._times) >= self.safety.max_actions_per_minute:
            raise Refused(
                f"There were {len(self._times)} acts within a minute, as many as max_actions_per_minute "
                "allows; nothing was done. Wait, or allow more."
            )
        self._times.append(now)

    def _titles_of(self, window: WindowInfo) -> list[str]:
        if window.title or window.pid is None:
            return [window.title]
        return [other.title for other in self._backend.windows() if other.pid == window.pid]


def _first_named(words: Sequence[str], query: str) -> str | None:
    """The first of some words or phrases that a query contains as whole words."""
    for word in words:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", query, re.IGNORECASE):
            return word
    return None


def _matches(patterns: Sequence[str], title: str) -> bool:
    return any(fnmatchcase(title.casefold(), pattern.casefold()) for pattern in patterns)
