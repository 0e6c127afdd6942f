"""Writes frames as a video file, whole or not at all, every frame at its own time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from molmo_act._optional import import_optional
from molmo_act.errors import InputError
from molmo_act.io.atomic import atomic_file, check_output_path, explain_write_errors
from molmo_act.validation import check_number, wrong

if TYPE_CHECKING:
    from av.container import OutputContainer

SUFFIXES = (".mp4", ".mkv", ".mov")
_TICKS = 90_000  # per second, as in MPEG
_LATEST = 1e9  # seconds; clocks of this century go that far, and counts of ticks farther


check_video_path = partial(check_output_path, suffixes=SUFFIXES, kind="a video")
"""Checks, before the work is done, that a video can be written to a path; see `check_output_path`."""


class VideoWriter:
    """Writes one frame after another; `video_writer` makes it.

    Args:
        container: An open container of PyAV.
    """

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream: Any = None
        self._size = (0, 0)
        self._last = -1

    def write(self, frame: np.ndarray, timestamp: float) -> None:
        """Adds a frame.

        Args:
            frame: uint8 RGB (H, W, 3), of the same size as the first one. The codec takes even numbers only:
                of an odd one the last row or column is left out.
            timestamp: Seconds, later than the last one's.

        Raises:
            InputError: The frame is no image of at least 2×2 pixels, or has another size than the first one;
                or the time is no number of seconds that a file can hold.
        """
        import av

        if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.shape[2:] != (3,):
            raise wrong("frame", frame, "an array of RGB pixels, uint8 (height, width, 3)")
        timestamp = check_number("timestamp", timestamp, least=-_LATEST, most=_LATEST, what="seconds")
        size = (frame.shape[1], frame.shape[0])
        width, height = (side - side % 2 for side in size)
        if min(width, height) < 2:
            raise InputError(f"A frame has {size[0]}×{size[1]} pixels; a video takes at least 2×2.")
        if self._stream is None:
            self._size = size
            self._stream = self._container.add_stream("libx264", rate=30)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, _TICKS)
        if self._size != size:
            raise InputError(
                f"A frame of {size[0]}×{size[1]} pixels cannot follow one of {self._size[0]}×{self._size[1]} "
                "in one video file; expected one size. Write to another file."
            )
        encoded = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
        self._last = max(round(timestamp * _TICKS), self._last + 1)
        encoded.pts, encoded.time_base = self._last, Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(encoded))

    def finish(self) -> None:
        """Writes the frames that the codec still holds back.

        Raises:
            InputError: There was no frame.
        """
        if self._stream is None:
            raise InputError("No frame was given to the video writer; expected at least one write().")
        self._container.mux(self._stream.encode(None))


@contextmanager
def video_writer(path: str | os.PathLike[str]) -> Iterator[VideoWriter]:
    """Opens a video file for writing; it appears when the block ends, and does not when the block fails.

    Args:
        path: Where to; the suffix chooses the format. An existing file is replaced.

    Yields:
        The writer.

    Raises:
        InputError: The path cannot hold a video, see `check_video_path`; or the file cannot be written.
        MissingExtraError: PyAV is not installed.
    """
    av = import_optional("av", extra="video", purpose="writing video files")
    target = check_video_path(path)
    try:
        with (
            explain_write_errors(path, kind="a video"),
            atomic_file(target) as beside,
            # With "file:" in front, FFmpeg takes no part of a name for a protocol, such as "12:30.mp4".
            av.open(f"file:{beside}", "w") as container,
        ):
            writer = VideoWriter(container)
            yield writer
            writer.finish()
    except av.error.FFmpegError as exc:
        raise InputError(f"Cannot write a video to {str(path)!r}: {exc}. Give another place.") from exc
