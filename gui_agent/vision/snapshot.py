"""One moment of the screen, and what the model finds on it."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property

from gui_agent.geometry import Area
from gui_agent.input.backend import InputBackend
from gui_agent.input.x11.windows import WindowInfo
from gui_agent.vision.capture import Capture
from gui_agent.vision.grounder import Grounder, Matches
from gui_agent.vision.regions import Monitor, Region, TellTitle, Window, choose_window
from molmo_act.errors import PlatformError


class Snapshot:
    """The screen as it is when this is made. The model is asked each question once.

    Args:
        grounder: Answers the questions.
        capture: Takes the screenshot.
        backend: Knows the windows.
        tell: Says how errors name windows.

    Attributes:
        shot: The screenshot.
    """

    def __init__(
        self,
        grounder: Grounder,
        capture: Capture,
        backend: InputBackend,
        tell: TellTitle = lambda window: window.title,
    ) -> None:
        self._grounder, self._capture, self._backend, self._tell = grounder, capture, backend, tell
        self.shot = capture.take()
        self._answers: dict[tuple[str, Region | None], Matches] = {}

    def ground(self, query: str, region: Region | None = None) -> Matches:
        """Finds what a query names within a region.

        Args:
            query: The words to look for.
            region: The part of the screen that the model sees; all of the screenshot unless given.

        Returns:
            The matches; the same object when asked again.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            InputError: The region is off screen, or there is no such monitor.
            QueryError: The query is empty or too long.
        """
        if (query, region) not in self._answers:
            shot = self.shot if region is None else self.shot.crop(self.area(region))
            self._answers[query, region] = self._grounder.ground(shot, query, self._window_areas)
        return self._answers[query, region]

    def answers(self) -> list[tuple[str, Matches]]:
        """Gives what was asked so far, and what the model answered.

        Returns:
            Queries with their matches, in the order of asking.
        """
        return [(query, matches) for (query, _), matches in self._answers.items()]

    @property
    def model_seconds(self) -> float:
        """How long the model has taken for its answers so far."""
        return sum(matches.model_seconds for matches in self._answers.values())

    def area(self, region: Region) -> Area:
        """Finds where a region is.

        Args:
            region: An area, a monitor or a window.

        Returns:
            Its area in input points.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            InputError: There is no such monitor.
        """
        if isinstance(region, Monitor):
            return self._capture.area(region.number)
        return self.window(region).area if isinstance(region, Window) else region

    def window(self, region: Window) -> WindowInfo:
        """Finds the window that a region names.

        Args:
            region: What is known of the window.

        Returns:
            The window as it was when windows were first asked for.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            PlatformError: Windows cannot be told apart here.
        """
        focused = self._backend.focused() if region.active else None
        return choose_window(region, self._windows, focused, self._tell)

    @cached_property
    def _window_areas(self) -> tuple[Area, ...]:
        if not self._grounder.needs_windows:
            return ()
        with suppress(PlatformError):  # windows cannot be told apart here
            return tuple(window.area for window in self._windows)
        return ()

    @cached_property
    def _windows(self) -> list[WindowInfo]:
        return self._backend.windows()
