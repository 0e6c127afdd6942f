"""Writes pictures as a video file: whole or not at all, every frame at its own time. Knows no tracks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from molmo_act.errors import InputError, MissingExtraError

if TYPE_CHECKING:
    from av.container import OutputContainer

SUFFIXES = (".mp4", ".mkv", ".mov")
_TICKS = 90_000  # a second, as in MPEG


def video_path(path: str | os.PathLike[str]) -> Path:
    """Checks, before the work is done, that a video can be written to a path.

    Raises:
        InputError: Its suffix names no kind of video that is written, its folder does not exist, or it is a
            folder.
    """
    target = Path(path)
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"Cannot write a video to {str(path)!r}; expected a name that ends in {', '.join(SUFFIXES)}."
        )
    if not target.parent.is_dir() or target.is_dir():
        raise InputError(f"Cannot write {str(path)!r}: expected the name of a file in a folder that exists.")
    return target


class VideoWriter:
    """Takes one picture after another; see `video_writer`."""

    def __init__(self, container: OutputContainer) -> None:
        self._container = container
        self._stream: Any = None
        self._last = -1

    def write(self, frame: np.ndarray, timestamp: float) -> None:
        """Adds a picture.

        Args:
            frame: uint8 RGB (H, W, 3), all of one size. A row or column too many for the codec, which
                wants even numbers, is left out.
            timestamp: Seconds, later than the last one's.

        Raises:
            InputError: The picture has another size than the first one.
        """
        import av

        height, width = (side - side % 2 for side in frame.shape[:2])
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=30)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
            self._stream.codec_context.time_base = Fraction(1, _TICKS)
        if (self._stream.width, self._stream.height) != (width, height):
            raise InputError(
                f"A frame of {width}×{height} pixels cannot follow one of {self._stream.width}×"
                f"{self._stream.height} in one video file; expected one size. Write to another file."
            )
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
        self._last = max(round(timestamp * _TICKS), self._last + 1)
        picture.pts, picture.time_base = self._last, Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(picture))

    def finish(self) -> None:
        """Writes what the codec still holds back."""
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))


@contextmanager
def video_writer(path: str | os.PathLike[str]) -> Iterator[VideoWriter]:
    """A writer whose file is there once the block ends, and not there when it fails.

    Args:
        path: Where to; the suffix chooses the kind. An existing file is replaced.

    Raises:
        InputError: See `video_path`; or the file cannot be written.
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as exc:
        raise MissingExtraError("av", "video", "writing video files") from exc
    target = video_path(path)
    beside = target.with_name(f".{target.stem}.{os.getpid()}.tmp{target.suffix}")
    try:
        with av.open(str(beside), "w") as container:
            writer = VideoWriter(container)
            yield writer
            writer.finish()
        beside.replace(target)
    except (OSError, av.error.FFmpegError) as exc:
        raise InputError(
            f"Cannot write {str(path)!r} ({exc}). Check the folder's rights and free space."
        ) from exc
    finally:
        beside.unlink(missing_ok=True)
