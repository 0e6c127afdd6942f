"""Grounds a keyframe with the model, and propagates what was detected to the newest frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from molmo_act.errors import PlatformError
from molmo_act.outputs.points import Points
from molmo_act.tracking.frame_buffer import FlowFrame, FrameBuffer
from molmo_act.tracking.optical_flow import TrackedPoint, init_point, propagate

Pointer = Callable[[np.ndarray, list[str]], Sequence[Points]]
"""Takes an image, uint8 RGB (H, W, 3), and queries; returns the points of each, in pixels of the image."""


@runtime_checkable
class StreamPointer(Protocol):
    """Points on keyframes and remembers something of them; a `Pointer` sees each keyframe alone.

    Its methods are called by one thread, keyframes in order. Where `point` fails, it is called again for the
    same keyframe with each query alone.
    """

    def reset(self) -> None:
        """Forgets all keyframes: a stream begins."""

    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """Points at what queries name on a keyframe.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Timestamp within the stream, later than that of the last keyframe; or the same again,
                for the same image.
            queries: What to find, in words.

        Returns:
            The points of each query, in pixels of the image.
        """


@runtime_checkable
class NeighbourPointer(StreamPointer, Protocol):
    """A `StreamPointer` that is shown each keyframe with the frames directly before it.

    Attributes:
        frames_before: How many.
    """

    frames_before: int

    def point(
        self, image: np.ndarray, seconds: float, queries: list[str], before: Sequence[np.ndarray] = ()
    ) -> Sequence[Points]:
        """Points at what queries name on a keyframe.

        Args:
            image: See `StreamPointer.point`, as are the next two.
            seconds: See `StreamPointer.point`.
            queries: See `StreamPointer.point`.
            before: uint8 RGB (H, W, 3), the frames directly before it, in the order of the stream; fewer at
                its beginning.

        Returns:
            The points of each query, in pixels of the image.
        """


@dataclass(frozen=True)
class StatelessPointer:
    """A `StreamPointer` that remembers nothing.

    Attributes:
        pointer: Points on each keyframe alone.
    """

    pointer: Pointer

    def reset(self) -> None:
        """Does nothing."""

    def point(self, image: np.ndarray, seconds: float, queries: list[str]) -> Sequence[Points]:
        """Points on the image alone, see `StreamPointer.point`.

        Args:
            image: uint8 RGB (H, W, 3).
            seconds: Makes no difference.
            queries: What to find, in words.

        Returns:
            The points of each query, in pixels of the image.
        """
        return self.pointer(image, queries)


@dataclass(frozen=True, eq=False)
class Keyframe:
    """A frame for the model to ground.

    Attributes:
        frame: The frame as optical flow uses it.
        image: uint8 RGB (H, W, 3), in full; not overwritten while the model works.
        queries: What to look for.
        buffer: Receives the frames that come later. A stream that begins anew has another buffer.
        before: uint8 RGB (H, W, 3), frames directly before it for a `NeighbourPointer`, in the order of the
            stream; not overwritten either.
    """

    frame: FlowFrame
    image: np.ndarray
    queries: tuple[str, ...]
    buffer: FrameBuffer
    before: tuple[np.ndarray, ...] = ()


@dataclass(frozen=True, eq=False)
class Detection:
    """One object that the model pointed at.

    Attributes:
        query: The query it answers.
        score: The model's own probability, in [0, 1].
        features: (D,), the model's features of the patch, see `Points.features`; None where it gives none.
        keyframe_point: The point on the keyframe.
        current_point: The point on `Grounding.current_frame`; None where flow could not propagate it.
    """

    query: str
    score: float
    features: np.ndarray | None
    keyframe_point: TrackedPoint
    current_point: TrackedPoint | None


@dataclass(frozen=True, eq=False)
class Grounding:
    """What the model detected on a keyframe.

    Attributes:
        keyframe: The keyframe.
        detections: Its detections.
        current_frame: The frame up to which they have been propagated.
        truncated: Whether an answer of the model stopped before it was complete.
        failed: What the model raised for queries that it could not answer; the keyframe's are the others.
    """

    keyframe: Keyframe
    detections: tuple[Detection, ...]
    current_frame: FlowFrame
    truncated: bool = False
    failed: Mapping[str, Exception] = field(default_factory=dict)


def ground(pointer: StreamPointer, keyframe: Keyframe) -> Grounding:
    """Asks the model about a keyframe.

    Args:
        pointer: The model.
        keyframe: Where to look, and for what.

    Returns:
        The detections; of several points of one query on one object only the best stays.

    Raises:
        Exception: What the model raised, if it answered no query.
    """
    answers, failed = _ask(pointer, keyframe)
    detections: list[Detection] = []
    for query, points in answers.items():
        kept: list[Detection] = []
        for index in np.argsort(-points.score, kind="stable"):
            point = init_point(keyframe.frame, points.xy[index].astype(np.float64) * keyframe.frame.scale)
            others = (other.keyframe_point for other in kept)
            if all(np.linalg.norm(point.xy - other.xy) > other.radius for other in others):
                features = None if points.features is None else points.features[index]
                kept.append(Detection(query, float(points.score[index]), features, point, point))
        detections += kept
    answered = replace(keyframe, queries=tuple(answers)) if failed else keyframe
    truncated = any(points.truncated for points in answers.values())
    return Grounding(answered, tuple(detections), keyframe.frame, truncated, failed)


def _ask(pointer: StreamPointer, keyframe: Keyframe) -> tuple[dict[str, Points], dict[str, Exception]]:
    """The points of each query, and what was raised for the others: one costs no other its answer."""
    queries = keyframe.queries
    ask: Callable[[list[str]], Sequence[Points]]
    ask = partial(pointer.point, keyframe.image, keyframe.frame.timestamp)
    if isinstance(pointer, NeighbourPointer):
        ask = partial(ask, before=keyframe.before)
    try:
        return dict(zip(queries, ask(list(queries)), strict=True)), {}
    except PlatformError:  # the machine's, not of a query: memory ran out
        raise
    except Exception:
        if len(queries) == 1:
            raise
    answers: dict[str, Points] = {}
    failed: dict[str, Exception] = {}
    for query in queries:
        try:
            [answers[query]] = ask([query])
        except Exception as error:
            failed[query] = error
    if not answers:
        raise failed[queries[0]]
    return answers, failed


def catch_up(grounding: Grounding) -> Grounding:
    """Propagates detections through the frames that came since the keyframe, and those that come meanwhile.

    Ends early where frames come as fast as they can be processed.

    Args:
        grounding: Of a keyframe, or already propagated to a later frame.

    Returns:
        The same detections with their current points on a newer frame.
    """
    buffer, left = grounding.keyframe.buffer, math.inf
    while 0 < len(frames := buffer.after(grounding.current_frame.number)) < left:
        left = len(frames)
        for frame in frames:
            grounding = _propagated_to(grounding, frame)
    return grounding


def _propagated_to(grounding: Grounding, frame: FlowFrame) -> Grounding:
    points = [one.current_point for one in grounding.detections if one.current_point is not None]
    moved = iter(propagate(grounding.current_frame, frame, points))
    detections = tuple(
        one if one.current_point is None else replace(one, current_point=next(moved))
        for one in grounding.detections
    )
    return replace(grounding, detections=detections, current_frame=frame)
