"""What a model sees on a screenshot: places with scores, in one pass or two; knows no mouse."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from gui_agent.screen import Screenshot
from molmo_act.points import Points

if TYPE_CHECKING:
    from PIL import Image

RIVAL_ODDS = 0.5
"""A place could as well be meant if its odds, score to the rest of 1, are this share of the best one's."""
SAME_PLACE = 16
"""Pixels; two points this near are taken for one thing."""
ZOOMED_SHARE = 1 / 3
"""Of the width and of the height: how much of the screenshot a zoomed pass looks at."""
MOST_ZOOMED = 3
"""Places of one answer that are looked at again."""


class PointingModel(Protocol):
    """What a desktop needs of a model; ``molmo_act.load()`` gives one.

    If it has an attribute ``calibrated`` and that is true, its scores say how likely a point is right.
    """

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


@dataclass(frozen=True)
class Sighting:
    """One answer of the model about one screenshot.

    Attributes:
        points: What it pointed at, in pixels of the screenshot.
        screenshot: What it looked at.
        model_seconds: How long it took.
    """

    points: Points
    screenshot: Screenshot
    model_seconds: float

    @cached_property
    def places(self) -> list[Found]:
        """Every place, in the order of the answer: reading order, by and large."""
        view = self.screenshot.view
        return [
            Found(
                self.points.query,
                view.mouse_point(p.x, p.y),
                (p.x, p.y),
                p.score,
                self.points,
                self.screenshot,
            )
            for p in self.points
        ]

    @cached_property
    def likely(self) -> list[Found]:
        """The best place and those that score nearly as much elsewhere, in the order of the answer."""
        apart: list[Found] = []
        for index in _near_best(self.points.score):  # the best first: it stands for its neighbours
            place = self.places[index]
            if all(math.dist(place.pixel, other.pixel) > SAME_PLACE for other in apart):
                apart.append(place)
        return sorted(apart, key=self.places.index)


@dataclass(frozen=True)
class Eye:
    """A model that looks at screenshots.

    Attributes:
        model: Has ``point(image, query) -> Points``.
        refine: Whether the neighbourhood of each likely place is looked at again by itself, which a model
            that shrinks large pictures then sees in more detail.
    """

    model: PointingModel
    refine: bool

    def look(self, shot: Screenshot, query: str) -> Sighting:
        """Asks the model.

        Raises:
            QueryError: The query is empty or too long.
        """
        points, seconds = self._ask(shot, query)
        if self.refine and len(points):
            points, more_seconds = self._refined(shot, points)
            seconds += more_seconds
        return Sighting(points, shot, seconds)

    def _refined(self, shot: Screenshot, points: Points) -> tuple[Points, float]:
        xy, score = points.xy.copy(), points.score.copy()
        seconds = 0.0
        for index in _near_best(points.score)[:MOST_ZOOMED]:
            left, top, right, bottom = _neighbourhood(shot.view.size, xy[index])
            zoomed, more_seconds = self._ask(shot.crop_pixels(left, top, right, bottom), points.query)
            seconds += more_seconds
            if (best := zoomed.best) is not None:  # a zoomed pass may lose what only the whole screen shows
                xy[index], score[index] = (best.x + left, best.y + top), best.score
        return replace(points, xy=xy, score=score), seconds

    def _ask(self, shot: Screenshot, query: str) -> tuple[Points, float]:
        """What the model answers, and how many seconds it took."""
        picture = shot.to_uncensored_image()
        began = time.monotonic()
        points = self.model.point(picture, query)
        return points, time.monotonic() - began


def _near_best(score: np.ndarray) -> list[int]:
    """Indices of the scores that come near the best one, the best first."""
    order = np.argsort(-score, kind="stable")
    best = score[order[0]]
    return [int(i) for i in order if score[i] * (1 - best) >= RIVAL_ODDS * best * (1 - score[i])]


def _neighbourhood(size: tuple[int, int], xy: np.ndarray) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of the part of a picture that lies around a place, wholly within."""
    edges = []
    for extent, centre in zip(size, xy, strict=True):
        side = max(1, round(extent * ZOOMED_SHARE))
        first = min(max(0, round(float(centre) - side / 2)), extent - side)
        edges.append((first, first + side))
    (left, right), (top, bottom) = edges
    return left, top, right, bottom
