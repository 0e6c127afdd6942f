"""One moment of the screen and what the model says about it; moves nothing and waits for nothing."""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property

from gui_agent.backends import InputBackend
from gui_agent.capture import Capture
from gui_agent.eye import Eye, Sighting
from gui_agent.regions import Monitor, Region, Window, window_titled
from gui_agent.screen import Area
from gui_agent.x11_windows import WindowInfo
from molmo_act.errors import PlatformError


class Scene:
    """The screen as it is when this is made. Each question is asked once.

    Args:
        eye: Answers the questions.
        capture: Takes the picture.
        backend: Knows the windows.
        monitor: What is looked at: 0 for the whole desktop, 1 and up for one monitor.

    Attributes:
        shot: The picture.
    """

    def __init__(self, eye: Eye, capture: Capture, backend: InputBackend, monitor: int) -> None:
        self._eye, self._capture, self._backend = eye, capture, backend
        self.shot = capture.take(monitor)
        self._seen: dict[tuple[str, Region | None], Sighting] = {}

    def look(self, query: str, region: Region | None) -> Sighting:
        """What the model sees of a query within a region.

        Raises:
            NotFound: There is no such window.
            Ambiguous: Several windows have that title.
            InputError: The region is off screen, or there is no such monitor.
            QueryError: The query is empty or too long.
        """
        if (query, region) not in self._seen:
            shot = self.shot if region is None else self.shot.crop(self.area(region))
            self._seen[query, region] = self._eye.look(shot, query, self._window_areas)
        return self._seen[query, region]

    @property
    def model_seconds(self) -> float:
        """How long the model has taken for its answers so far."""
        return sum(sighting.model_seconds for sighting in self._seen.values())

    def area(self, region: Region) -> Area:
        """Where a region is, in input points; raises as `look` does."""
        if isinstance(region, Monitor):
            return self._capture.area(region.number)
        return self.window(region).area if isinstance(region, Window) else region

    def window(self, region: Window) -> WindowInfo:
        """The window that a region names; raises as `look` does."""
        return window_titled(region.title, self._windows)

    @cached_property
    def _window_areas(self) -> tuple[Area, ...]:
        if not self._eye.refine:
            return ()
        with suppress(PlatformError):  # windows cannot be told apart here
            return tuple(window.area for window in self._windows)
        return ()

    @cached_property
    def _windows(self) -> list[WindowInfo]:
        return self._backend.windows()
