"""SeenImage: an image with what is written in it, ready to be fused with a model's answers."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec

import numpy as np

from molmo_act.outputs.points import Points
from molmo_act.reading.fusion import Ask, alone, fuse, looker
from molmo_act.reading.guarded import GuardedReader
from molmo_act.reading.icon_evidence import names_icon
from molmo_act.reading.icons.seen_icons import SeenIcons
from molmo_act.reading.matching import TextIndex
from molmo_act.reading.query import parse_query
from molmo_act.reading.scoring import weights_for
from molmo_act.reading.scripts import is_unreadable
from molmo_act.reading.text import ReadText
from molmo_act.reading.words import is_look
from molmo_act.request import Bounds, paired


@dataclass(frozen=True, eq=False)
class SeenImage:
    """An image and its text.

    Attributes:
        pixels: uint8 (H, W, 3), RGB.
        text: What was read in it; None where the reader failed.
        read_ms: Milliseconds that reading took.
        scripts: Scripts that the reader knows; None where that is not known.
    """

    pixels: np.ndarray
    text: ReadText | None
    read_ms: float
    scripts: Collection[str] | None = None

    @cached_property
    def index(self) -> TextIndex | None:
        """The text, arranged for any number of queries; None where there is none."""
        return None if self.text is None else TextIndex(self.text)

    @cached_property
    def icons(self) -> SeenIcons | None:
        """The shapes of the image, looked at when a query first names an icon; None without OpenCV."""
        return SeenIcons.look(self.pixels, self.text) if find_spec("cv2") is not None else None

    @classmethod
    def read(cls, pixels: np.ndarray, reader: GuardedReader) -> SeenImage:
        """Reads an image.

        Args:
            pixels: uint8 (H, W, 3), RGB.
            reader: What reads it.

        Returns:
            The image with its text.
        """
        began = time.perf_counter()
        text = reader.read(pixels)
        return cls(pixels, text, 1000 * (time.perf_counter() - began), reader.scripts)

    def fuse(self, points: Points, bounds: Bounds, ask: Ask | None, model: str) -> Points:
        """Fuses a model's answer about the image with its text, see `molmo_act.reading.fusion.fuse`.

        Args:
            points: The model's answer within `asked_bounds`.
            bounds: Which points are wanted.
            ask: Asks the model about a part of the image; None where it cannot.
            model: Name of the model.

        Returns:
            The points of both; of the model alone where the reader does not know the script of the label, or
            where the words say how something looks ("the red button") and are not written there.
            ``timing_ms`` has ``read``, and ``icons`` where the query names an icon.
        """
        timed = replace(points, timing_ms={**points.timing_ms, "read": self.read_ms})
        asked = parse_query(points.query)
        looks = not asked.quoted and is_look(asked.label) and not self._has(asked.label)
        if looks or is_unreadable(asked.label, self.scripts):
            return alone(timed, bounds)
        look = None if ask is None else looker(self.pixels, ask)
        icons = self.icons if names_icon(asked) else None
        if icons is not None:
            timed = replace(timed, timing_ms={**timed.timing_ms, "icons": 1000 * icons.seconds})
        weights = weights_for(model)
        return fuse(timed, self.index, bounds, weights=weights, image=self.pixels, look=look, icons=icons)

    def _has(self, label: str) -> bool:
        """Whether a line holds these words."""
        wanted = f" {label.casefold()} "
        return any(wanted in f" {line.text.casefold()} " for line in self.text or ())


def asked_bounds(bounds: Bounds) -> Bounds:
    """What a model is asked for where its points are fused later: bounds of score and number come then."""
    return replace(bounds, min_score=0.0, max_points=None)


def fuse_each(
    seen: Sequence[SeenImage | None],
    answers: Sequence[Points],
    queries: Sequence[str],
    bounds: Bounds,
    ask: Ask | None,
    model: str,
) -> list[Points]:
    """Fuses the answers to pairs of images and queries.

    Args:
        seen: The images, as `molmo_act.request.paired` takes them; None for one that was encoded without a
            reader.
        answers: The model's answer to each pair.
        queries: What was asked.
        bounds: Which points are wanted.
        ask: See `SeenImage.fuse`.
        model: See `SeenImage.fuse`.

    Returns:
        The fused answer to each pair.
    """
    return [
        alone(points, bounds) if image is None else image.fuse(points, bounds, ask, model)
        for (image, _), points in zip(paired(seen, queries), answers, strict=True)
    ]
