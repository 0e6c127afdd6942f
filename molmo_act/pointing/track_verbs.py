"""Following what queries name: through a video, or on an endless stream of frames."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal, overload

from molmo_act.io.frames import DEFAULT_FPS, VideoSource
from molmo_act.outputs.tracks import Tracks
from molmo_act.pointing.options import (
    TRACK_MODES,
    Many,
    OfflineTrackOptions,
    Order,
    StreamTrackOptions,
    TrackerFields,
    TrackMode,
    TrackOptions,
    WindowMode,
    check_track_options,
    refuse_exactly,
    refuse_unknown,
)
from molmo_act.pointing.runtime import PointingRuntime
from molmo_act.pointing.stream_tracks import track_stream
from molmo_act.pointing.streams import make_pointer
from molmo_act.pointing.videos import FrameSelection, track_in_video
from molmo_act.request import Bounds, as_list
from molmo_act.segmentation.opening import open_stream
from molmo_act.segmentation.propagator import PropagatorName, StreamingPropagator
from molmo_act.tracking.config import TrackerConfig
from molmo_act.tracking.tracker import StreamingTracker
from molmo_act.validation import check_choice

if TYPE_CHECKING:
    from typing import Unpack


class TrackVerbs:
    """The part of `PointingModel` that follows objects from frame to frame.

    Attributes:
        runtime: The model with everything that asking it takes.
    """

    runtime: PointingRuntime

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
        masks: PropagatorName | StreamingPropagator | None = None,
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
            prompt: See `point`; queries that are added later are asked in the same way.
            window: How many of the last keyframes the model is shown, for checkpoints trained on videos. It
                sees a single one in full detail, several in one crop each. A model with a temporal module is
                shown one, and remembers earlier ones itself.
            window_mode: How a window is read: "full", anew for every keyframe, as models were trained; or
                "sliding", only what is new, in constant time, see `molmo_act.generation.sliding_window`.
            masks: What gives `Tracks.masks`, the masks of the visible objects of every frame: "sam2",
                "edgetam" or "grabcut", see `segment`; or a propagator that takes streams. None for no masks.
                They are made within `update`, which then takes as long as that.
            settings: `rate`, `synchronous` and the other fields of
                `molmo_act.tracking.config.TrackerConfig`.

        Returns:
            The tracker; close it, or use it as a context manager.

        Raises:
            CheckpointError: The weights of what makes masks cannot be loaded.
            InputError: A number is out of range, or the prompt is neither a template nor the name of one.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        bounds = Bounds(max_points, min_score, timeout, order)
        refuse_unknown(settings, TrackerFields, "tracker", *StreamTrackOptions.__optional_keys__)
        refuse_exactly(settings, "tracker")
        config = TrackerConfig(**settings)
        queries = as_list(query)
        self.runtime.check_questions(queries, prompt)
        pointer = make_pointer(self.runtime, bounds, window, window_mode, max_crops, prompt)
        check_query = partial(self.runtime.check_question, prompt=prompt)
        segmenter = None if masks is None else open_stream(masks, str(self.runtime.device))
        return StreamingTracker(pointer, queries, config, check_query=check_query, masks=segmenter)

    @overload
    def track(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        mode: Literal["stream"] = ...,
        fps: float = ...,
        start: float = ...,
        end: float | None = ...,
        **options: Unpack[StreamTrackOptions],
    ) -> list[Tracks]: ...

    @overload
    def track(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        mode: Literal["offline"],
        fps: float = ...,
        start: float = ...,
        end: float | None = ...,
        **options: Unpack[OfflineTrackOptions],
    ) -> list[Tracks]: ...

    def track(
        self,
        video: VideoSource,
        query: str | Many[str],
        *,
        mode: TrackMode = "stream",
        fps: float = DEFAULT_FPS,
        start: float = 0.0,
        end: float | None = None,
        **options: Unpack[TrackOptions],
    ) -> list[Tracks]:
        """Tracks what queries name through a video.

        Args:
            video: A video file or its content, an animated image, a folder of images, images in order (a
                list, an array or an iterator; also pairs of an image and its seconds), a `Camera`, the number
                of a camera, or the URL of a stream; see `molmo_act.io.frames.read_frames`.
            query: What to track, in words; or a list.
            mode: "stream" grounds keyframes as single images, carries points between them by optical flow,
                and returns every frame; see `tracker`. "offline" asks about the whole video in one prompt, as
                checkpoints trained on videos can, and returns every frame that the model looked at, without
                an object where it found nothing.
            fps: Frames per second of images without times; a file says itself when each frame is shown.
            start: Seconds at which to begin.
            end: Seconds at which to stop; None for the end of the video. Live sources need one.
            options: Keyword arguments of `tracker`; with "offline" `max_points`, `min_score`, `timeout`,
                `order` and `prompt` of `point`, where None stands for "track" ("Track {}"); `max_frames`; and
                `max_fps`, the most frames per second to look at.

        Returns:
            Tracks of one frame after the other.

        Raises:
            ImageError: A frame cannot be used.
            InputError: The video cannot be used, or a number is out of range.
            MissingExtraError: The extra `video` is not installed.
            QueryError: A query is empty, too long, or not plain words.
        """
        check_choice("mode", mode, TRACK_MODES)
        check_track_options(mode, options)
        given: dict[str, Any] = {**options}
        if mode == "offline":
            prompt = given.pop("prompt", None)
            self.runtime.check_questions(as_list(query), prompt)
            selected = {name: given.pop(name) for name in ("max_frames", "max_fps") if name in given}
            frames = FrameSelection(fps, start=start, end=end, **selected)
            bounds = Bounds(**given)
            return track_in_video(
                self.runtime, video, as_list(query), bounds=bounds, frames=frames, prompt=prompt
            )
        return track_stream(lambda **how: self.tracker(query, **how, **given), video, fps, start, end)
