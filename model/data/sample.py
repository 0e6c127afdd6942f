"""What every source yields: pixels, named targets and queries; knows no tokens and no model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.modeling.video_sampling import SampledVideo


@dataclass(frozen=True, eq=False)
class Target:
    """One thing that can be pointed at.

    Attributes:
        point: (x, y) to aim at, pixels of the picture, pixel centres at +0.5.
        box: (x0, y0, x1, y1) bounds in pixels of the picture, right and bottom edges excluded.
        mask: bool (y1 - y0, x1 - x0), which pixels of the box belong to the thing (what is visible of
            it); None when the whole box does. The corners of `box` are whole numbers when it is given.
    """

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    mask: np.ndarray | None = None

    def contains(self, x: float, y: float) -> bool:
        """Whether a point, in pixels of the picture, lies on the thing."""
        x0, y0, x1, y1 = self.box
        if not (x0 <= x < x1 and y0 <= y < y1):
            return False
        return self.mask is None or bool(self.mask[int(y) - int(y0), int(x) - int(x0)])


@dataclass(frozen=True, eq=False)
class Query:
    """One question about a picture.

    Attributes:
        text: What is asked, as a person would say it: "the Save button", "red mugs".
        label: Short name of what is asked for, put behind the points of the answer: "Save", "mug".
        targets: What it asks for, in no particular order; empty when nothing in the picture matches.
        kind: How it refers to its targets ("noun", "colour", "relation", "icon", "absent", …), for reports.
    """

    text: str
    label: str
    targets: tuple[Target, ...]
    kind: str


POINTS_HERE = "<|POINT|>"
"""Where in an answer points are to be written."""


@dataclass(frozen=True, eq=False)
class Said:
    """A question about a picture that words answer.

    Attributes:
        question: What is asked.
        answer: What is to be said.
        kind: What is answered ("caption", "qa", …), for the weight of its tokens.
        points: What is pointed at on the way, one for each `POINTS_HERE` of the answer.
    """

    question: str
    answer: str
    kind: str
    points: tuple[Query, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture with everything asked about it.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        queries: All queries, each on its own.
        caption: Names of the things, or texts, in the picture in reading order (rows top to bottom,
            left to right in a row), as far as a person could read or name them at this size.
        said: Questions that words answer; generators have none.
    """

    image: np.ndarray
    queries: tuple[Query, ...]
    caption: tuple[str, ...]
    said: tuple[Said, ...] = ()


@dataclass(frozen=True, eq=False)
class Sighting:
    """One thing on one frame.

    Attributes:
        frame: Index of the frame.
        object_id: Number of the thing, from 1; the same on all frames.
        point: (x, y) in pixels of the frame, pixel centres at +0.5.
    """

    frame: int
    object_id: int
    point: tuple[float, float]


@dataclass(frozen=True, eq=False)
class FilmQuery:
    """One question about a film.

    Attributes:
        text: What is asked for, as in `Query`.
        label: Short name of it.
        sightings: Where it is seen, in no particular order; empty when nothing in the film matches.
        kind: "pointing": each thing once, at one moment; "tracking": on every frame where it is seen.
    """

    text: str
    label: str
    sightings: tuple[Sighting, ...]
    kind: str


@dataclass(frozen=True, eq=False)
class Film:
    """Frames of a video with everything asked about them.

    Attributes:
        video: The frames, with their times and the size that points are told in.
        queries: All queries, each on its own.
    """

    video: SampledVideo
    queries: tuple[FilmQuery, ...]
