"""Grounder: finds what a query names on a screenshot, as matches with scores and evidence."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from gui_agent.accessibility.widget import Widget
from gui_agent.geometry import Area
from gui_agent.vision.annotate import draw_crosses
from gui_agent.vision.screenshot import Screenshot
from molmo_act.outputs.points import Points

if TYPE_CHECKING:
    from PIL import Image

RIVAL_ODDS = 0.5
"""A place could as well be meant if its odds, score to the rest of 1, are this share of the best one's."""
SAME_PLACE = 16
"""Pixels; two points this near are taken for one thing."""


class GroundingModel(Protocol):
    """What a desktop needs of a model; ``molmo_act.load()`` gives one.

    If it has an attribute ``calibrated`` and that is true, its scores say how likely a point is right.
    """

    def point(self, image: Image.Image, query: str) -> Points:
        """Points at what the query names.

        Args:
            image: RGB.
            query: Words.

        Returns:
            Points in pixels of the image, pixel centres at +0.5.
        """


@dataclass(frozen=True)
class Evidence:
    """What one source knows of a place.

    Attributes:
        source: "model", "text", "icon" (a shape there looks like it) or "accessibility".
        score: Its own probability that the place is meant; 0 where it speaks against that.
        label: What is written there, or how its program calls it; "" where the source tells of no label.
        widget: What the program says of the place; None for other sources.
    """

    source: str
    score: float
    label: str = ""
    widget: Widget | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Says it in a few words."""
        return f"{self.source} {self.score:.2f}" + (f" {self.label!r}" if self.label else "")


@dataclass(frozen=True)
class Match:
    """A place on the screen that matches a query.

    Attributes:
        query: The words that were looked for.
        point: The mouse position (x, y) that a click on it takes, in whole input points of the desktop.
        pixel: The same place (x, y) in pixels of the screenshot, pixel centres at +0.5.
        score: The probability of this place by all that was asked, in [0, 1].
        points: Everything that the model pointed at, in pixels of the screenshot.
        screenshot: What the model looked at.
        evidence: What each source knows of this place; none where only a model was asked.
    """

    query: str
    point: tuple[int, int]
    pixel: tuple[float, float]
    score: float
    points: Points = field(repr=False)
    screenshot: Screenshot = field(repr=False)
    evidence: tuple[Evidence, ...] = ()

    def draw(self) -> Image.Image:
        """Draws every candidate, and a cross on this place, on the screenshot.

        Returns:
            An RGB image of the size of the screenshot.
        """
        return draw_crosses(self.points.draw(self.screenshot.to_image()), [self.pixel])


@dataclass(frozen=True)
class Matches:
    """What the model answered to one query about one screenshot.

    Attributes:
        points: What it pointed at, in pixels of the screenshot.
        screenshot: What it looked at.
        model_seconds: How long it took, with everything else that was asked.
        evidence: For each point what each source knows of it; none where only a model was asked.
    """

    points: Points
    screenshot: Screenshot
    model_seconds: float
    evidence: tuple[tuple[Evidence, ...], ...] = ()

    @cached_property
    def all(self) -> list[Match]:
        """Every match, in the order of the answer: by and large reading order."""
        view = self.screenshot.view
        evidence = self.evidence or ((),) * len(self.points)
        return [
            Match(
                self.points.query,
                view.mouse_point(p.x, p.y),
                (p.x, p.y),
                p.score,
                self.points,
                self.screenshot,
                known,
            )
            for p, known in zip(self.points, evidence, strict=True)
        ]

    def acceptable(self, min_score: float) -> list[Match]:
        """Gives the matches that may be acted on. Indices of locators and of tools count these.

        Args:
            min_score: Matches of a lower score are left out.

        Returns:
            The matches, in the order of the answer.
        """
        return [match for match in self.all if match.score >= min_score]

    def within(self, area: Area) -> Matches:
        """Leaves out what lies outside an area.

        Args:
            area: In input points.

        Returns:
            The matches in it, in the order of the answer.
        """
        middles = [(match.point[0] + 0.5, match.point[1] + 0.5) for match in self.all]
        kept = [number for number, middle in enumerate(middles) if area.covers(*middle)]
        if len(kept) == len(middles):
            return self
        evidence = tuple(self.evidence[number] for number in kept) if self.evidence else ()
        return replace(self, points=self.points[kept], evidence=evidence)

    @cached_property
    def likely(self) -> list[Match]:
        """The best match and those elsewhere that score nearly as much, in the order of the answer."""
        apart: list[Match] = []
        for index in near_best(self.points.score):  # the best first: it stands for its neighbours
            match = self.all[index]
            if all(math.dist(match.pixel, other.pixel) > SAME_PLACE for other in apart):
                apart.append(match)
        return sorted(apart, key=self.all.index)


class Grounder(Protocol):
    """Finds what words name on a screenshot."""

    @property
    def calibrated(self) -> bool:
        """Whether its scores say how likely a place is right."""

    @property
    def needs_windows(self) -> bool:
        """Whether `ground` makes use of ``windows``."""

    def ground(self, shot: Screenshot, query: str, windows: Sequence[Area] = ()) -> Matches:
        """Finds what a query names on a screenshot.

        Args:
            shot: Where to look.
            query: The words to look for.
            windows: The windows on the screen, the lowest first, in input points.

        Returns:
            The matches, in pixels of the screenshot.

        Raises:
            QueryError: The query is empty or too long.
        """


def points_of(
    places: Sequence[tuple[float, float]], scores: Sequence[float], shot: Screenshot, query: str, **more: Any
) -> Points:
    """Makes `Points` of places on a screenshot.

    Args:
        places: (x, y) in its pixels.
        scores: A probability for each.
        shot: The screenshot.
        query: The words that were looked for.
        **more: Other fields of `Points`.

    Returns:
        The points.
    """
    xy = np.array(places, np.float32).reshape(-1, 2)
    score = np.array(scores, np.float32)
    return Points(xy=xy, score=score, image_size=[shot.view.size], query=query, **more)


def near_best(score: np.ndarray) -> list[int]:
    """Finds the scores that come near the best one.

    Args:
        score: float32 (N,).

    Returns:
        Their indices, the best first.
    """
    if not len(score):
        return []
    order = np.argsort(-score, kind="stable")
    best = score[order[0]]
    return [int(i) for i in order if score[i] * (1 - best) >= RIVAL_ODDS * best * (1 - score[i])]
