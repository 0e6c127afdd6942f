"""Takes frames out of a video file, all of them or those at given times. Knows PyAV, nothing of models."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.errors import InputError, MissingExtraError
from molmo_act.images import to_rgb

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame


# Times of frames are fractions in the file and floats here; a microsecond is no difference.
_TOLERANCE = 1e-6
_CUT_OFF = 1.0  # seconds that a file may go on after its last frame, beside the longest time one is shown

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FramesAt:
    """The frames of a file that are on show at some moments, decoded anew each time it is iterated over.

    Yields uint8 RGB (H, W, 3), upright, one per moment, so that memory holds one frame and not the video.

    Attributes:
        path: The file.
        times: Seconds since the first frame, ascending. After the end the last frame stays.
    """

    path: str | os.PathLike[str]
    times: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        for frame in self._frames():
            if shape not in (None, frame.shape):
                raise InputError(
                    f"The frames of {os.fspath(self.path)!r} change their size; expected one size. Ask "
                    "about a part of it with start and end, or convert it."
                )
            shape = frame.shape
            yield frame

    def _frames(self) -> Iterator[np.ndarray]:
        waiting = deque(self.times)
        shown = None
        with _open(self.path) as container:
            for time, frame in _timed_frames(container, self.path):
                while shown is not None and waiting and waiting[0] < time - _TOLERANCE:
                    waiting.popleft()
                    yield _upright(shown)
                shown = frame
                if not waiting:
                    return
            if shown is None:
                raise InputError(f"The video {os.fspath(self.path)!r} holds no frame that can be decoded.")
            for _ in waiting:
                yield _upright(shown)


def every_frame(path: str | os.PathLike[str]) -> Iterator[tuple[float, np.ndarray]]:
    """All frames of a file in the order they are shown, one at a time in memory.

    Args:
        path: The file.

    Yields:
        Seconds since the first frame, exactly as the file says them, and uint8 RGB (H, W, 3), upright.

    Raises:
        InputError: The file is missing, is not a video, is damaged, or holds no frame.
        MissingExtraError: PyAV is not installed.
    """
    empty = True
    with _open(path) as container:
        for time, frame in _timed_frames(container, path):
            empty = False
            yield time, _upright(frame)
    if empty:
        raise InputError(f"The video {os.fspath(path)!r} holds no frame that can be decoded.")


def frame_count(path: str | os.PathLike[str]) -> int | None:
    """How many frames a file says it has; None where it does not say.

    Raises:
        InputError: The file is missing or is not a video.
        MissingExtraError: PyAV is not installed.
    """
    with _open(path) as container:
        return container.streams.video[0].frames or None


def video_duration(path: str | os.PathLike[str]) -> float:
    """Seconds from the first frame of a video to the end of its last, by its header or else its packets.

    The length of the whole container is no substitute: it may count from elsewhere, or be that of the sound.

    Raises:
        InputError: The file is missing, is not a video, or has no times.
        MissingExtraError: PyAV is not installed.
    """
    with _open(path) as container:
        stream = container.streams.video[0]
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        spans = [
            (packet.pts, packet.pts + (packet.duration or 0))
            for packet in container.demux(stream)
            if packet.pts is not None
        ]
        if not spans or stream.time_base is None:
            raise InputError(f"The video {os.fspath(path)!r} does not say when its frames are shown.")
        begin, end = min(start for start, _ in spans), max(stop for _, stop in spans)
        return float((end - begin) * stream.time_base)


def _upright(frame: VideoFrame) -> np.ndarray:
    """uint8 RGB (H, W, 3) of a frame, turned as the file asks; telephones store what they filmed sideways."""
    clear = any(part.is_alpha for part in frame.format.components)
    pixels = to_rgb(frame.to_ndarray(format="rgba")) if clear else frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def _timed_frames(
    container: InputContainer, path: str | os.PathLike[str]
) -> Iterator[tuple[float, VideoFrame]]:
    """Decode frames in the order they are shown, each with its seconds since the first one."""
    import av

    first: float | None = None
    last = longest = 0.0
    try:
        for frame in container.decode(container.streams.video[0]):
            if frame.time is None:
                continue
            if first is None:
                first = last = frame.time
            longest = max(longest, frame.time - last, float(frame.duration * (frame.time_base or 0)))
            last = frame.time
            yield frame.time - first, frame
        _warn_if_cut_off(container, path, first or 0.0, last + longest)
    except av.error.FFmpegError as exc:
        raise InputError(
            f"The video {os.fspath(path)!r} is damaged ({exc}). Convert or fetch it again."
        ) from exc


def _warn_if_cut_off(
    container: InputContainer, path: str | os.PathLike[str], first: float, shown: float
) -> None:
    """Says so where frames end long before the file does: many decoders take a torn file for a short one."""
    stream = container.streams.video[0]
    end = None if container.duration is None else container.duration / 1_000_000  # in microseconds
    if stream.duration is not None and stream.time_base is not None:
        end = first + float(stream.duration * stream.time_base)
    if end is not None and end - shown > _CUT_OFF:
        logger.warning(
            "The frames of %r end at %.2f s of the %.2f s that it says it has; it may be cut off or damaged.",
            os.fspath(path),
            shown - first,
            end - first,
        )


def _open(path: str | os.PathLike[str]) -> InputContainer:
    try:
        import av
    except ImportError as exc:
        raise MissingExtraError("av", "video", "reading video files") from exc
    if not Path(path).is_file():
        raise InputError(f"There is no video file {os.fspath(path)!r}; expected the path of a file.")
    try:
        container = av.open(os.fspath(path))
    except av.error.FFmpegError as exc:
        raise InputError(f"{os.fspath(path)!r} is not a video that can be read ({exc}).") from exc
    if not container.streams.video:
        container.close()
        raise InputError(f"{os.fspath(path)!r} has no video stream; expected a video.")
    return container
