"""Reads animated images (GIF, WebP, PNG, AVIF) as videos, and still ones as videos of one frame."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

from molmo_act.errors import ImageError
from molmo_act.io.cut_files import is_cut_off
from molmo_act.io.damage import Damage
from molmo_act.io.image import MAX_PIXELS, load_image, to_rgb
from molmo_act.io.image_file import check_size, open_image_file, undecodable, without_warnings
from molmo_act.io.locations import describe
from molmo_act.io.webp_chunks import without_torn_frame

_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")  # the frames of other formats are pages or views, not moments
_DEFAULT_LENGTH = 0.1  # seconds, as browsers show a frame whose file says none


def is_animation(image: Image.Image) -> bool:
    """Tells whether an image moves.

    Args:
        image: As Pillow opened it.

    Returns:
        Whether it has several frames that are shown one after the other.
    """
    return image.format in _ANIMATED and bool(getattr(image, "is_animated", False))


def decode_animation(source: Path | bytes, given: str, damage: Damage) -> Iterator[tuple[float, np.ndarray]]:
    """Decodes the frames of an image in order, one at a time in memory.

    Args:
        source: Path of the file, or its content.
        given: How messages name it.
        damage: Takes down that frames at the end cannot be decoded.

    Yields:
        Seconds since the first frame; and uint8 RGB (H, W, 3).

    Raises:
        ImageError: It cannot be opened, or its first frame cannot be decoded.
    """
    for time, _, pixels in _frames(source, given, damage):
        yield time, pixels


def animation_duration(source: Path | bytes, given: str) -> float:
    """Measures for how long the frames of an image are shown together; a still one for 0.1 s.

    Args:
        source: Path of the file, or its content.
        given: How messages name it.

    Returns:
        Seconds.

    Raises:
        ImageError: See `decode_animation`.
    """
    return [time + length for time, length, _ in _frames(source, given, Damage(given))][-1]


def animation_frame_count(source: Path | bytes) -> int:
    """Counts the frames of an image without decoding them.

    Args:
        source: Path of the file, or its content.

    Returns:
        Their number; of a file that is cut off, of those that are left.

    Raises:
        ImageError: It cannot be opened.
    """
    with _opened(source, describe(source), None) as image:
        frames = int(getattr(image, "n_frames", 1)) if is_animation(image) else 1
        return frames - _first(image)


def _frames(source: Path | bytes, given: str, damage: Damage) -> Iterator[tuple[float, float, np.ndarray]]:
    """Each frame with its time and the seconds for which it is shown."""
    with _opened(source, given, damage) as image:
        if not is_animation(image):
            yield 0.0, _DEFAULT_LENGTH, load_image(source)
            return
        check_size(given, *image.size, MAX_PIXELS)
        first, time = _first(image), 0.0
        for index in count(first):
            try:
                pixels, length = without_warnings(partial(_frame, image, index))
            except EOFError:
                if not _is_whole(source, image, index):
                    damage.add(f"its frames end at {time:.2f} s, and its end is missing")
                break
            except Exception as exc:  # as above
                if index == first:
                    raise ImageError(undecodable(given, exc)) from exc
                damage.add(f"its frames from {time:.2f} s on cannot be decoded ({exc})")
                break
            yield time, length, pixels
            time += length
        if not damage and is_cut_off(source):
            damage.add(f"its frames end at {time:.2f} s, and its end is missing")


def _opened(source: Path | bytes, given: str, damage: Damage | None) -> Image.Image:
    try:
        return without_warnings(lambda: open_image_file(source))
    except Exception as exc:  # decoders fail on damaged data with nearly every type of exception
        left = without_torn_frame(source if isinstance(source, bytes) else source.read_bytes())
        if left is None:
            raise ImageError(undecodable(given, exc)) from exc
    image = _opened(left, given, damage)
    if damage is not None:
        damage.add("its end is missing")
    return image


def _first(image: Image.Image) -> int:
    """Number of the first frame that is shown; an animated PNG may begin with an image for other viewers."""
    return int(bool(getattr(image, "default_image", False)))


def _is_whole(source: Path | bytes, image: Image.Image, frames: int) -> bool:
    """Whether the frames that were read are all: GIF ends with a mark, others begin with their number."""
    if image.format != "GIF":
        return frames >= int(getattr(image, "n_frames", 0))
    content = source if isinstance(source, bytes) else source.read_bytes()
    return content.rstrip(b"\0").endswith(b";")


def _frame(image: Image.Image, index: int) -> tuple[np.ndarray, float]:
    """The pixels of a frame, and the seconds for which it is shown."""
    image.seek(index)
    image.load()
    milliseconds = image.info.get("duration") or 0
    return to_rgb(image.copy()), milliseconds / 1000 if milliseconds > 0 else _DEFAULT_LENGTH
