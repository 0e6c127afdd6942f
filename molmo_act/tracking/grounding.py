"""One look of the model at a keyframe, and its way to the newest frame; knows no identities."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from molmo_act.points import Points
from molmo_act.tracking.frames import FlowFrame, FrameBuffer
from molmo_act.tracking.propagation import Carried, carry, take_up

Pointer = Callable[[np.ndarray, list[str]], Sequence[Points]]
"""A picture, uint8 RGB (H, W, 3), and queries → the points of each, in pixels of the picture."""


@runtime_checkable
class StreamPointer(Protocol):
    """Points on keyframes of which it remembers something; a `Pointer` sees each as if it were the only one.

    Its methods are called by one thread, keyframes in order.
    """

    def begin(self) -> None:
        """Forgets all keyframes: a stream begins."""

    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """The points of each query, in pixels of the picture.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Of the stream, later than those of the last keyframe.
            queries: What to find, in words.
        """


@dataclass(frozen=True)
class Memoryless:
    """A `StreamPointer` that remembers nothing."""

    pointer: Pointer

    def begin(self) -> None:
        """Does nothing."""

    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """Asks about the picture alone."""
        return self.pointer(image, queries)


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A frame that the model is to look at.

    Attributes:
        frame: As optical flow sees it.
        image: uint8 RGB (H, W, 3), in full; a copy of its own.
        queries: What to look for.
        buffer: The frames that come after it; whoever begins anew begins another buffer.
    """

    frame: FlowFrame
    image: np.ndarray
    queries: tuple[str, ...]
    buffer: FrameBuffer


@dataclass(frozen=True, eq=False)
class Sighting:
    """One thing the model pointed at.

    Attributes:
        query: What named it.
        score: The model's own probability.
        features: (D,), what the model saw there, see `Points.features`; None where it does not say.
        then: The point on the keyframe.
        now: The point on the newest frame; None where flow could not carry it.
    """

    query: str
    score: float
    features: np.ndarray | None
    then: Carried
    now: Carried | None


@dataclass(frozen=True, eq=False)
class Grounding:
    """What the model saw on a keyframe.

    Attributes:
        keyframe: Where it looked.
        sightings: What it saw.
        until: The frame that `Sighting.now` is about.
    """

    keyframe: Keyframe
    sightings: tuple[Sighting, ...]
    until: FlowFrame


def ground(pointer: StreamPointer, keyframe: Keyframe) -> Grounding:
    """Asks the model about a keyframe; of points on one thing the best stays."""
    answers = pointer.point(keyframe.image, keyframe.frame.timestamp, list(keyframe.queries))
    sightings: list[Sighting] = []
    for query, points in zip(keyframe.queries, answers, strict=True):
        mine: list[Sighting] = []
        for index in np.argsort(-points.score, kind="stable"):
            taken = take_up(keyframe.frame, points.xy[index].astype(np.float64) * keyframe.frame.scale)
            if all(np.linalg.norm(taken.xy - other.then.xy) > other.then.radius for other in mine):
                features = None if points.features is None else points.features[index]
                mine.append(Sighting(query, float(points.score[index]), features, taken, taken))
        sightings += mine
    return Grounding(keyframe, tuple(sightings), keyframe.frame)


def catch_up(grounding: Grounding) -> Grounding:
    """Carries what was seen through the frames that came since, and those that come meanwhile.

    Ends early where frames come as fast as they can be worked on.
    """
    buffer, left = grounding.keyframe.buffer, math.inf
    while 0 < len(frames := buffer.after(grounding.until.number)) < left:
        left = len(frames)
        for frame in frames:
            grounding = _one_frame_on(grounding, frame)
    return grounding


def _one_frame_on(grounding: Grounding, frame: FlowFrame) -> Grounding:
    moving = [sighting.now for sighting in grounding.sightings if sighting.now is not None]
    moved = iter(carry(grounding.until, frame, moving))
    sightings = tuple(
        sighting if sighting.now is None else replace(sighting, now=next(moved))
        for sighting in grounding.sightings
    )
    return replace(grounding, sightings=sightings, until=frame)
