"""Frames with their seconds, from a file, a folder of pictures or a list. Knows no model and no tracker."""

from __future__ import annotations

import logging
import math
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias, TypeGuard

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
    return frame_count(video) if _is_file(video) else len(pictures_of(video))


def _frames(video: VideoSource, fps: float) -> Iterator[tuple[np.ndarray, float]]:
    if _is_file(video):
        for time, frame in every_frame(video):
            yield frame, time
        return
    for index, picture in enumerate(pictures_of(video)):
        yield to_rgb(picture), index / fps


def _is_file(video: VideoSource) -> TypeGuard[str | os.PathLike[str]]:
    return isinstance(video, (str, os.PathLike)) and not Path(video).is_dir()


def _between(
    frames: Iterator[tuple[np.ndarray, float]], start: float, end: float
) -> Iterator[tuple[np.ndarray, float]]:
    last, left_out = -math.inf, 0
    for frame, time in frames:
        if time > end:
            last = time
            break
        if time <= last:  # damaged or badly joined files, of which half may be so
            if not left_out:
                logger.warning("A frame at %.3f s does not come after that at %.3f s; left out.", time, last)
            left_out += 1
            continue
        last = time
        if time >= start:
            yield frame, time
    if left_out > 1:
        logger.warning("%d frames of the video go back in time and were left out.", left_out)
    if last < start:
        raise InputError(f"The video ends at {last:.2f} s, before start={start}; expected an earlier start.")


def pictures_of(video: VideoSource) -> Sequence[ImageInput] | np.ndarray:
    """The pictures of a folder, as paths, or those that were given.

    Raises:
        InputError: There is none, or the video is of another kind.
    """
    if isinstance(video, (str, os.PathLike)):
        return pictures_in(Path(video))
    if isinstance(video, bytes) or not hasattr(video, "__getitem__"):
        raise InputError(
            f"The video is a {type(video).__name__}; expected the path of a file or of a folder of pictures, "
            "or pictures in a list or an array. Frames that come one by one go to tracker().follow()."
        )
    shape = getattr(video, "shape", None)  # of an array or a tensor
    if shape is not None and len(shape) != 4:
        raise InputError(
            f"The video is an array of shape {tuple(shape)}; expected RGB pictures (T, height, width, 3)."
        )
    if len(video) == 0:
        raise InputError("The video has no frame; expected at least one picture.")
    return video


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
