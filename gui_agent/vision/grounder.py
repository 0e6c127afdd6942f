"""Finds what a query names on a screenshot: matches with scores, by one pass of a model or by two."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

import molmo_act
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
ZOOMED_SHARE = 1 / 3
"""Of the width and of the height: how much of the screenshot a zoomed pass looks at."""
SMALL_WINDOW = 0.5
"""Of the screenshot: a window that takes up no more is looked at as a whole in a zoomed pass."""
MOST_ZOOMED = 3
"""Places of one answer that are looked at again."""


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
class Match:
    """A place on the screen that matches a query.

    Attributes:
        query: The words that were looked for.
        point: The mouse position (x, y) that a click on it takes, in whole input points of the desktop.
        pixel: The same place (x, y) in pixels of the screenshot, pixel centres at +0.5.
        score: The model's probability of this place, in [0, 1].
        points: Everything that the model pointed at, in pixels of the screenshot.
        screenshot: What the model looked at.
    """

    query: str
    point: tuple[int, int]
    pixel: tuple[float, float]
    score: float
    points: Points = field(repr=False)
    screenshot: Screenshot = field(repr=False)

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
        model_seconds: How long it took.
    """

    points: Points
    screenshot: Screenshot
    model_seconds: float

    @cached_property
    def all(self) -> list[Match]:
        """Every match, in the order of the answer: by and large reading order."""
        view = self.screenshot.view
        return [
            Match(
                self.points.query,
                view.mouse_point(p.x, p.y),
                (p.x, p.y),
                p.score,
                self.points,
                self.screenshot,
            )
            for p in self.points
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
        return self if len(kept) == len(middles) else replace(self, points=self.points[kept])

    @cached_property
    def likely(self) -> list[Match]:
        """The best match and those elsewhere that score nearly as much, in the order of the answer."""
        apart: list[Match] = []
        for index in _near_best(self.points.score):  # the best first: it stands for its neighbours
            match = self.all[index]
            if all(math.dist(match.pixel, other.pixel) > SAME_PLACE for other in apart):
                apart.append(match)
        return sorted(apart, key=self.all.index)


class Grounder:
    """Asks a model where things are on screenshots, in one pass or in two.

    Args:
        model: Points at what queries name; ``molmo_act.load()`` at first use unless given.
        refine: Whether the part around each likely place is looked at again by itself: its window, or in a
            large window a part of it. A model that shrinks large images then sees more detail, and no model
            is distracted by the rest.
    """

    def __init__(self, model: GroundingModel | None = None, *, refine: bool = False) -> None:
        self.refine = refine
        self._given_model = model

    @cached_property
    def model(self) -> GroundingModel:
        """The model; the bundled one is loaded at first use where none was given."""
        return molmo_act.load() if self._given_model is None else self._given_model

    def ground(self, shot: Screenshot, query: str, windows: Sequence[Area] = ()) -> Matches:
        """Finds what a query names on a screenshot.

        Args:
            shot: What the model looks at.
            query: The words to look for.
            windows: The windows on the screen, the lowest first, in input points: the second pass may look
                at one of them.

        Returns:
            The matches, in pixels of the screenshot.

        Raises:
            QueryError: The query is empty or too long.
        """
        points, seconds = self._ask(shot, query)
        if self.refine and len(points):
            points, more_seconds = self._refined(shot, points, windows)
            seconds += more_seconds
        return Matches(points, shot, seconds)

    def _refined(self, shot: Screenshot, points: Points, windows: Sequence[Area]) -> tuple[Points, float]:
        """The points, those in the parts around likely ones replaced by what a closer look finds there."""
        found = [[(float(x), float(y), float(s))] for (x, y), s in zip(points.xy, points.score, strict=True)]
        places = [place for [place] in found]
        looked_at: set[int] = set()
        boxes: list[tuple[int, int, int, int]] = []
        seconds = 0.0
        for index in _near_best(points.score)[:MOST_ZOOMED]:
            if index in looked_at:
                continue
            left, top, _, _ = box = _part_around(shot, *places[index][:2], windows)
            zoomed, more_seconds = self._ask(shot.crop_pixels(*box), points.query)
            seconds += more_seconds
            within = {n for n, place in enumerate(places) if _lies_in(box, *place[:2])}
            within = (within | {index}) - looked_at
            looked_at |= within
            closer = [(p.x + left, p.y + top, p.score) for p in zoomed]
            # What lies in an earlier part, too, has been seen there.
            closer = [place for place in closer if not any(_lies_in(box, *place[:2]) for box in boxes)]
            boxes.append(box)
            if len(zoomed):  # a closer look may lose what only the whole screen shows
                for n in within:
                    found[n] = []
                found[index] = closer
        table = np.array([place for group in found for place in group])
        size, query, absent = points.image_size, points.query, points.absent
        refined = Points(xy=table[:, :2], score=table[:, 2], image_size=size, query=query, absent=absent)
        return refined, seconds

    def _ask(self, shot: Screenshot, query: str) -> tuple[Points, float]:
        """What the model answers, and how many seconds it took."""
        image = shot.to_uncensored_image()
        began = time.monotonic()
        points = self.model.point(image, query)
        return points, time.monotonic() - began


def _near_best(score: np.ndarray) -> list[int]:
    """Indices of the scores that come near the best one, the best first."""
    order = np.argsort(-score, kind="stable")
    best = score[order[0]]
    return [int(i) for i in order if score[i] * (1 - best) >= RIVAL_ODDS * best * (1 - score[i])]


def _part_around(shot: Screenshot, x: float, y: float, windows: Sequence[Area]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of a place's window; where that is large, of what lies around it."""
    width, height = shot.view.size
    place = shot.view.to_input(x, y)
    covering = next((window for window in reversed(windows) if window.covers(*place)), None)
    if covering is not None and (shown := covering.shared_with(shot.view.area)) is not None:
        box = shot.pixel_box(shown)
        if (box[2] - box[0]) * (box[3] - box[1]) <= SMALL_WINDOW * width * height:
            return box
    left, right = _stretch(width, x)
    top, bottom = _stretch(height, y)
    return left, top, right, bottom


def _lies_in(box: tuple[int, int, int, int], x: float, y: float) -> bool:
    left, top, right, bottom = box
    return left <= x < right and top <= y < bottom


def _stretch(extent: int, centre: float) -> tuple[int, int]:
    """Beginning and end of the share of an extent that lies around a place, wholly within."""
    side = max(1, round(extent * ZOOMED_SHARE))
    first = min(max(0, round(centre - side / 2)), extent - side)
    return first, first + side
