"""Frames with their seconds, from a file, a folder of pictures or a list. Knows no model and no tracker."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from molmo_act.errors import InputError
from molmo_act.images import ImageInput, to_rgb
from molmo_act.modeling.frame_sampling import check_span
from molmo_act.modeling.video_file import every_frame, frame_count

logger = logging.getLogger(__name__)

VideoSource: TypeAlias = "str | os.PathLike[str] | Sequence[ImageInput] | np.ndarray"
"""A video: path of a file or of a folder of pictures; or pictures in order, RGB (T, H, W, 3) or a list."""

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".avif"})
DEFAULT_FPS = 30.0


def read_frames(
    video: VideoSource, *, fps: float = DEFAULT_FPS, start: float = 0.0, end: float | None = None
) -> Iterator[tuple[np.ndarray, float]]:
    """The frames of a video in order, one at a time in memory.

    Args:
        video: A video file (extra `video`), a folder of pictures in the natural order of their names, or
            pictures in order.
        fps: Pictures a second of a folder or a list. A file says itself when each frame is shown.
        start: Seconds; earlier frames are left out.
        end: Seconds; later frames are left out. None for all.

    Yields:
        uint8 RGB (H, W, 3), upright, and its seconds since the first frame of the video.

    Raises:
        ImageError: A picture cannot be read.
        InputError: There is no such video or no frame in it, it is damaged, or a number is out of range.
        MissingExtraError: PyAV is not installed.
    """
    if not (fps > 0 and math.isfinite(fps)):
        raise InputError(f"fps is {fps}; expected pictures a second, above 0.")
    return _between(_frames(video, fps), start, check_span(start, end))


def count_frames(video: VideoSource) -> int | None:
    """How many frames a video has, None where its file does not say.

    Raises:
        InputError: See `read_frames`.
    """
    if not isinstance(video, (str, os.PathLike)):
        return len(video)
    return len(pictures_in(Path(video))) if Path(video).is_dir() else frame_count(video)


def _frames(video: VideoSource, fps: float) -> Iterator[tuple[np.ndarray, float]]:
    if isinstance(video, (str, os.PathLike)) and not Path(video).is_dir():
        for time, frame in every_frame(video):
            yield frame, time
        return
    pictures = pictures_in(Path(video)) if isinstance(video, (str, os.PathLike)) else video
    if len(pictures) == 0:
        raise InputError("The video has no frame; expected at least one picture.")
    for index, picture in enumerate(pictures):
        yield to_rgb(picture), index / fps


def _between(
    frames: Iterator[tuple[np.ndarray, float]], start: float, end: float
) -> Iterator[tuple[np.ndarray, float]]:
    last = -math.inf
    for frame, time in frames:
        if time > end:
            return
        if time <= last:  # damaged or badly joined files
            logger.warning("A frame at %.3f s does not come after the one at %.3f s; left out.", time, last)
            continue
        last = time
        if time >= start:
            yield frame, time
    if last < start:
        raise InputError(f"The video ends at {last:.2f} s, before start={start}; expected an earlier start.")


def pictures_in(folder: Path) -> list[Path]:
    """Pictures of a folder in natural order: frame 10 comes after frame 9.

    Raises:
        InputError: There is none.
    """
    found = [path for path in folder.iterdir() if path.suffix.lower() in PICTURE_SUFFIXES and path.is_file()]
    if not found:
        raise InputError(
            f"The folder {str(folder)!r} holds no picture; expected files that end in "
            f"{', '.join(sorted(PICTURE_SUFFIXES))}."
        )
    return sorted(found, key=lambda path: [(part.isdigit(), int(part) if part.isdigit() else 0, part)
                                           for part in re.split(r"(\d+)", path.name)])  # fmt: skip
