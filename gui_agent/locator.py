"""Locators: words that name something on a desktop, and the actions on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gui_agent.actions.executor import perform
from gui_agent.actions.gestures import Click, DeleteContent, Drag, Focus, Gesture, PressKeys, Scroll, TypeText
from gui_agent.actions.hand import DRAG_STEPS
from gui_agent.actions.result import ActionResult
from gui_agent.assertions import Expectation, State
from gui_agent.clock import require_seconds
from gui_agent.context import DesktopContext
from gui_agent.errors import NotFound
from gui_agent.geometry import Area
from gui_agent.input.backend import require_button
from gui_agent.input.key_names import MODIFIERS, key_name
from gui_agent.input.keystrokes import split_chord
from gui_agent.vision.extent import extent_at
from gui_agent.vision.grounder import Match
from gui_agent.vision.overlay import Frames
from gui_agent.vision.regions import InWindow, Region, region_of
from gui_agent.vision.selector import LAST, Selector
from molmo_act.errors import InputError


@dataclass(frozen=True)
class Locator:
    """What words name on a desktop. Making one looks at nothing; each use looks anew.

    A locator is strict: when several things match about equally well, acting on it raises `Ambiguous`. Say
    which is meant with more words, ``first``, ``nth``, ``near`` or ``inside``.

    Every action waits up to ``timeout`` seconds (the desktop's unless given) until there is a target that
    scores enough and holds still, and raises, with nothing done:

    - `NotFound` or `Unstable` where there is none, or it does not hold still;
    - `Ambiguous` where there are several, which more time would not tell apart;
    - `ActionBlockedError` where the score, a rule of `Safety`, the fail-safe or a covering window forbids it;
    - `InputError` where an argument cannot be used, `QueryError` where the query cannot.

    Attributes:
        context: The desktop it is looked for on.
        selector: The words, where to look, and which of several is meant.
    """

    context: DesktopContext = field(repr=False)
    selector: Selector

    # --- which one ----------------------------------------------------------------------------------------

    @property
    def query(self) -> str:
        """The words."""
        return self.selector.query

    @property
    def region(self) -> Region | None:
        """Where to look; None for all that the desktop looks at."""
        return self.selector.region

    @property
    def index(self) -> int | None:
        """Which of several, 0-based in the order of the model's answer; None where there must be one."""
        return self.selector.index

    @property
    def first(self) -> Locator:
        """The first of several."""
        return self.nth(0)

    @property
    def last(self) -> Locator:
        """The last of several."""
        return self.nth(LAST)

    def nth(self, index: int) -> Locator:
        """Picks one of several.

        Args:
            index: 0-based, in the order of the model's answer, which is by and large reading order, and as
                `all`, `count` and `Ambiguous.candidates` count: without what scores too little to be acted
                on. -1 is the last.

        Returns:
            A locator of that one.

        Raises:
            InputError: The index is no whole number, or below -1.
        """
        return Locator(self.context, self.selector.nth(index))

    def near(self, other: str | Locator) -> Locator:
        """Picks the one of several that is nearest to something else.

        Args:
            other: The other thing, as words or as a locator.

        Returns:
            A locator of the nearest one.

        Raises:
            InputError: The words are not text.
        """
        return Locator(self.context, self.selector.near(selector_of(other)))

    def inside(self, region: Region | InWindow) -> Locator:
        """Looks for the same words in a part of the screen only; the model sees nothing else.

        Args:
            region: An `Area` in input points, a window or a monitor.

        Returns:
            A locator in that region.

        Raises:
            InputError: The region is not a region.
        """
        return Locator(self.context, self.selector.inside(region_of(region)))

    def filter(
        self,
        *,
        has_text: str | None = None,
        has_not_text: str | None = None,
        within: Region | InWindow | None = None,
    ) -> Locator:
        """Leaves out some of several.

        Args:
            has_text: A text that it shows; it becomes part of the words.
            has_not_text: A text that it does not show.
            within: Where it lies. Other than with `inside`, the model sees the rest of the screen, too.

        Returns:
            A locator of fewer things.

        Raises:
            InputError: Nothing was given, a text is none or empty, or the region is not a region.
        """
        return Locator(self.context, self.selector.filter(has_text, has_not_text, region_of(within)))

    def all(self) -> list[Locator]:
        """Looks once, and gives a locator for each thing that matches now.

        Returns:
            A locator for each match that scores enough; empty where there is none.

        Raises:
            ActionBlockedError: The screen is locked.
            QueryError: The query is empty or too long.
        """
        if self.selector.index is not None or self.selector.neighbor is not None:
            return [self] * self.count()
        return [self.nth(index) for index in range(self.count())]

    def count(self) -> int:
        """Looks once, and counts what matches now.

        Returns:
            Number of matches that score enough; at most 1 where ``first``, ``last``, ``nth`` or ``near``
            chooses one.

        Raises:
            ActionBlockedError: The screen is locked.
            QueryError: The query is empty or too long.
        """
        return len(self.selector.choose_all(self.context.current_snapshot(), self.context.min_score))

    def is_visible(self) -> bool:
        """Looks once, and says whether something matches now; `expect` waits for it.

        Returns:
            Whether there is a match that scores enough.

        Raises:
            ActionBlockedError: The screen is locked.
            QueryError: The query is empty or too long.
        """
        try:
            return self.count() > 0
        except NotFound:  # the window to look in is not there
            return False

    def is_hidden(self) -> bool:
        """Looks once, and says whether nothing matches now: the opposite of `is_visible`."""
        return not self.is_visible()

    def find(self) -> Match:
        """Looks once, and says where it is; a low score is returned, not refused.

        Returns:
            Where it is now.

        Raises:
            NotFound: Nothing matches.
            Ambiguous: Several things match about equally well.
            ActionBlockedError: The screen is locked.
            QueryError: The query is empty or too long.
        """
        return self.selector.choose(self.context.current_snapshot(), self.context.min_score)

    def bounding_box(self) -> Area | None:
        """Looks once, and estimates its box: what has one colour around the place but for what is on it.

        The model gives a point and no edges, so a plain button has a box and a word on a page has none.

        Returns:
            The box in input points; None where no edges can be told.

        Raises:
            DesktopError: See `find`.
        """
        match = self.find()
        return extent_at(match.screenshot, match.pixel)

    def highlight(self, *, seconds: float = 1.0) -> Match:
        """Looks once, and frames it on the screen for a while.

        Args:
            seconds: For how long; this returns when the frame is gone.

        Returns:
            Where it is.

        Raises:
            DesktopError: See `find`.
            PlatformError: tkinter is missing.
        """
        require_seconds(seconds, "seconds")
        match = self.find()
        frames = Frames()
        try:
            frames.show([match])
            self.context.clock.sleep(seconds)
        finally:
            frames.close()
        return match

    # --- acting; the class says what each of these raises ---------------------------------------------------

    def click(
        self,
        *,
        button: str = "left",
        count: int = 1,
        modifiers: Sequence[str] = (),
        timeout: float | None = None,
    ) -> ActionResult:
        """Clicks it.

        Args:
            button: "left", "middle" or "right".
            count: 2 for a double click, 3 for a triple click.
            modifiers: Keys held meanwhile, such as ``["ctrl", "shift"]``.
            timeout: Seconds to wait for it.

        Returns:
            Where it was clicked, and whether the screen changed.
        """
        require_button(button, count)
        self.context.backend.require_keys(*require_modifiers(modifiers))
        arguments = {"button": button, "count": count, "modifiers": list(modifiers)}
        return self._perform("click", [Click(button, count, tuple(modifiers))], arguments, timeout)

    def dblclick(
        self, *, button: str = "left", modifiers: Sequence[str] = (), timeout: float | None = None
    ) -> ActionResult:
        """Clicks it twice: ``click(count=2)``.

        Args:
            button: "left", "middle" or "right".
            modifiers: Keys held meanwhile, such as ``["ctrl", "shift"]``.
            timeout: Seconds to wait for it.

        Returns:
            Where it was clicked, and whether the screen changed.
        """
        return self.click(button=button, count=2, modifiers=modifiers, timeout=timeout)

    def hover(self, *, timeout: float | None = None) -> ActionResult:
        """Moves the pointer onto it.

        Args:
            timeout: Seconds to wait for it.

        Returns:
            Where the pointer is now, and whether the screen changed.
        """
        return self._perform("hover", [], {}, timeout)

    def drag_to(
        self,
        other: str | Locator,
        *,
        button: str = "left",
        steps: int = DRAG_STEPS,
        timeout: float | None = None,
    ) -> ActionResult:
        """Drags it to something else.

        Args:
            other: Where to drop it, as words or as a locator.
            button: "left", "middle" or "right".
            steps: Moves of the pointer on the way; more of them take longer.
            timeout: Seconds to wait for both.

        Returns:
            Both places, and whether the screen changed.
        """
        require_button(button)
        selectors = [self.selector, selector_of(other)]
        gestures, arguments = [Drag(button, steps)], {"button": button, "steps": steps}
        return perform(self.context, "drag", selectors, gestures, arguments, timeout=timeout)

    def scroll(self, down: int = 3, right: int = 0, *, timeout: float | None = None) -> ActionResult:
        """Turns the wheel over it.

        Args:
            down: Notches; negative ones are up.
            right: Notches; negative ones are left.
            timeout: Seconds to wait for it.

        Returns:
            Where the wheel was turned, and whether the screen changed.
        """
        return self._perform("scroll", [Scroll(down, right)], {"down": down, "right": right}, timeout)

    def fill(self, text: str, *, secret: bool = False, timeout: float | None = None) -> ActionResult:
        """Clicks it, deletes its content, and types a text; each character arrives, or an error says so.

        Args:
            text: Any characters; line breaks and tabs are the keys Enter and Tab. "" is the same as `clear`.
            secret: Keeps the text out of results, records and images; see `Desktop.forget_secrets`.
            timeout: Seconds to wait for it.

        Returns:
            Where it was typed, and whether the screen changed.

        Raises:
            TypingError: The application did not take a pasted piece; the old content is gone.
        """
        if text == "":
            return self.clear(timeout=timeout)
        self.context.backend.require_typable(text, secret=secret)
        return perform(
            self.context,
            "fill",
            [self.selector],
            [Focus(), DeleteContent(), TypeText(text, secret)],
            typed_arguments(text, secret),
            timeout=timeout,
            secret=secret,
        )

    def press_sequentially(
        self, text: str, *, delay: float = 0.0, secret: bool = False, timeout: float | None = None
    ) -> ActionResult:
        """Clicks it, and types a text to what it holds, a character at a time.

        Args:
            text: Not empty; line breaks and tabs are the keys Enter and Tab.
            delay: Seconds between two characters, for programs that look at each.
            secret: Keeps the text out of results, records and images; see `Desktop.forget_secrets`.
            timeout: Seconds to wait for it.

        Returns:
            Where it was typed, and whether the screen changed.

        Raises:
            TypingError: The application did not take a pasted character, or another one took the keyboard.
        """
        require_seconds(delay, "delay")
        self.context.backend.require_typable(text, secret=secret)
        return perform(
            self.context,
            "press_sequentially",
            [self.selector],
            [Focus(), TypeText(text, secret, delay)],
            typed_arguments(text, secret) | {"delay": delay},
            timeout=timeout,
            secret=secret,
        )

    def clear(self, *, timeout: float | None = None) -> ActionResult:
        """Clicks it and deletes its content.

        Args:
            timeout: Seconds to wait for it.

        Returns:
            Where it was clicked, and whether the screen changed.
        """
        return self._perform("clear", [Focus(), DeleteContent()], {}, timeout)

    def press(self, chord: str, *, timeout: float | None = None) -> ActionResult:
        """Clicks it, then presses keys together.

        Args:
            chord: Such as "enter" or "ctrl+s".
            timeout: Seconds to wait for it.

        Returns:
            Where it was clicked, and whether the screen changed.
        """
        keys = split_chord(chord)
        self.context.backend.require_keys(*keys)
        return self._perform("press", [Focus(), PressKeys(keys)], {"chord": chord}, timeout)

    def wait_for(self, state: State = "visible", *, timeout: float | None = None) -> ActionResult:
        """Waits until it is visible, or until it is hidden; see `Expectation.wait_for`.

        Args:
            state: "visible" or "hidden".
            timeout: Seconds; the desktop's unless given.

        Returns:
            Where it is, if it is; "unchanged" when the first look already showed it so.

        Raises:
            TimeoutError: The state was not reached in time.
            InputError: There is no such state.
        """
        return Expectation(self.context, self.selector).wait_for(state, timeout=timeout)

    def _perform(
        self, action: str, gestures: Sequence[Gesture], arguments: dict[str, Any], timeout: float | None
    ) -> ActionResult:
        return perform(self.context, action, [self.selector], gestures, arguments, timeout=timeout)


def expect(locator: Locator) -> Expectation:
    """Says what should become visible, or hidden, soon; the methods of the result wait for it.

    Args:
        locator: What is looked for.

    Returns:
        The expectation.

    Raises:
        InputError: It is no locator.

    Example:
        expect(desktop.locator("a dialog saying the file was saved")).to_be_visible(timeout=5)
    """
    if not isinstance(locator, Locator):
        raise InputError(
            f"expect({locator!r}) was given; expected a locator such as desktop.locator('words')."
        )
    return Expectation(locator.context, locator.selector)


def require_modifiers(modifiers: Sequence[str]) -> Sequence[str]:
    """Checks that modifiers are a list of them, and not one string, whose letters would be taken for keys.

    Args:
        modifiers: Keys to hold.

    Returns:
        The same keys.

    Raises:
        InputError: It is no list of keys, or one of them is no modifier.
    """
    if isinstance(modifiers, str):
        raise InputError(f"modifiers is one string, {modifiers!r}; give a list of keys.")
    if not isinstance(modifiers, (list, tuple)) or not all(isinstance(key, str) for key in modifiers):
        raise InputError(f"modifiers is {modifiers!r}; give a list of keys.")
    for key in modifiers:
        if key_name(key) not in MODIFIERS:
            raise InputError(
                f"modifiers is {modifiers!r}, and {key!r} is none; give some of {', '.join(MODIFIERS)}."
            )
    return modifiers


def selector_of(target: str | Locator) -> Selector:
    """Gives the selector of a locator, or of words.

    Args:
        target: Words or a locator.

    Returns:
        The selector.

    Raises:
        InputError: It is neither.
    """
    return target.selector if isinstance(target, Locator) else Selector(target)


def typed_arguments(text: str, secret: bool) -> dict[str, Any]:
    """Gives what results and records say of a text that is typed.

    Args:
        text: The text.
        secret: Whether it is replaced by dots.

    Returns:
        Arguments by name.
    """
    return {"text": "•••", "secret": True} if secret else {"text": text}
