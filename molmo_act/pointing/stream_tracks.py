"""Tracks objects through a video that is read as a stream, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from molmo_act.errors import InputError
from molmo_act.io.camera import as_camera, is_live
from molmo_act.io.frames import VideoSource, read_frames, until_lost
from molmo_act.outputs.tracks import Tracks
from molmo_act.tracking.tracker import StreamingTracker


def track_stream(
    make_tracker: Callable[..., StreamingTracker],
    video: VideoSource,
    fps: float,
    start: float,
    end: float | None,
) -> list[Tracks]:
    """Shows a video to a tracker.

    Args:
        make_tracker: Makes the tracker, by the keyword `synchronous`.
        video: See `molmo_act.io.frames.read_frames`.
        fps: Frames per second of images without times.
        start: Seconds at which to begin.
        end: Seconds at which to stop; None for the end of the video. Live sources need one.

    Returns:
        Tracks of one frame after the other.

    Raises:
        ImageError: A frame cannot be used.
        InputError: The video cannot be used, or a number is out of range.
        MissingExtraError: The extra `video` is not installed.
    """
    live = is_live(video)
    if is_live(video) and end is None:
        raise InputError(
            f"The video is {as_camera(video)!r}, which has no end; expected end=, in seconds. For "
            "endless streams, use tracker(…).track(molmo_act.io.frames.read_frames(…))."
        )
    stream = read_frames(video, fps=fps, start=start, end=end)
    images = until_lost(stream) if live else stream
    # A camera does not wait: while the model answers, newer frames are tracked.
    with make_tracker(synchronous=not live) as tracker:
        history = [replace(tracks, damaged=bool(stream.damage)) for _, tracks in tracker.track(images)]
    if stream.damage and history:  # also where what is missing is the end
        history[-1] = replace(history[-1], damaged=True)
    return history
