"""Checks what a tracker of a stream is given: times, points, and pairs of frames and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from molmo_act.errors import InputError
from molmo_act.io.image import ImageInput
from molmo_act.validation import check_number, wrong

MOST_SECONDS = 1e12
"""Milliseconds since 1970 are above it, so that they are not taken for seconds."""


def check_seconds(timestamp: float) -> float:
    """Checks the time of a frame.

    Args:
        timestamp: Seconds.

    Returns:
        The same.

    Raises:
        InputError: It is no finite number, or far too large to be seconds.
    """
    return check_number(
        "The frame's timestamp", timestamp, least=-MOST_SECONDS, most=MOST_SECONDS, what="seconds"
    )


def check_xy(what: object) -> tuple[float, float]:
    """Checks a point that was given to be tracked.

    Args:
        what: Two numbers in a tuple, a list or an array.

    Returns:
        (x, y) in pixels.

    Raises:
        InputError: It is something else.
    """
    try:
        if not isinstance(what, (tuple, list, np.ndarray)):
            raise TypeError
        x, y = (check_number("a coordinate", value) for value in what)
    except (TypeError, ValueError) as exc:  # InputError is a ValueError
        raise InputError(f"Got {what!r} to track; expected words, or a point (x, y) in pixels.") from exc
    return x, y


def check_pairs(frames: Iterable[tuple[ImageInput, float]]) -> Iterator[tuple[ImageInput, float]]:
    """Checks the frames of a stream, one by one.

    Args:
        frames: Pairs of a frame and its seconds.

    Yields:
        The pairs.

    Raises:
        InputError: They are something else, or an element is no pair.
    """
    expected = "pairs of a frame and its timestamp in seconds, as molmo_act.io.frames.read_frames gives them"
    if isinstance(frames, (str, bytes, np.ndarray)) or not isinstance(frames, Iterable):
        raise wrong("frames", frames, expected)
    for pair in frames:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise wrong("An element of frames", pair, expected)
        yield pair[0], pair[1]
