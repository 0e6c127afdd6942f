"""Masks of what queries name, on all frames of a video."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.io.camera import as_camera, is_live
from molmo_act.io.frames import DEFAULT_FPS, VideoSource, read_frames
from molmo_act.outputs.masks import Masks
from molmo_act.outputs.points import Points
from molmo_act.pointing.frame_by_frame import NeighbourFramesPointer
from molmo_act.pointing.images import point_in_image
from molmo_act.pointing.options import Many, Order, SegmentKeywords, refuse_exactly, refuse_unknown
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.request import Bounds, as_list
from molmo_act.segmentation.fusion import AGREEMENT
from molmo_act.segmentation.opening import open_propagator
from molmo_act.segmentation.propagator import MaskPropagator, PropagatorName
from molmo_act.segmentation.video import RATE, Asker, SegmentOptions, segment_frames

if TYPE_CHECKING:
    from typing import Unpack


class SegmentVerbs:
    """The part of `PointingModel` that segments.

    Attributes:
        runtime: The model with everything that asking it takes.
    """

    runtime: PointingRuntime

    def segment(
        self, video: VideoSource, query: str | Many[str], **options: Unpack[SegmentKeywords]
    ) -> Masks:
        """Segments what queries name on all frames of a video.

        Args:
            video: See `track`; it has an end.
            query: What to segment, in words; or a list.
            options: Keyword arguments of `segment_frames`.

        Returns:
            The masks of all frames.

        Raises:
            CheckpointError: See `segment_frames`, as are the others.
            ImageError: See `segment_frames`.
            InputError: See `segment_frames`; or the video has no end.
            MissingExtraError: See `segment_frames`.
            QueryError: See `segment_frames`.
        """
        refuse_unknown(options, SegmentKeywords, "segment")
        refuse_exactly(options, "segment")
        if is_live(video) and options.get("end") is None:
            raise InputError(
                f"The video is {as_camera(video)!r}, which has no end; expected end=, in seconds. For "
                "endless streams, use tracker(…, masks=…)."
            )
        return Masks.join(masks for _, masks in self.segment_frames(video, query, **options))

    def segment_frames(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        rate: int = RATE,
        propagator: PropagatorName | MaskPropagator = "sam2",
        bidirectional: bool = True,
        agreement: float = AGREEMENT,
        max_points: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        timeout: float | None = None,
        order: Order = "reference",
        prompt: str | None = None,
        fps: float = DEFAULT_FPS,
        start: float = 0.0,
        end: float | None = None,
    ) -> Iterator[tuple[np.ndarray, Masks]]:
        """Segments what queries name in a video of any length; `rate` frames are in memory at a time.

        The model points on every `rate`-th frame; each point becomes a mask there, which is propagated to the
        frames around it. Where masks arrive from both sides they are fused (VideoMolmo, arXiv 2506.05336). A
        sampled frame on which nothing was found has no mask.

        Args:
            video: See `track`.
            query: What to segment, in words; or a list.
            rate: The model is asked about frame 0, `rate`, 2 · `rate` and so on.
            propagator: What makes masks of points and propagates them: "sam2" (SAM 2.1) or "edgetam", whose
                usual weights are loaded to the model's device; "grabcut", which needs none and finds objects
                of one colour; or a propagator, such as `Sam2Propagator.from_pretrained(…)` of
                `molmo_act.segmentation.sam2`.
            bidirectional: False to propagate only forwards, as VideoMolmo's program does.
            agreement: Intersection over union from which two masks of an object are intersected; below it,
                they are united.
            max_points: See `point`; holds for every sampled frame, as do the next five.
            min_score: See `point`.
            max_crops: See `point`.
            timeout: See `point`.
            order: See `point`.
            prompt: See `point`.
            fps: Frames per second of images without times; a file says itself when each frame is shown.
            start: Seconds at which to begin.
            end: Seconds at which to stop; None for the end of the video.

        Yields:
            Each frame, uint8 RGB (H, W, 3), with its masks.

        Raises:
            CheckpointError: The propagator's weights cannot be loaded.
            ImageError: A frame cannot be used.
            InputError: The video cannot be used, its frames or masks differ in size, or a number is out of
                range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        bounds = Bounds(max_points, min_score, timeout, order)
        neighbours = NeighbourFramesPointer.frames_before if self.runtime.reads_frames else 0
        options = SegmentOptions(rate, bidirectional, agreement, neighbours)
        check_max_crops(max_crops)
        queries = as_list(query)
        self.runtime.check_questions(queries, prompt)
        reader = read_frames(video, fps=fps, start=start, end=end)
        propagate = open_propagator(propagator, device=str(self.runtime.device))
        ask = _asker(self.runtime, queries, bounds, max_crops, prompt)
        frames = segment_frames(reader, ask, propagate, options)
        return _with_damage(frames, reader.damage)


def _asker(
    runtime: PointingRuntime, queries: list[str], bounds: Bounds, max_crops: int | None, prompt: str | None
) -> Asker:
    if runtime.reads_frames:
        pointer = NeighbourFramesPointer(runtime, bounds, max_crops, prompt)
        return lambda image, before: pointer.point(image, 0.0, queries, before)

    def ask(image: np.ndarray, before: Sequence[np.ndarray]) -> list[Points]:
        return point_in_image(runtime, image, queries, bounds, max_crops, prompt)

    return ask


def _with_damage(
    frames: Iterator[tuple[np.ndarray, Masks]], damage: object
) -> Iterator[tuple[np.ndarray, Masks]]:
    """Marks masks of a damaged video; a frame later, as its end may be missing."""
    held: tuple[np.ndarray, Masks] | None = None
    for frame in frames:
        if held is not None:
            yield held
        held = frame[0], replace(frame[1], damaged=bool(damage))
    if held is not None:
        yield held[0], replace(held[1], damaged=bool(damage))
