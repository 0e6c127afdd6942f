"""Holds every action of a desktop to its rules.

What is written on the screen is data: nothing here reads it, and no rule can be changed by it.
"""

from __future__ import annotations

import inspect
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from gui_agent.clock import Clock
from gui_agent.errors import ActionBlockedError
from gui_agent.input.backend import InputBackend
from gui_agent.input.keystrokes import KEY_OF_CONTROL_CHARACTER
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.safety.cancellation import require_not_cancelled
from gui_agent.safety.chords import first_fitting, meanings
from gui_agent.safety.ownership import belongs_to, owners_of
from gui_agent.safety.patterns import named, title_allowed, title_denied
from gui_agent.safety.policy import RAW_ENOUGH, SURE_ENOUGH, Safety
from gui_agent.safety.redaction import Secrets
from gui_agent.vision.grounder import Match
from gui_agent.vision.selector import Selector
from molmo_act.errors import MolmoActError

CLOSE = ("alt", "f4")
"""Keys that close a window, wherever they do."""
WATCH_SECONDS = 0.025
"""Between two looks at the abort key; people hold a key at least twice as long."""


class Guard:
    """Holds the actions of one desktop to its rules.

    Args:
        safety: The rules.
        backend: Mouse, keyboard and windows.
        clock: By which actions are counted.
        secrets: Knows which titles must not be told.

    Raises:
        InputError: The abort key is no key of this keyboard.
        PlatformError: There are rules about windows, and windows cannot be told apart here.
    """

    def __init__(
        self,
        safety: Safety,
        backend: InputBackend,
        clock: Clock | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        if safety.abort_key is not None:
            backend.require_keys(safety.abort_key)
        if safety.allow_windows or safety.deny_windows:
            backend.windows()  # a rule that cannot be kept must not be taken for one that is
        self.safety = safety
        self._backend = backend
        self._clock = Clock() if clock is None else clock
        self._secrets = Secrets(backend) if secrets is None else secrets
        self._times: deque[float] = deque()
        self._aborted = self._is_watching = False

    def resume(self) -> None:
        """Lets actions happen again after the abort key."""
        self._aborted = False

    @contextmanager
    def watching(self, *, presses: bool = False) -> Iterator[None]:
        """Notices within the block that the abort key is only tapped, while a model looks or all waits.

        Args:
            presses: Whether the action presses that key itself, so that it proves nothing.

        Yields:
            Nothing.
        """
        key, is_over = self.safety.abort_key, threading.Event()
        if key is None or presses or self._is_watching:
            yield
            return

        def watch() -> None:
            with suppress(MolmoActError):  # what has failed, the action finds out itself
                while not is_over.wait(WATCH_SECONDS):
                    if self._backend.is_held(key):
                        self._aborted = True
                        return

        watcher = threading.Thread(target=watch, name="abort key", daemon=True)
        self._is_watching = True
        watcher.start()
        try:
            yield
        finally:
            is_over.set()
            watcher.join()
            self._is_watching = False

    def require_going_on(self) -> None:
        """Checks that nobody has stopped this desktop.

        Raises:
            ActionBlockedError: The screen is locked, the call was cancelled, or the abort key is held, or was
                held earlier.
        """
        self.require_unlocked()
        self.require_not_stopped()

    def require_not_stopped(self) -> None:
        """Checks that nobody has stopped this desktop by hand; quick enough to be asked before each press.

        Raises:
            ActionBlockedError: The call was cancelled, or the abort key is held, or was held earlier.
        """
        require_not_cancelled()
        key = self.safety.abort_key
        if key is not None and self._backend.is_held(key):
            self._aborted = True
        if self._aborted:
            raise ActionBlockedError(
                f"Somebody held the abort key {key!r}; nothing more is done until resume()."
            )

    def require_unlocked(self) -> None:
        """Checks that the screen is not locked.

        Raises:
            ActionBlockedError: It is.
        """
        if self.safety.respect_lock and self._backend.is_locked():
            raise ActionBlockedError(
                "The screen is locked: a program covers all of it and holds the keyboard; unlock it first."
            )

    def require_words(self, selector: Selector) -> None:
        """Checks the words of a locator, asking for consent where they name something destructive.

        Args:
            selector: Its words; those of what it is near, and the title of its window, are checked, too.

        Raises:
            ActionBlockedError: They may not be acted on.
        """
        rules = self.safety
        texts = _texts_of(selector)
        for text in texts:
            if (word := named(rules.deny_words, text)) is not None:
                raise ActionBlockedError(f"{text!r} contains {word!r}, one of deny_words.")
        if rules.allow_words and named(rules.allow_words, selector.query) is None:
            raise ActionBlockedError(f"{selector.query!r} contains none of allow_words.")
        for text in texts:
            if (word := named(rules.destructive_words, text)) is not None:
                self._ask(
                    f"Act on {selector.query!r}?",
                    f"{text!r} contains {word!r}, which may destroy something",
                    f"act on {selector.query!r}",
                )
                return

    def require_chord(self, keys: Sequence[str], place: str = "") -> None:
        """Checks keys that are to be pressed together, asking for consent where that may destroy something.

        Args:
            keys: Their names, in the order in which they go down; a key after others takes nothing of what
                those mean.
            place: Where they go, for the question, such as "in the window 'Files'".

        Raises:
            ActionBlockedError: They may not be pressed.
        """
        rules, chord = self.safety, "+".join(keys)
        self.require_not_denied(keys)
        if rules.allow_keys and any(first_fitting(rules.allow_keys, one) is None for one in meanings(keys)):
            raise ActionBlockedError(f"The keys {chord!r} are none of allow_keys.")
        if any(first_fitting(rules.destructive_keys, one) is not None for one in meanings(keys)):
            self._ask(
                f"Press {chord!r} {place}".rstrip() + "?",
                f"The keys {chord!r} may delete, close or leave something",
                f"press {chord!r}",
            )

    def require_text(self, text: str, place: str = "") -> None:
        """Checks the keys that a text stands for: Enter for line breaks, Tab for tabs.

        Args:
            text: What is to be typed.
            place: See `require_chord`.

        Raises:
            ActionBlockedError: They may not be pressed.
        """
        for character, key in KEY_OF_CONTROL_CHARACTER.items():
            if character in text:
                self.require_chord([key], place)

    def require_not_denied(self, keys: Sequence[str]) -> None:
        """Checks that keys are none of those that are denied, whatever else is allowed.

        Args:
            keys: Their names, in the order in which they go down.

        Raises:
            ActionBlockedError: They are.
        """
        for one in meanings(keys):
            if (rule := first_fitting(self.safety.deny_keys, one)) is not None:
                raise ActionBlockedError(f"The keys {'+'.join(keys)!r} are {rule!r}, one of deny_keys.")

    def require_closing(self, window: WindowInfo) -> None:
        """Checks that a window may be closed, which counts as pressing `CLOSE` for the rules about keys.

        Args:
            window: The window itself, so that the question names what would be closed.

        Raises:
            ActionBlockedError: It may not be.
        """
        rules, name = self.safety, f"the window {self.title_of(window)!r}"
        if (rule := first_fitting(rules.deny_keys, CLOSE)) is not None:
            raise ActionBlockedError(f"Closing a window is {rule!r}, one of deny_keys.")
        if rules.allow_keys and first_fitting(rules.allow_keys, CLOSE) is None:
            raise ActionBlockedError(f"Closing a window is {'+'.join(CLOSE)!r}, none of allow_keys.")
        if first_fitting(rules.destructive_keys, CLOSE) is not None:
            self._ask(f"Close {name}?", f"Closing {name} may lose something", f"close {name}")

    def _ask(self, question: str, reason: str, wish: str) -> None:
        confirm = self.safety.confirm
        if confirm is None:
            raise ActionBlockedError(f"{reason}, and there is nobody to ask.")
        answer = confirm(question)
        if inspect.iscoroutine(answer):
            answer.close()
        if answer is not True:  # what only counts as true, such as "n" or a coroutine, is no consent
            raise ActionBlockedError(f"Consent to {wish} was not given.")

    def min_score(self, *, calibrated: bool) -> float:
        """Gives the least score of a match that is acted on.

        Args:
            calibrated: Whether the model's scores say how likely a place is right.

        Returns:
            A probability in [0, 1].
        """
        if self.safety.min_score is not None:
            return self.safety.min_score
        return SURE_ENOUGH if calibrated else RAW_ENOUGH

    def require_score(self, match: Match, least: float) -> None:
        """Checks that a match scores high enough to act on.

        Args:
            match: What would be acted on.
            least: The least score, in [0, 1].

        Raises:
            ActionBlockedError: It does not score ``least`` or more.
        """
        if not match.score >= least:  # a score that is not known passes no bound
            raise ActionBlockedError(
                f"{match.query!r} was found at {match.point} with a score of {match.score:.3f}, under "
                f"min_score {least:g}. Name it more exactly.",
                [match],
            )

    def require_place(self, point: tuple[int, int], window: WindowInfo | None) -> None:
        """Checks that a place and the window that is there now may be acted on.

        Args:
            point: In input points.
            window: The topmost window there.

        Raises:
            ActionBlockedError: A rule is against it.
        """
        rules = self.safety
        middle = point[0] + 0.5, point[1] + 0.5
        if rules.allow_areas and not any(area.covers(*middle) for area in rules.allow_areas):
            raise ActionBlockedError(f"{point} lies outside all of allow_areas.")
        for area in rules.deny_areas:
            if area.covers(*middle):
                raise ActionBlockedError(f"{point} lies in a denied area, {area}.")
        self.require_window(window)

    def require_keyboard(self, window: WindowInfo | None) -> None:
        """Checks that keys may go to the window that has the keyboard, wherever in it they go.

        Args:
            window: The window; None where there is none, or none that is known.

        Raises:
            ActionBlockedError: A rule is against it.
        """
        if window is None:
            self.require_window(None)
            if self.safety.allow_areas or self.safety.deny_areas:
                raise ActionBlockedError("Where keys would go is not known, and there are rules about areas.")
            return
        advice = " Act on something in it, which says where keys go."
        self.require_whole(window, "The window that has the keyboard", advice)

    def require_whole(self, window: WindowInfo, name: str = "The window", advice: str = "") -> None:
        """Checks that a window may be acted on wherever in it that has an effect.

        Args:
            window: The window.
            name: What messages call it.
            advice: What else could be done, a sentence that begins with a space.

        Raises:
            ActionBlockedError: A rule is against it.
        """
        self.require_window(window)
        rules, area = self.safety, window.area
        if rules.allow_areas and not any(allowed.shared_with(area) == area for allowed in rules.allow_areas):
            raise ActionBlockedError(f"{name}, {area}, is not wholly within one of allow_areas.{advice}")
        for denied in rules.deny_areas:
            if denied.shared_with(area) is not None:
                raise ActionBlockedError(f"{name}, {area}, reaches into a denied area, {denied}.{advice}")

    def require_window(self, window: WindowInfo | None) -> None:
        """Checks that a window may be acted on; menus and dialogs count as windows that they belong to.

        Args:
            window: The window; None where there is none, or none that is known.

        Raises:
            ActionBlockedError: A rule is against it.
        """
        rules = self.safety
        if not rules.allow_windows and not rules.deny_windows:
            return
        if window is None:
            if rules.allow_windows:
                raise ActionBlockedError(
                    "The place, where there is no known window, is none of allow_windows."
                )
            return
        managed, focused = self._backend.windows(), self._backend.focused()
        line = _line_of(window, managed, focused)
        for one in line:
            if title_denied(rules.deny_windows, one.title):
                raise ActionBlockedError(f"The window {self.title_of(one)!r} is one of deny_windows.")
        if rules.allow_windows and not self._is_allowed(window, managed, focused):
            raise ActionBlockedError(f"The window {self.title_of(window)!r} is none of allow_windows.")

    def require_part_of(self, window: WindowInfo | None, wanted: WindowInfo, match: Match) -> None:
        """Checks that what is at a place is a certain window, or its menu or dialog.

        Args:
            window: The topmost window at the place.
            wanted: The window it should be.
            match: What was found at the place.

        Raises:
            ActionBlockedError: Another window covers it.
        """
        if window is not None and (
            window.id == wanted.id
            or belongs_to(window, wanted, self._backend.windows(), self._backend.focused())
        ):
            return
        cover = "the bare desktop" if window is None else f"the window {self.title_of(window)!r}"
        raise ActionBlockedError(
            f"{match.query!r} was found at {match.point}, but there {cover} covers "
            f"{self.title_of(wanted)!r}. Raise the window first."
        )

    def title_of(self, window: WindowInfo) -> str:
        """Gives a window's title for a message; dots where a secret was typed into it.

        Args:
            window: The window.

        Returns:
            The title, or dots.
        """
        return self._secrets.title_of(window)

    def named(self, window: WindowInfo) -> str:
        """Names a window in a message.

        Args:
            window: The window.

        Returns:
            Words for it, with dots for its title where a secret was typed into it.
        """
        return f"the window {self.title_of(window)!r}"

    def tellable_title(self, window: WindowInfo) -> str | None:
        """Gives a window's title for a list of windows; None for one that must be left alone.

        Args:
            window: The window.

        Returns:
            The title, dots where a secret was typed into it, or None.
        """
        try:
            self.require_window(window)
        except ActionBlockedError:
            return None
        return self.title_of(window)

    def count_act(self) -> None:
        """Counts an action that is about to happen.

        Raises:
            ActionBlockedError: There were too many within the last minute.
        """
        now = self._clock.now()
        while self._times and now - self._times[0] > 60:
            self._times.popleft()
        if len(self._times) >= self.safety.max_actions_per_minute:
            raise ActionBlockedError(
                f"There were {len(self._times)} actions within a minute, as many as max_actions_per_minute "
                "allows. Wait."
            )
        self._times.append(now)

    def _is_allowed(
        self, window: WindowInfo, managed: Sequence[WindowInfo], focused: WindowInfo | None
    ) -> bool:
        """Whether a title allows it; a popup, or a dialog of the same program, stands for its owners."""
        patterns = self.safety.allow_windows
        owners = owners_of(window, managed, focused)
        if not owners or not window.is_popup:
            if title_allowed(patterns, window.title):
                return True
            owners = [one for one in owners if one.client == window.client]  # others could claim to belong
        return bool(owners) and all(
            title_allowed(patterns, owner.title)
            or any(title_allowed(patterns, one.title) for one in _line_of(owner, managed, focused))
            for owner in owners
        )


def _line_of(
    window: WindowInfo, managed: Sequence[WindowInfo], focused: WindowInfo | None
) -> list[WindowInfo]:
    """A window, those it may belong to, those they belong to, and so on."""
    line = [window]
    for one in line:
        line += [owner for owner in owners_of(one, managed, focused) if owner.id not in {w.id for w in line}]
    return line


def _texts_of(selector: Selector) -> list[str]:
    """The words of a locator, of all that it is near, and the titles of their windows."""
    texts = [selector.query, *(one.title for one in selector.windows() if one.title is not None)]
    return texts if selector.neighbor is None else texts + _texts_of(selector.neighbor)
