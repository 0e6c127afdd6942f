"""Follows what queries name with an exported model, one keyframe at a time; says what needs torch."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from molmo_act.embedded.runtime import EmbeddedRuntime
from molmo_act.errors import InputError
from molmo_act.formats.crop_geometry import check_max_crops
from molmo_act.io.frames import DEFAULT_FPS, VideoSource
from molmo_act.outputs.points import Points
from molmo_act.outputs.tracks import Tracks
from molmo_act.pointing.options import (
    TRACK_MODES,
    Many,
    Order,
    StreamTrackOptions,
    TrackerFields,
    TrackMode,
    WindowMode,
    check_track_options,
    refuse_exactly,
    refuse_unknown,
)
from molmo_act.pointing.stream_tracks import track_stream
from molmo_act.request import WINDOW_MODES, Bounds, as_list
from molmo_act.tracking.config import TrackerConfig
from molmo_act.tracking.tracker import StreamingTracker
from molmo_act.validation import check_choice, check_int

if TYPE_CHECKING:
    from typing import Unpack


class StreamVerbs:
    """The part of `EmbeddedModel` that follows objects from frame to frame.

    Attributes:
        runtime: The exported model with everything that asking it takes.
    """

    runtime: EmbeddedRuntime

    @abstractmethod
    def _ask(
        self,
        images: Sequence[Any],
        queries: list[str],
        bounds: Bounds,
        max_crops: int | None,
        prompt: str | None,
    ) -> list[Points]:
        """Points for each pair of image and query; a single image is read once."""

    def tracker(
        self,
        query: str | Many[str] = (),
        *,
        max_points: int | None = None,
        min_score: float = 0.0,
        max_crops: int | None = None,
        timeout: float | None = None,
        order: Order = "reference",
        prompt: str | None = None,
        window: int = 1,
        window_mode: WindowMode = "full",
        masks: object = None,
        **settings: Unpack[TrackerFields],
    ) -> StreamingTracker:
        """Tracks what queries name on an endless stream of frames: `tracker.update(frame, timestamp)`.

        Args:
            query: What to track, in words; or a list. `add` and `remove` change it later.
            max_points: See `point`; holds for every keyframe, as do the next five.
            min_score: See `point`.
            max_crops: See `point`.
            timeout: See `point`; an answer that it cuts short sets `Tracks.truncated`.
            order: See `point`.
            prompt: See `point`.
            window: Only 1: keyframes are shown one at a time.
            window_mode: Only "full", for the same reason.
            masks: Only None; masks need the model of torch.
            settings: Fields of `molmo_act.tracking.config.TrackerConfig`.

        Returns:
            The tracker; close it, or use it as a context manager.

        Raises:
            InputError: A number is out of range, or several keyframes are to be shown together.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        bounds = Bounds(max_points, min_score, timeout, order)
        refuse_unknown(settings, TrackerFields, "tracker", *StreamTrackOptions.__optional_keys__)
        refuse_exactly(settings, "tracker")
        config = TrackerConfig(**settings)
        check_max_crops(max_crops)
        check_choice("window_mode", window_mode, WINDOW_MODES)
        if masks is not None:
            raise InputError(needs_torch("Masks of tracked objects"))
        if check_int("window", window) > 1 or window_mode != "full":
            raise InputError(needs_torch(f"window={window}, window_mode={window_mode!r}"))
        if self.runtime.config.temporal_module is not None:
            raise InputError(
                needs_torch(
                    f"Streams of {self.runtime.name}, whose temporal module remembers earlier frames,"
                )
            )
        queries: list[str] = as_list(query)
        self.runtime.check_questions(queries, prompt)

        def pointer(image: np.ndarray, wanted: list[str]) -> list[Points]:
            return self._ask([image], wanted, bounds, max_crops, prompt)

        check_query = partial(self.runtime.check_question, prompt=prompt)
        return StreamingTracker(pointer, queries, config, check_query=check_query)

    def track(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        mode: TrackMode = "stream",
        fps: float = DEFAULT_FPS,
        start: float = 0.0,
        end: float | None = None,
        **options: Unpack[StreamTrackOptions],
    ) -> list[Tracks]:
        """Tracks what queries name through a video, frame by frame.

        Args:
            video: See `PointingModel.track`.
            query: What to track, in words; or a list.
            mode: Only "stream"; "offline" needs the model of torch.
            fps: Frames per second of images without times; a file says itself when each frame is shown.
            start: Seconds at which to begin.
            end: Seconds at which to stop; None for the end of the video. Live sources need one.
            options: Keyword arguments of `tracker`.

        Returns:
            Tracks of one frame after the other.

        Raises:
            ImageError: A frame cannot be used.
            InputError: The video cannot be used, a number is out of range, or the mode is another one.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        if check_choice("mode", mode, TRACK_MODES) != "stream":
            raise InputError(needs_torch("mode='offline', a whole video in one prompt,"))
        check_track_options("stream", options)
        given: dict[str, Any] = {**options}
        return track_stream(lambda **how: self.tracker(query, **how, **given), video, fps, start, end)

    def segment(self, video: VideoSource, query: str | Many[str], **options: object) -> NoReturn:
        """Refuses masks, which need the model of torch.

        Args:
            video: See `PointingModel.segment`.
            query: See `PointingModel.segment`.
            options: See `PointingModel.segment`.

        Raises:
            InputError: Always.
        """
        raise InputError(needs_torch("Masks of objects"))

    segment_frames = segment

    def point_in_video(self, video: VideoSource, query: str | Many[str], **options: object) -> NoReturn:
        """Refuses whole videos, which need the model of torch.

        Args:
            video: See `PointingModel.point_in_video`.
            query: See `PointingModel.point_in_video`.
            options: See `PointingModel.point_in_video`.

        Raises:
            InputError: Always.
        """
        raise InputError(needs_torch("A whole video in one prompt"))

    def count_in_video(self, video: VideoSource, query: str | Many[str], **options: object) -> NoReturn:
        """Refuses whole videos, which need the model of torch.

        Args:
            video: See `PointingModel.count_in_video`.
            query: See `PointingModel.count_in_video`.
            options: See `PointingModel.count_in_video`.

        Raises:
            InputError: Always.
        """
        raise InputError(needs_torch("A whole video in one prompt"))


def needs_torch(what: str) -> str:
    """Says that something needs the model of torch.

    Args:
        what: What was asked for, the beginning of a sentence.

    Returns:
        The sentence.
    """
    return (
        f"{what} cannot be asked of an exported model, which reads one image at a time; expected the model "
        "of torch: molmo_act.load(CHECKPOINT), without providers."
    )
