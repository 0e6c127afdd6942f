"""Images and frames of videos as the page shows them: JPEG, at most `LONGEST` pixels a side."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from model.evaluation.preference.items import Item
from molmo_act.errors import InputError
from molmo_act.io.image import to_rgb
from molmo_act.io.video_reader import FramesAt, video_duration

LONGEST = 1600
MOST_FRAMES = 8
"""Most frames of a video that are shown."""


@dataclass(frozen=True)
class ShownFrame:
    """One image, or one frame.

    Attributes:
        jpeg: The file.
        size: (width, height) of the original in pixels.
        seconds: When a frame is shown; None for an image.
    """

    jpeg: bytes
    size: tuple[int, int]
    seconds: float | None


@lru_cache(maxsize=8)  # a rater goes back and forth between neighbours
def frames_of(path: Path, times: tuple[float, ...] | None) -> tuple[ShownFrame, ...]:
    """Reads an image, or frames of a video.

    Args:
        path: The file.
        times: Seconds of the frames; None for an image.

    Returns:
        One image, or the frames in order.

    Raises:
        InputError: The file cannot be decoded.
    """
    if times is None:
        return (_shown(to_rgb(path), None),)
    return tuple(_shown(frame, at) for frame, at in zip(FramesAt(path, times), times, strict=True))


def shown_times(item: Item) -> tuple[float, ...] | None:
    """Chooses the frames that are shown of a video: those at which any answer points.

    They are the same for all answers, so that they do not tell whose answer is whose. Where they are too
    many, they are spread evenly; where no answer points, frames of the whole video are shown.

    Args:
        item: The question.

    Returns:
        Ascending seconds; None for an image.

    Raises:
        InputError: The video cannot be read.
    """
    if not item.is_video:
        return None
    end = video_duration(item.media)
    pointed = {min(max(0.0, at), end) for one in item.answers.values() for at, _, _ in one.points}
    times = sorted(pointed) or np.linspace(0, end, MOST_FRAMES, endpoint=False).tolist()
    chosen = np.linspace(0, len(times) - 1, min(MOST_FRAMES, len(times))).round().astype(int)
    return tuple(times[index] for index in dict.fromkeys(chosen.tolist()))


def placed_points(item: Item, model: str, frames: tuple[ShownFrame, ...]) -> list[list[float]]:
    """Where the points of an answer lie on what is shown.

    Args:
        item: The question.
        model: Whose answer.
        frames: What `frames_of` gave.

    Returns:
        [index of the frame, x, y, number], x and y as shares of width and height, numbers from 1 in the order
        of the answer. Points at a time whose frame is not shown are left out.
    """
    found = []
    for number, (seconds, x, y) in enumerate(item.answers[model].points, 1):
        distances = [0.0 if frame.seconds is None else abs(frame.seconds - seconds) for frame in frames]
        nearest = int(np.argmin(distances))
        beyond_the_end = nearest == len(frames) - 1 and seconds > (frames[-1].seconds or 0)
        if distances[nearest] < 1e-6 or beyond_the_end:
            width, height = frames[nearest].size
            found.append([nearest, x / width, y / height, number])
    return found


def _shown(image: np.ndarray, seconds: float | None) -> ShownFrame:
    picture = Image.fromarray(image)
    size = picture.size
    picture.thumbnail((LONGEST, LONGEST))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return ShownFrame(file.getvalue(), size, seconds)


def check_media(item: Item) -> str | None:
    """Says why what an item shows cannot be shown; None where it can."""
    try:
        frames_of(item.media, shown_times(item))
    except InputError as exc:
        return str(exc)
    return None
