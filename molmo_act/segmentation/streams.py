"""Masks on an endless stream: what segments objects frame by frame, where a tracker says they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from molmo_act.errors import InputError
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.tracks import GROUNDED, Tracks


@dataclass(frozen=True, eq=False)
class StreamPoint:
    """Where an object is on the newest frame.

    Attributes:
        xy: float64 (2,), in pixels of the frame.
        grounded: Whether the model's newest answer takes effect on this frame.
    """

    xy: np.ndarray
    grounded: bool


class StreamSegmenter(Protocol):
    """Segments objects on frame after frame, in constant memory."""

    def reset(self) -> None:
        """Forgets all frames and objects."""

    def segment(self, frame: np.ndarray, points: Mapping[int, StreamPoint]) -> dict[int, np.ndarray]:
        """Segments the objects that are seen on the newest frame.

        Args:
            frame: uint8 RGB (H, W, 3), of the same size as those before it.
            points: Number of an object → where it is. One that is missing is forgotten.

        Returns:
            bool (H, W) of each object.
        """


class TrackMasks:
    """Gives the tracks of a stream the masks of their visible objects; for `StreamingTracker`.

    Args:
        segmenter: What segments.
    """

    def __init__(self, segmenter: StreamSegmenter) -> None:
        self._segmenter = segmenter

    def reset(self) -> None:
        """Forgets all frames and objects."""
        self._segmenter.reset()

    def of(self, frame: np.ndarray, tracks: Tracks) -> Masks:
        """Segments the visible objects of the newest frame.

        Args:
            frame: uint8 RGB (H, W, 3).
            tracks: Its tracks.

        Returns:
            Their masks, on this one frame.

        Raises:
            InputError: The segmenter gave something that is no mask of this frame.
        """
        height, width = frame.shape[:2]
        seen = tracks[tracks.visible]
        most = np.nextafter([width, height], 0)  # tracked points may lie a little outside
        points = {
            int(number): StreamPoint(np.clip(xy.astype(np.float64), 0, most), source == GROUNDED)
            for number, xy, source in zip(seen.object_id, seen.xy, seen.source, strict=True)
        }
        found = self._segmenter.segment(frame, points)
        for number, mask in found.items():
            if mask.dtype != bool or mask.shape != (height, width):
                raise InputError(
                    f"The segmenter gave object {number} a {mask.dtype} mask of shape {mask.shape}; expected "
                    f"bool {(height, width)}."
                )
        nothing = np.zeros((height, width), bool)
        return Masks.of_arrays(
            np.array([found.get(number, nothing) for number in points]).reshape(-1, height, width),
            object_id=list(points),
            query=list(seen.query),
            score=seen.score.tolist(),
            seconds=tracks.timestamp,
            sampled=any(point.grounded for point in points.values()),
            truncated=tracks.truncated,
        )
