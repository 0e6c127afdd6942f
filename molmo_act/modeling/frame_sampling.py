"""Chooses which frames of a video a model sees, by the released rule. Knows numbers, never pixels.

Evenly spaced at ``max_fps`` while that gives at most ``num_frames``, else ``num_frames`` spread over the
whole video; the last frame is always among them.
"""

from __future__ import annotations

import math

import numpy as np

from molmo_act.errors import InputError


def sample_frames(total: int, fps: float, *, num_frames: int, max_fps: float) -> np.ndarray:
    """Indices of the frames to take from a video that lies in memory.

    A video slower than ``max_fps`` repeats frames, as models have seen in training.

    Args:
        total: Frames there are.
        fps: Frames per second of the video.
        num_frames: Most frames to take.
        max_fps: Most frames to take per second.

    Returns:
        int64 (frames,), ascending.

    Raises:
        InputError: One of the numbers is not positive.

    Example:
        >>> sample_frames(60, 24.0, num_frames=384, max_fps=2).tolist()
        [0, 12, 24, 36, 48, 59]
    """
    need_positive(total=total, fps=fps, num_frames=num_frames, max_fps=max_fps)
    last = total - 1
    if total <= 2:
        return np.arange(total)
    if total / fps > (num_frames - 1) / max_fps:
        return np.linspace(0, last, min(num_frames, total)).astype(np.int64)
    indices = np.round(np.arange(0, last, fps / max_fps)).astype(np.int64)
    return indices if indices[-1] == last else np.append(indices, last)


def sample_times(duration: float, *, num_frames: int, max_fps: float) -> np.ndarray:
    """Seconds at which to take frames from a video that is decoded from a file.

    Args:
        duration: Length of the video in seconds.
        num_frames: Most frames to take.
        max_fps: Most frames to take per second.

    Returns:
        float64 (frames,), ascending, the last one being the duration.

    Raises:
        InputError: One of the numbers is not positive.

    Example:
        >>> sample_times(1.2, num_frames=384, max_fps=2).tolist()
        [0.0, 0.5, 1.0, 1.2]
    """
    need_positive(duration=duration, num_frames=num_frames, max_fps=max_fps)
    if (num_frames - 1) / max_fps < duration:
        return np.linspace(0, duration, num_frames)
    return np.append(np.arange(0, duration, 1 / max_fps), duration)


def check_span(start: float, end: float | None) -> float:
    """The end of a part of a video in seconds, infinite for None.

    Raises:
        InputError: It is no part: not 0 ≤ start < end.
    """
    if not (start >= 0 and math.isfinite(start) and (end is None or end > start)):
        raise InputError(f"start is {start} and end is {end}; expected 0 ≤ start < end, in seconds.")
    return math.inf if end is None else end


def within(length: float, start: float, end: float | None) -> float:
    """Seconds at which a part of a video ends that is so many seconds long.

    Raises:
        InputError: There is no such part, or the video ends before it.
    """
    last = min(check_span(start, end), length)
    if last < start:
        raise InputError(
            f"The video ends at {length:.2f} s, before start={start}; expected an earlier start."
        )
    return last


def need_positive(**numbers: float) -> None:
    """Refuses numbers of a video that are not above 0, by their names.

    Raises:
        InputError: One is not.
    """
    for name, number in numbers.items():
        if not number > 0 or not np.isfinite(number):
            raise InputError(f"{name} of the video is {number}; expected a positive number.")
