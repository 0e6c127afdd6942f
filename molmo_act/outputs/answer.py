"""Answer: what answering returns, words with points behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.errors import InputError
from molmo_act.outputs.count import Count
from molmo_act.outputs.points import Points
from molmo_act.outputs.rows import pixel_sizes, text
from molmo_act.outputs.serialization import JsonRecord, need, number, pair, rounded, rows, whole
from molmo_act.validation import check_bool, check_int, wrong

if TYPE_CHECKING:
    from PIL import Image
    from typing_extensions import Self


@dataclass(frozen=True, eq=False)
class Answer(JsonRecord):
    """An answer to a question: its words, and what it points at.

    Attributes:
        text: The words as people read them, the labels of points in place of their tags.
        question: What was asked.
        points: What the answer points at, by its labels in the order of the answer; `Points.query` is the
            label. Coordinates are pixels of the image that was given, as those of `point` are.
        image_size: (width, height) in pixels of each image that was shown, or frame; empty for text alone.
        written: The answer as the model wrote it, tags and grounding tokens included.
        stated: How many objects the words say there are; None where they state no number, or several
            that do not agree.
        truncated: Whether decoding stopped before the answer was complete.
        damaged: Whether frames of the video are missing, see `Points.damaged`.
        timing_ms: Milliseconds spent in each stage (``preprocess``, ``prefill``, ``decode``).

    Raises:
        InputError: An argument is of another type, or points are of other images than the answer.

    Example:
        >>> mugs = Points(xy=[[4.5, 2.5], [1, 1]], score=[0.9, 0.8], image_size=[(8, 6)], query="mugs")
        >>> answer = Answer(
        ...     "Counting the mugs shows a total of 2.",
        ...     "How many mugs are there?",
        ...     points={"mugs": mugs},
        ...     image_size=[(8, 6)],
        ...     stated=2,
        ... )
        >>> print(answer, answer.count, len(answer.points["mugs"]))
        Counting the mugs shows a total of 2. 2 2
    """

    text: str
    question: str = ""
    points: Mapping[str, Points] = field(default_factory=dict)
    image_size: Sequence[tuple[int, int]] = ()
    written: str = ""
    stated: int | None = None
    truncated: bool = False
    damaged: bool = False
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("text", "question", "written"):
            text(getattr(self, name), f"Answer.{name}")
        for name in ("truncated", "damaged"):
            put(self, name, check_bool(f"Answer.{name}", getattr(self, name)))
        put(self, "image_size", pixel_sizes(self.image_size, "Answer.image_size"))
        check_int("Answer.stated", self.stated, least=0, none="where no number is stated")
        points, sizes = self.points, self.image_size
        if not isinstance(points, Mapping) or not all(isinstance(one, Points) for one in points.values()):
            raise wrong("Answer.points", points, "Points by their label")
        for label, found in points.items():
            if tuple(found.image_size) != tuple(sizes):
                raise InputError(
                    f"The points of {label!r} are of images of {list(found.image_size)} pixels, but the "
                    f"answer of {list(sizes)}; expected the same."
                )
        put(self, "points", dict(points))
        put(self, "timing_ms", dict(self.timing_ms))

    def __str__(self) -> str:
        return self.text

    @property
    def count(self) -> Count | None:
        """How many objects the answer is about: the number that it states, else what it points at.

        None where it does neither. An object that is pointed at on several frames of a video counts once.
        """
        if self.stated is not None:
            number = self.stated
        elif self.points:
            number = sum(_objects(found) for found in self.points.values())
        else:
            return None
        return Count(number, truncated=self.truncated, damaged=self.damaged)

    def draw(self, image: Image.Image | np.ndarray, image_index: int = 0) -> Image.Image:
        """Marks all points of one image on a copy of it, numbered through, with their labels or the words.

        Args:
            image: The image that was asked about: PIL, or uint8 RGB (H, W, 3).
            image_index: Which image of the question, or frame of its video, it is; 0-based.

        Returns:
            A new RGB image of the same size.

        Raises:
            InputError: The answer is about no image, there is no such image, or its size is another.
        """
        from molmo_act.io.image import to_rgb
        from molmo_act.visualize import draw_points

        if not self.image_size:
            raise InputError("The answer is about text alone; there is no image to draw on.")
        pixels = to_rgb(image)
        check_int("image_index", image_index, least=0, most=len(self.image_size) - 1)
        width, height = self.image_size[image_index]
        if pixels.shape[:2] != (height, width):
            raise InputError(
                f"The image to draw on has {pixels.shape[1]}×{pixels.shape[0]} pixels, but image "
                f"{image_index} of the question had {width}×{height}. Draw on the image that was asked about."
            )
        here = {label: found[found.image_index == image_index] for label, found in self.points.items()}
        xy = np.concatenate([np.zeros((0, 2)), *(found.xy for found in here.values())])
        score = np.concatenate([np.zeros(0), *(found.score for found in here.values())])
        return draw_points(pixels, xy, np.arange(1, len(xy) + 1), score, caption=self._caption(here))

    def _caption(self, here: Mapping[str, Points]) -> str:
        """The words, or where points have several labels, which numbers are of which."""
        if len(here) < 2:
            return " ".join(self.text.split())
        parts, first = [], 1
        for label, found in here.items():
            last = first + len(found) - 1
            if len(found):
                parts.append(f"{first}–{last} {label}" if last > first else f"{first} {label}")
            first = last + 1
        return ", ".join(parts)

    def to_dict(self) -> dict[str, object]:
        """Gives the answer as values that JSON can hold.

        Returns:
            ``question``; ``text``; ``count``, or None; ``stated``, or None; ``points``, a list with what
            `Points.to_dict` gives of each label; ``image_size``; ``truncated``; ``damaged``; ``written``;
            ``timing_ms``.
        """
        count = self.count
        return {
            "question": self.question,
            "text": self.text,
            "count": None if count is None else int(count),
            "stated": self.stated,
            "points": [found.to_dict() for found in self.points.values()],
            "image_size": [list(size) for size in self.image_size],
            "truncated": self.truncated,
            "damaged": self.damaged,
            "written": self.written,
            "timing_ms": {stage: rounded(ms, 3) for stage, ms in self.timing_ms.items()},
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> Self:
        """Makes an answer of what `to_dict` gave.

        Args:
            values: The dictionary, also out of JSON; keys beside those of `to_dict` are left alone.

        Returns:
            The answer.

        Raises:
            InputError: A key is missing, or a value is of another kind or out of its range.
        """
        points = [Points.from_dict(row) for row in rows(values, "points")]
        timing = need(values, "timing_ms", dict)
        return cls(
            text=need(values, "text", str),
            question=need(values, "question", str),
            points={found.query: found for found in points},
            image_size=[pair(size) for size in need(values, "image_size", list)],
            written=need(values, "written", str),
            stated=None if need(values, "stated", object) is None else whole(values, "stated"),
            truncated=need(values, "truncated", bool),
            damaged=need(values, "damaged", bool),
            timing_ms={stage: number(timing, stage, math.nan) for stage in timing},
        )


def _objects(found: Points) -> int:
    """How many objects points are of."""
    return len(found) if found.timestamp is None else len(set(found.object_id.tolist()))
