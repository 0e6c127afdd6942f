"""What an action waited for and saw until it failed, line by line, for the error's message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gui_agent.clock import Clock
from gui_agent.errors import Ambiguous, DesktopError
from gui_agent.vision.grounder import Matches

FIRST_SHOWN, LAST_SHOWN = 3, 7
SHOWN_SCORES = 5


class CallLog:
    """Lines with the seconds since the action began; a line that repeats the one before is counted.

    Args:
        clock: By which the action waits.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began = clock, clock.now()
        self._notes: list[tuple[float, str, int]] = []

    def note(self, text: str) -> None:
        """Adds a line.

        Args:
            text: What is waited for, or was seen.
        """
        if self._notes and self._notes[-1][1] == text:
            since, _, times = self._notes[-1]
            self._notes[-1] = since, text, times + 1
        else:
            self._notes.append((self._clock.now() - self._began, text, 1))

    def note_matches(self, query: str, matches: Matches) -> None:
        """Adds what the model found.

        Args:
            query: The words that were looked for.
            matches: What it found.
        """
        scores = sorted((match.score for match in matches.all), reverse=True)
        listed = " and ".join(f"{score:.2f}" for score in scores[:SHOWN_SCORES])
        more = " and less" if len(scores) > SHOWN_SCORES else ""
        places = f"{len(scores)} match{'' if len(scores) == 1 else 'es'} of {listed}{more}"
        self.note(f"looked for {query!r}: saw {places if scores else 'nothing'}")

    def lines(self) -> tuple[str, ...]:
        """Gives the log as text.

        Returns:
            The lines, oldest first; the middle of a long log is left out.
        """
        shown = [
            f"{since:6.2f} s  {text}{f' ({times} times)' if times > 1 else ''}"
            for since, text, times in self._notes
        ]
        left_out = len(shown) - FIRST_SHOWN - LAST_SHOWN
        if left_out > 1:
            shown[FIRST_SHOWN:-LAST_SHOWN] = [f"  …      {left_out} more lines"]
        return tuple(shown)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Inside, an error of the desktop takes the log with it; that of several matches has them already."""
        try:
            yield
        except DesktopError as error:
            if self._notes and not isinstance(error, Ambiguous):
                self.note(f"gave up: {type(error).__name__}")
                error.call_log = self.lines()
            raise
