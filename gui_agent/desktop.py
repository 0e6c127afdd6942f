"""A desktop worked by words: find, click, type, look; knows no capture library and no kind of model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import molmo_act
from gui_agent.backends import InputBackend, PyAutoGuiBackend
from gui_agent.capture import take_screenshot
from gui_agent.errors import NotFound, Refused
from gui_agent.screen import Screenshot
from molmo_act.errors import InputError
from molmo_act.points import Points

if TYPE_CHECKING:
    from PIL import Image

# A score multiplies three choices, so a place that the model is sure of can score well below one half.
DEFAULT_MIN_SCORE = 0.1
"""On drawn screens it keeps 0.93 of nano's right points and drops 0.32 of its wrong ones
(`python -m model.evaluation.scores`)."""


class PointingModel(Protocol):
    """What a desktop needs of a model; ``molmo_act.load()`` gives one."""

    def point(self, image: Image.Image, query: str) -> Points:
        """Points at what the query names, in pixels of the image."""


@dataclass(frozen=True)
class Found:
    """A place on the screen that matches a query.

    Attributes:
        query: What was asked.
        point: The mouse position (x, y) that a click on it takes, in whole input points of the desktop.
        pixel: The same place (x, y) in pixels of the screenshot, pixel centres at +0.5.
        score: The model's own probability of this place, in [0, 1].
        points: Everything that the model pointed at, in pixels of the screenshot.
        screenshot: What was looked at.
    """

    query: str
    point: tuple[int, int]
    pixel: tuple[float, float]
    score: float
    points: Points = field(repr=False)
    screenshot: Screenshot = field(repr=False)

    def draw(self) -> Image.Image:
        """The screenshot with every candidate marked and a cross on the place, RGB."""
        from gui_agent.drawing import draw_found

        return draw_found(self)


class Desktop:
    """The screen, mouse and keyboard of this session, worked by words.

    Args:
        model: Has ``point(image, query) -> Points``; ``molmo_act.load()`` at first use unless given.
        backend: Mouse and keyboard; pyautogui unless given.
        min_score: Acting on a place that scores less is refused.
        monitor: What is looked at: 0 for the whole desktop, 1 and up for one monitor.

    Raises:
        MissingExtraError: The packages of the extra ``gui`` are not installed.
        PlatformError: There is no display that can be seen and clicked.
        InputError: ``min_score`` is not within 0 and 1.

    Example:
        desk = Desktop()
        desk.click("the Save button")
        desk.type("report < 3")
    """

    def __init__(
        self,
        model: PointingModel | None = None,
        *,
        backend: InputBackend | None = None,
        min_score: float = DEFAULT_MIN_SCORE,
        monitor: int = 0,
    ) -> None:
        if not 0 <= min_score <= 1:
            raise InputError(f"min_score is {min_score}; give a probability from 0 to 1.")
        self.min_score = min_score
        self.monitor = monitor
        self.backend = PyAutoGuiBackend() if backend is None else backend
        self._given_model = model

    @cached_property
    def model(self) -> PointingModel:
        """The model that finds places; the bundled one is loaded at first use."""
        return molmo_act.load() if self._given_model is None else self._given_model

    def screenshot(self, path: str | Path | None = None) -> Screenshot:
        """What is on the screen now.

        Args:
            path: Also writes the picture there; the ending chooses the format.
        """
        shot = take_screenshot(self.backend.size(), self.monitor)
        if path is not None:
            shot.save(path)
        return shot

    def find(self, query: str) -> Found:
        """Looks for what the query names; moves nothing. A low score is returned, not refused.

        Raises:
            NotFound: The model points at nothing.
            QueryError: The query is empty or too long.
        """
        shot = self.screenshot()
        points = self.model.point(shot.to_image(), query)
        best = points.best
        if best is None:
            raise NotFound(
                f"Nothing on the screen matches {query!r} (absent with probability {points.absent:.2f}). "
                "Check that it is visible, or name it in other words."
            )
        return Found(query, shot.view.mouse_point(best.x, best.y), (best.x, best.y), best.score, points, shot)

    def click(self, target: str | Found) -> Found:
        """Clicks what the query names.

        Args:
            target: A query, or a place found before, which is clicked without looking again.

        Returns:
            The place that was clicked.

        Raises:
            NotFound: The model points at nothing.
            Refused: Its score is under ``min_score``, the fail-safe is held, or the pointer did not arrive.
            QueryError: The query is empty or too long.
        """
        found = self.find(target) if isinstance(target, str) else target
        self.require_score(found)
        self.backend.move(*found.point)
        arrived = self.backend.position()
        if arrived != found.point:
            raise Refused(
                f"The pointer was sent to {found.point} but is at {arrived}; nothing was clicked. "
                "Something else moves or confines it."
            )
        self.backend.click()
        return found

    def require_score(self, found: Found) -> None:
        """Checks that a place scores high enough to act on.

        Raises:
            Refused: It scores less than ``min_score``.
        """
        if found.score < self.min_score:
            raise Refused(
                f"{found.query!r} was found at {found.point} with a score of {found.score:.3f}, under "
                f"min_score {self.min_score:g}; nothing was clicked. Name it more exactly or lower min_score."
            )

    def type(self, text: str) -> None:
        """Types a text into what has the keyboard focus; each character arrives, or an error says so.

        Line breaks and tabs are the keys Enter and Tab.

        Raises:
            InputError: The text holds a character that cannot be typed; nothing was typed.
            PlatformError: The clipboard is needed and xclip is missing; nothing was typed.
            NotTyped: The focused application did not take a pasted piece.
            Refused: The fail-safe is held.
        """
        self.backend.type(text)
