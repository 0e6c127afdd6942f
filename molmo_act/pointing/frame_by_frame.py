"""Asks a VideoMolmo about a video: one prompt for each sampled frame, which shows it with those before it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from molmo_act.generation.own_settings import own_settings
from molmo_act.io.frames import FrameReader
from molmo_act.models.molmo.temporal import FRAMES_BEFORE, frames_before
from molmo_act.outputs.points import Points
from molmo_act.pointing.images import BATCH_SIZE, generate_answers, prepare_image_inputs
from molmo_act.pointing.postprocessing import make_points
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds

RATE = 10
"""Every which frame is asked about, as in the released program."""
MAX_SAMPLED = 10
"""Most frames that are asked about: the released program reads the first 100 frames."""


@dataclass(frozen=True)
class SampledFrame:
    """A frame that is asked about.

    Attributes:
        image: uint8 RGB (H, W, 3).
        seconds: When it is shown.
        before: The frames that the model is shown with it, see `frames_before`.
    """

    image: np.ndarray
    seconds: float
    before: list[np.ndarray]


def sample_frames(frames: Iterator[tuple[np.ndarray, float]], most: int) -> Iterator[SampledFrame]:
    """Takes every `RATE`-th frame with those directly before it; a few are in memory at a time.

    Args:
        frames: Frames with their seconds, in order.
        most: Most frames to take.

    Yields:
        The frames.
    """
    last: deque[np.ndarray] = deque(maxlen=FRAMES_BEFORE)
    for index, (image, seconds) in enumerate(islice(frames, RATE * most)):
        if index % RATE == 0:
            yield SampledFrame(image, seconds, frames_before(last, image))
        last.append(image)


@own_settings()
def point_frame_by_frame(
    runtime: PointingRuntime,
    reader: FrameReader,
    queries: Sequence[str],
    bounds: Bounds,
    max_frames: int | None = None,
    prompt: str | None = None,
) -> list[Points]:
    """Points at each query on sampled frames of a video.

    Args:
        runtime: A VideoMolmo.
        reader: The frames of the video.
        queries: What to find; each is asked on its own.
        bounds: How much of the answer about a frame is wanted.
        max_frames: Most frames that are asked about; None for `MAX_SAMPLED`.
        prompt: How a query is asked, see `PromptTemplates.choose`.

    Returns:
        Points for each query, as `molmo_act.pointing.videos.point_in_video` gives them. Objects are numbered
        anew on each frame, as answers about two frames do not say what is the same.
    """
    answers: list[list[Points]] = [[] for _ in queries]
    times: list[float] = []
    for frame in sample_frames(reader, max_frames or MAX_SAMPLED):
        times.append(frame.seconds)
        found = point_on_frame(runtime, frame, queries, bounds, prompt)
        for answer, points in zip(answers, found, strict=True):
            answer.append(points)
    return [_joined(found, times, reader) for found in answers]


class NeighbourFramesPointer:
    """Points on keyframes of a stream, each shown with the frames directly before it.

    A `molmo_act.tracking.keyframe.NeighbourPointer`.

    Args:
        runtime: A VideoMolmo.
        bounds: How much of the answer about a keyframe is wanted.
        max_crops: Most high-resolution crops of a frame; None for the checkpoint's own number.
        prompt: How a query is asked, see `PromptTemplates.choose`.
    """

    frames_before = FRAMES_BEFORE

    def __init__(
        self,
        runtime: PointingRuntime,
        bounds: Bounds,
        max_crops: int | None = None,
        prompt: str | None = None,
    ) -> None:
        self._runtime, self._bounds, self._max_crops, self._prompt = runtime, bounds, max_crops, prompt

    def reset(self) -> None:
        """Does nothing: the frames come with each keyframe."""

    @own_settings()
    def point(
        self, image: np.ndarray, seconds: float, queries: list[str], before: Sequence[np.ndarray] = ()
    ) -> list[Points]:
        """Points at each query, see `molmo_act.tracking.keyframe.NeighbourPointer.point`."""
        frame = SampledFrame(image, seconds, frames_before(before, image))
        return point_on_frame(self._runtime, frame, queries, self._bounds, self._prompt, self._max_crops)


def point_on_frame(
    runtime: PointingRuntime,
    frame: SampledFrame,
    queries: Sequence[str],
    bounds: Bounds,
    prompt: str | None = None,
    max_crops: int | None = None,
) -> list[Points]:
    """Points at each query on one frame.

    Args:
        runtime: A VideoMolmo.
        frame: The frame, with those before it.
        queries: What to find; each is asked on its own.
        bounds: How much of an answer is wanted.
        prompt: How a query is asked, see `PromptTemplates.choose`.
        max_crops: Most high-resolution crops of a frame; None for the checkpoint's own number.

    Returns:
        Points for each query, in pixels of the frame.
    """
    batches = [queries[first : first + BATCH_SIZE] for first in range(0, len(queries), BATCH_SIZE)]
    return [
        points for batch in batches for points in _point(runtime, frame, batch, bounds, prompt, max_crops)
    ]


def _point(
    runtime: PointingRuntime,
    frame: SampledFrame,
    queries: Sequence[str],
    bounds: Bounds,
    prompt: str | None,
    max_crops: int | None,
) -> list[Points]:
    """The same for one batch."""
    began = time.perf_counter()
    pairs = [(frame.image, query) for query in queries]
    inputs = prepare_image_inputs(runtime, pairs, max_crops, prompt, earlier=[frame.before] * len(pairs))
    metadata = inputs.pop("metadata")
    preprocess_ms = 1000 * (time.perf_counter() - began)
    output = generate_answers(runtime, inputs, queries, bounds, "pixels")
    timing = {"preprocess": preprocess_ms, "prefill": output.prefill_ms, "decode": output.decode_ms}
    return [
        make_points(runtime, answer, query, one, bounds, timing)
        for answer, query, one in zip(output.answers, queries, metadata, strict=True)
    ]


def _joined(frames: Sequence[Points], times: Sequence[float], reader: FrameReader) -> Points:
    """Points on single frames as those of a video."""
    counts = [len(points) for points in frames]
    return Points(
        xy=np.concatenate([points.xy for points in frames]),
        score=np.concatenate([points.score for points in frames]),
        object_id=np.concatenate([points.object_id for points in frames]),
        image_index=np.repeat(np.arange(len(frames)), counts),
        timestamp=np.repeat(np.asarray(times), counts),
        image_size=[points.image_size[0] for points in frames],
        query=frames[0].query,
        absent=min(points.absent for points in frames),
        text="\n".join(points.text for points in frames),
        timing_ms={key: sum(points.timing_ms[key] for points in frames) for key in frames[0].timing_ms},
        truncated=any(points.truncated for points in frames),
        damaged=bool(reader.damage),
    )
