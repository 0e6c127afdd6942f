"""What a tracker of a stream is given, and what it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from molmo_act.outputs.masks import Masks
from molmo_act.outputs.tracks import Tracks


class FrameMasks(Protocol):
    """Segments the tracked objects of a stream; `molmo_act.segmentation.streams.TrackMasks` is one."""

    def reset(self) -> None:
        """Forgets all frames: the stream begins anew."""

    def of(self, frame: np.ndarray, tracks: Tracks) -> Masks:
        """Segments the visible objects of the newest frame.

        Args:
            frame: uint8 RGB (H, W, 3).
            tracks: Its tracks.

        Returns:
            Their masks, on this one frame.
        """


@dataclass(frozen=True)
class TrackerStats:
    """Counters of a tracker.

    Attributes:
        frames: Frames that were taken.
        rejected: Frames that could not be used: no image, or a timestamp not later than the last one.
        restarts: How often the size of the frames changed, so that tracking began anew.
        groundings: Answers of the model.
        grounding_errors: Keyframes for which the model raised an error, for all queries or for one.
        last_error: The newest of those errors; None when there was none.
        failing: What the model raised for each query on which it failed the last time that it was asked about
            it; such a query is asked about less often.
        latency: Seconds of the stream from the newest grounding's keyframe to the frame that used it.
        dropped_objects: Objects that the model detected while `TrackerConfig.max_objects` were tracked.
    """

    frames: int = 0
    rejected: int = 0
    restarts: int = 0
    groundings: int = 0
    grounding_errors: int = 0
    last_error: Exception | None = None
    failing: Mapping[str, Exception] = field(default_factory=dict)
    latency: float = 0.0
    dropped_objects: int = 0
