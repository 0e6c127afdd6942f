"""One frame of a video with those before it, as models with a temporal module are shown it (VideoMolmo)."""

from __future__ import annotations

from collections import deque
from itertools import islice

import numpy as np

from model.data.errors import SkippedRow
from model.data.schema import ImageSample, Query, Target, VideoQuery, VideoSample


def frame_sample(sample: VideoSample, rng: np.random.Generator, past: int) -> ImageSample:
    """Chooses a frame of a video.

    Args:
        sample: The video.
        rng: Chooses.
        past: Most frames before it.

    Returns:
        The frame with the objects that are asked for on every frame, and those asked for that are not there.

    Raises:
        SkippedRow: The video is asked for moments only: what is seen on its other frames is not known.
    """
    asked = [query for query in sample.queries if query.kind == "tracking" or not query.frame_points]
    if not asked:
        raise SkippedRow("video is asked for moments only")
    chosen = int(rng.integers(len(sample.video.timestamps)))
    # One after the other: frames of a file are decoded when they are asked for.
    shown: deque[np.ndarray] = deque(maxlen=past + 1)
    for frame in islice(iter(sample.video.frames), chosen + 1):
        shown.append(np.asarray(frame))
    *before, image = shown
    return ImageSample(
        image=image,
        queries=tuple(_on_frame(query, chosen) for query in asked),
        caption=(),
        before=tuple(before),
    )


def _on_frame(query: VideoQuery, frame: int) -> Query:
    points = [point.point for point in query.frame_points if point.frame == frame]
    targets = tuple(Target(point, (*point, *point)) for point in points)
    return Query(query.text, query.label, targets, "noun" if targets else "absent")
