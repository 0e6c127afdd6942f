"""Gives frames of a video file, all of them or those at given times, whatever its format."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from molmo_act.errors import InputError
from molmo_act.io.animation import animation_duration, animation_frame_count, decode_animation
from molmo_act.io.damage import Damage
from molmo_act.io.locations import FileSource, describe, locate
from molmo_act.io.media_kind import MediaKind, kind_of_file
from molmo_act.io.video_decoder import decode_raw, duration, frame_count, upright

# Times of frames are fractions in the file and floats here; a microsecond is no difference.
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class FramesAt:
    """The frames that a file shows at given times, decoded anew each time this is iterated over.

    Yields uint8 RGB (H, W, 3), upright, one per time, so that memory holds one frame and not the video.

    Attributes:
        source: Path of the file, or its content.
        times: Seconds since the first frame, ascending. After the end the last frame stays.
        damage: What could not be decoded where this was iterated over; the last frame before it stays.
    """

    source: FileSource
    times: tuple[float, ...]
    damage: Damage = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "damage", Damage(describe(self.source)))

    def __len__(self) -> int:
        return len(self.times)

    def __iter__(self) -> Iterator[np.ndarray]:
        shape: tuple[int, ...] | None = None
        for frame in self._frames():
            if shape not in (None, frame.shape):
                raise InputError(
                    f"The frames of {describe(self.source)} change their size; expected one size. Ask "
                    "about a part of it with start and end, or convert it."
                )
            shape = frame.shape
            yield frame

    def _frames(self) -> Iterator[np.ndarray]:
        waiting = deque(self.times)
        shown: Callable[[], np.ndarray] | None = None
        for time, frame in _timed_frames(self.source, self.damage):
            while shown is not None and waiting and waiting[0] < time - _TOLERANCE:
                waiting.popleft()
                yield shown()
            shown = frame
            if not waiting:
                return
        for _ in waiting:
            assert shown is not None
            yield shown()


def every_frame(source: FileSource, damage: Damage | None = None) -> Iterator[tuple[float, np.ndarray]]:
    """Decodes all frames of a file in the order in which they are shown, one at a time in memory.

    Args:
        source: Path of the file, or its content.
        damage: Takes down what cannot be decoded; what can be is given all the same.

    Yields:
        Seconds since the first frame, exactly as the file says them; and uint8 RGB (H, W, 3), upright. An
        animated image is shown at its own pace, a still one is a single frame.

    Raises:
        InputError: The file is missing, is not a video, or holds no frame that can be decoded.
        MissingExtraError: PyAV is not installed.
    """
    record = Damage(describe(source)) if damage is None else damage
    for time, frame in _timed_frames(source, record):
        yield time, frame()


def decode_pipe(path: Path, damage: Damage) -> Iterator[tuple[float, np.ndarray]]:
    """Decodes the frames that come out of a named pipe, in the order in which they are shown.

    Args:
        path: The pipe. Its format must be one that is read without going back: MPEG-TS, Matroska.
        damage: Takes down what cannot be decoded; what can be is given all the same.

    Yields:
        Seconds since the first frame; and uint8 RGB (H, W, 3), upright.

    Raises:
        InputError: What comes is not a video, or holds no frame that can be decoded.
        MissingExtraError: PyAV is not installed.
    """
    for time, frame in decode_raw(path, describe(path), damage):
        yield time, upright(frame)


def stated_frame_count(source: FileSource) -> int | None:
    """Reads the number of frames from the header of a file.

    Args:
        source: Path of the file, or its content.

    Returns:
        The number of frames; None where the file does not say.

    Raises:
        InputError: The file is missing or is not a video.
        MissingExtraError: PyAV is not installed.
    """
    place = _locate(source)
    return animation_frame_count(place) if _is_image(place) else frame_count(place, describe(source))


def video_duration(source: FileSource) -> float:
    """Measures a video from its first frame to the end of its last, by its header or else its packets.

    Args:
        source: Path of the file, or its content.

    Returns:
        Seconds.

    Raises:
        InputError: The file is missing, is not a video, or holds nothing.
        MissingExtraError: PyAV is not installed.
    """
    place, given = _locate(source), describe(source)
    return animation_duration(place, given) if _is_image(place) else duration(place, given)


def _timed_frames(source: FileSource, damage: Damage) -> Iterator[tuple[float, Callable[[], np.ndarray]]]:
    """Seconds since the first frame, and what gives its pixels: that takes time, and not all are wanted."""
    place, given = _locate(source), describe(source)
    if _is_image(place):
        for time, pixels in decode_animation(place, given, damage):
            yield time, partial(np.asarray, pixels)
    else:
        for time, frame in decode_raw(place, given, damage):
            yield time, partial(upright, frame)


def _locate(source: FileSource) -> Path | bytes:
    return locate(source, kind="video", expected="expected the path of a video file")


def _is_image(place: Path | bytes) -> bool:
    return kind_of_file(place) in (MediaKind.IMAGE, MediaKind.ANIMATION)
