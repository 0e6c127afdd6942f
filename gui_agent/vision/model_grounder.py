"""ModelGrounder: finds what a query names by one pass of a model over a screenshot, or by two."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property

import numpy as np

import molmo_act
from gui_agent.geometry import Area
from gui_agent.vision.encoded_once import EncodedOnce
from gui_agent.vision.grounder import GroundingModel, Matches, near_best
from gui_agent.vision.screenshot import Screenshot
from molmo_act.outputs.points import Points

ZOOMED_SHARE = 1 / 3
"""Of the width and of the height: how much of the screenshot a zoomed pass looks at."""
SMALL_WINDOW = 0.5
"""Of the screenshot: a window that takes up no more is looked at as a whole in a zoomed pass."""
MOST_ZOOMED = 3
"""Places of one answer that are looked at again."""


class ModelGrounder:
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

    @property
    def calibrated(self) -> bool:
        """Whether the model's scores say how likely a point is right."""
        return bool(getattr(self.model, "calibrated", False))

    @property
    def needs_windows(self) -> bool:
        """Whether a second pass may look at a window by itself."""
        return self.refine

    def ground(
        self,
        shot: Screenshot,
        query: str,
        windows: Sequence[Area] = (),
        around: Sequence[tuple[float, float]] = (),
    ) -> Matches:
        """Finds what a query names on a screenshot.

        Args:
            shot: What the model looks at.
            query: The words to look for.
            windows: The windows on the screen, the lowest first, in input points: the second pass may look
                at one of them.
            around: Places (x, y) in pixels of the screenshot that other sources take for likely, the
                likeliest first: the second pass looks at them, too.

        Returns:
            The matches, in pixels of the screenshot.

        Raises:
            QueryError: The query is empty or too long.
        """
        points, seconds = self._ask(shot, query)
        if self.refine and (len(points) or around):
            points, more_seconds = self._refined(shot, points, windows, around)
            seconds += more_seconds
        return Matches(points, shot, seconds)

    def _refined(
        self,
        shot: Screenshot,
        points: Points,
        windows: Sequence[Area],
        around: Sequence[tuple[float, float]] = (),
    ) -> tuple[Points, float]:
        """The points, those in the parts around likely ones replaced by what a closer look finds there."""
        found = [[(float(x), float(y), float(s))] for (x, y), s in zip(points.xy, points.score, strict=True)]
        places = [place for [place] in found]
        looked_at: set[int] = set()
        boxes: list[tuple[int, int, int, int]] = []
        seconds = 0.0
        likely = near_best(points.score)[:MOST_ZOOMED]
        for x, y in around[:MOST_ZOOMED]:
            likely.append(len(found))
            found.append([])  # a place that is none of the model's
            places.append((float(x), float(y), 0.0))
        own = len(points)
        for index in likely:
            seen = index in looked_at if index < own else any(_lies_in(b, *places[index][:2]) for b in boxes)
            if seen:
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
        table = np.array([place for group in found for place in group]).reshape(-1, 3)
        size, query, absent = points.image_size, points.query, points.absent
        refined = Points(xy=table[:, :2], score=table[:, 2], image_size=size, query=query, absent=absent)
        return refined, seconds

    @cached_property
    def _encoded(self) -> EncodedOnce:
        return EncodedOnce(self.model)

    def _ask(self, shot: Screenshot, query: str) -> tuple[Points, float]:
        """What the model answers, and how many seconds it took."""
        image = shot.to_uncensored_image()
        began = time.monotonic()
        points = self._encoded.point(image, query)
        return points, time.monotonic() - began


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
