"""The types that every data source yields: images and videos with named targets and queries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.models.molmo_point.frame_sampling import SampledVideo


@dataclass(frozen=True, eq=False)
class Target:
    """One place that can be pointed at.

    Attributes:
        point: (x, y) to point at, image pixels, pixel centres at +0.5.
        box: (x0, y0, x1, y1) bounds in image pixels, right and bottom edges excluded.
        mask: bool (y1 - y0, x1 - x0), which pixels of the box belong to the object (its visible part); None
            when the whole box does. The corners of `box` are whole numbers when it is given.
    """

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    mask: np.ndarray | None = None

    def contains(self, x: float, y: float) -> bool:
        """Tells whether a point lies on the object.

        Args:
            x: Column in image pixels.
            y: Row in image pixels.

        Returns:
            Whether the point is in the box and, where there is a mask, on it.
        """
        x0, y0, x1, y1 = self.box
        if not (x0 <= x < x1 and y0 <= y < y1):
            return False
        return self.mask is None or bool(self.mask[int(y) - int(y0), int(x) - int(x0)])


@dataclass(frozen=True, eq=False)
class Query:
    """One pointing question about an image.

    Attributes:
        text: What is asked, as a person would say it: "the Save button", "red mugs".
        label: Short name of what is asked for, written behind the points of the answer: "Save", "mug".
        targets: What it asks for, in no particular order; empty when nothing in the image matches.
        kind: How it refers to its targets ("noun", "colour", "relation", "icon", "absent", …), for reports.
    """

    text: str
    label: str
    targets: tuple[Target, ...]
    kind: str


POINTS_HERE = "<|POINT|>"
"""Where in an answer points are to be written."""


@dataclass(frozen=True, eq=False)
class QuestionAnswer:
    """A question about an image that is answered in words.

    Attributes:
        question: What is asked.
        answer: The words of the answer.
        kind: What is answered ("caption", "qa", …), which decides the weight of its tokens.
        points: What the answer points at, one query for each `POINTS_HERE` in it.
    """

    question: str
    answer: str
    kind: str
    points: tuple[Query, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageSample:
    """One image with everything that is asked about it.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        queries: Pointing questions; each is answered on its own.
        caption: Names of the objects, or texts, in reading order (rows top to bottom, left to right in a
            row), as far as a person could read or name them at this size.
        question_answers: Questions that are answered in words; generators have none.
        before: uint8 (H, W, 3) each, frames of a video that come directly before, in order, for models with a
            temporal module.
    """

    image: np.ndarray
    queries: tuple[Query, ...]
    caption: tuple[str, ...]
    question_answers: tuple[QuestionAnswer, ...] = ()
    before: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True, eq=False)
class FramePoint:
    """Where one object is on one frame.

    Attributes:
        frame: Index of the frame.
        object_id: Number of the object, from 1; the same on all frames.
        point: (x, y) in frame pixels, pixel centres at +0.5.
    """

    frame: int
    object_id: int
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class VideoQuery:
    """One question about a video.

    Attributes:
        text: What is asked for, as in `Query`.
        label: Short name of it.
        frame_points: Where the objects are seen, in no particular order; empty when nothing matches.
        kind: "pointing": each object once, at one moment; "tracking": on every frame where it is seen.
    """

    text: str
    label: str
    frame_points: tuple[FramePoint, ...]
    kind: str


@dataclass(frozen=True, eq=False)
class VideoSample:
    """Frames of a video with everything that is asked about them.

    Attributes:
        video: The frames, their times, and the size whose pixels the points are in.
        queries: Questions; each is answered on its own.
    """

    video: SampledVideo
    queries: tuple[VideoQuery, ...]
