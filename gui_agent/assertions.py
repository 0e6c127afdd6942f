"""Waits until something is visible on the screen, until it is hidden, or until there are so many of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from gui_agent.actions.actionability import wait_for_change
from gui_agent.actions.result import WAITS, ActionResult
from gui_agent.call_log import CallLog
from gui_agent.clock import require_seconds
from gui_agent.context import DesktopContext
from gui_agent.errors import Ambiguous, NotFound, TimeoutError
from gui_agent.vision.grounder import Match
from gui_agent.vision.selector import Selector
from gui_agent.vision.snapshot import Snapshot
from molmo_act.errors import InputError

State = Literal["visible", "hidden"]
ACTION_OF: dict[State, str] = {"visible": WAITS[0], "hidden": WAITS[1]}

Look = Callable[[Snapshot], tuple[Match, ...] | None]
"""Gives what is to be returned when a snapshot shows what is waited for, else None."""


@dataclass(frozen=True)
class Expectation:
    """What is expected of something on the screen.

    Each method waits for ``timeout`` seconds, the desktop's unless given, and takes at least one look. What
    scores less than ``min_score`` is not there.

    Attributes:
        context: The desktop.
        selector: What is looked for.
    """

    context: DesktopContext = field(repr=False)
    selector: Selector

    def to_be_visible(self, *, timeout: float | None = None) -> Match:
        """Waits until it is visible; see `wait_for`.

        Args:
            timeout: Seconds; the desktop's unless given.

        Returns:
            Where it is.

        Raises:
            TimeoutError: It did not appear in time.
        """
        return self.wait_for("visible", timeout=timeout).targets[0]

    def to_be_hidden(self, *, timeout: float | None = None) -> None:
        """Waits until it is not visible; see `wait_for`.

        Args:
            timeout: Seconds; the desktop's unless given.

        Raises:
            TimeoutError: It did not disappear in time.
        """
        self.wait_for("hidden", timeout=timeout)

    not_to_be_visible = to_be_hidden
    not_to_be_hidden = to_be_visible

    def to_have_count(self, count: int, *, timeout: float | None = None) -> None:
        """Waits until exactly so many things match.

        Args:
            count: How many.
            timeout: Seconds; the desktop's unless given.

        Raises:
            TimeoutError: There were more or fewer all the time.
            InputError: The count is no whole number, or below 0.
            QueryError: The query is empty or too long.
        """
        self._wait_for_count(count, timeout, is_wanted=True)

    def not_to_have_count(self, count: int, *, timeout: float | None = None) -> None:
        """Waits until more or fewer things match; see `to_have_count`.

        Args:
            count: How many there must not be.
            timeout: Seconds; the desktop's unless given.

        Raises:
            TimeoutError: There were so many all the time.
            InputError: The count is no whole number, or below 0.
        """
        self._wait_for_count(count, timeout, is_wanted=False)

    def wait_for(self, state: State, *, timeout: float | None = None) -> ActionResult:
        """Waits until it is visible with a score of at least ``min_score``, or hidden.

        Where several things match, one of them is enough.

        Args:
            state: "visible" or "hidden".
            timeout: Seconds; the desktop's unless given. At least one look is taken.

        Returns:
            Where it is, if it is; "unchanged" when the first look already showed it so.

        Raises:
            TimeoutError: The state was not reached in time.
            InputError: There is no such state, or the timeout is below 0.
            QueryError: The query is empty or too long.
        """
        if state not in ACTION_OF:
            raise InputError(f"wait_for(state={state!r}) was given; expected 'visible' or 'hidden'.")

        def look(snapshot: Snapshot) -> tuple[Match, ...] | None:
            match = self._best(snapshot)
            if (match is not None) != (state == "visible"):
                return None
            return () if match is None else (match,)

        what = "appear" if state == "visible" else "disappear"
        return self._wait(ACTION_OF[state], {}, timeout, look, lambda: f"did not {what}")

    def _wait_for_count(self, count: int, timeout: float | None, *, is_wanted: bool) -> None:
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InputError(f"The count is {count!r}; expected a whole number, 0 or more.")
        seen = 0

        def look(snapshot: Snapshot) -> tuple[Match, ...] | None:
            nonlocal seen
            matches = self._all(snapshot)
            seen = len(matches)
            return tuple(matches) if (seen == count) == is_wanted else None

        def failure() -> str:
            return f"has {seen} matches instead of {count}" if is_wanted else f"still has {count} matches"

        action = WAITS[2] if is_wanted else WAITS[3]
        self._wait(action, {"count": count}, timeout, look, failure)

    def _wait(
        self,
        action: str,
        arguments: Mapping[str, Any],
        timeout: float | None,
        look: Look,
        failure: Callable[[], str],
    ) -> ActionResult:
        """Waits as a step of the run until a look shows it, or raises a TimeoutError with the failure."""
        seconds = self.context.timeout if timeout is None else require_seconds(timeout)
        if timeout is not None:
            arguments = {**arguments, "timeout": timeout}
        log = CallLog(self.context.clock)
        with (
            self.context.step(action, [self.selector], arguments) as finish,
            log.explaining(),
            self.context.guard.watching(),
        ):
            result = self._look_until(action, arguments, seconds, look, failure, log)
            finish(result)
        return result

    def _look_until(
        self,
        action: str,
        arguments: Mapping[str, Any],
        seconds: float,
        look: Look,
        failure: Callable[[], str],
        log: CallLog,
    ) -> ActionResult:
        context, clock = self.context, self.context.clock
        began = clock.now()
        capture = context.screen.capture()
        first: Snapshot | None = None
        model_seconds = 0.0
        while True:
            context.guard.require_going_on()
            snapshot = context.snapshot(capture)
            matches = look(snapshot)
            for query, found in snapshot.answers():
                log.note_matches(query, found)
            model_seconds += snapshot.model_seconds
            first = first or snapshot
            if matches is not None:
                return ActionResult(
                    action,
                    "unchanged" if snapshot is first else "changed",
                    matches,
                    first.shot,
                    snapshot.shot,
                    clock.now() - began,
                    model_seconds,
                    arguments=arguments,
                )
            if not wait_for_change(context, capture, snapshot.shot, began + seconds):
                raise TimeoutError(f"{self.selector.query!r} {failure()} within {seconds:g} s.")

    def _all(self, snapshot: Snapshot) -> list[Match]:
        """The matches that count; none where the window to look in is not there."""
        try:
            return self.selector.choose_all(snapshot, self.context.min_score)
        except NotFound:
            return []

    def _best(self, snapshot: Snapshot) -> Match | None:
        try:
            best = self.selector.choose(snapshot, self.context.min_score)
        except NotFound:
            return None
        except Ambiguous as error:
            candidates = [candidate for candidate in error.candidates if isinstance(candidate, Match)]
            if not candidates:  # several windows have the title
                raise
            best = max(candidates, key=lambda match: match.score)
        return best if best.score >= self.context.min_score else None
