"""Reads images that are masks: of one object, or of objects by their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from model.data.errors import SkippedRow
from molmo_act.errors import ImageError
from molmo_act.io.image import MAX_PIXELS
from molmo_act.io.image_file import read_image_file

_NUMBERS = ("I", "I;16", "I;16L", "I;16B", "I;16N", "F")
"""Modes of one channel that hold more than 8 bits."""
_WIDE_COLOURS = {(16, 2), (16, 4), (16, 6)}
"""Bits and type of colour in the header of a PNG whose lower bits Pillow drops."""


def read_mask_image(path: Path) -> np.ndarray:
    """Reads the mask of one object.

    Args:
        path: An image of any mode and depth. Pixels that are neither black nor transparent belong to the
            object. Where the pixels that are not transparent have one colour, they all belong to it.

    Returns:
        bool (H, W).

    Raises:
        SkippedRow: It is missing, or cannot be read.
    """
    image = _read(path)
    colours, opaque = _channels(image)
    if opaque is not None and not opaque.all():
        shown = colours[opaque]
        return opaque if (shown == shown[:1]).all() else (colours != 0).any(axis=2) & opaque
    if image.mode == "P" and (colours == colours[0, 0]).all():  # a palette that was never filled in
        return np.asarray(image) != 0
    inside: np.ndarray = (colours != 0).any(axis=2)
    return inside


def read_object_numbers(path: Path) -> np.ndarray:
    """Reads an image whose pixels are numbers of objects, 0 for none.

    Args:
        path: An image with a palette, whose indices are the numbers, or grey, of any depth.

    Returns:
        Numbers (H, W).

    Raises:
        SkippedRow: It is missing, cannot be read, or has colours, which are no numbers.
    """
    image = _read(path)
    if image.mode == "P":
        return np.asarray(image)
    colours, opaque = _channels(image)
    if opaque is not None:
        colours = np.where(opaque[:, :, None], colours, 0)
    if (colours != colours[:, :, :1]).any():
        raise SkippedRow("mask holds colours; expected numbers of objects, as a palette's indices or grey")
    numbers: np.ndarray = colours[:, :, 0]
    return numbers


def _read(path: Path) -> Image.Image:
    try:
        content = path.read_bytes()
        image = read_image_file(content, path.name, MAX_PIXELS)
    except OSError:
        raise SkippedRow("mask is missing") from None
    except ImageError as exc:
        raise SkippedRow("mask cannot be read") from exc
    if content.startswith(b"\x89PNG") and tuple(content[24:26]) in _WIDE_COLOURS:
        raise SkippedRow("mask has 16 bits per channel; expected 8, or one channel")
    return image


def _channels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours or grey (H, W, C), and where they are not transparent, bool (H, W); None for everywhere."""
    if image.mode in _NUMBERS:
        grey = np.nan_to_num(np.asarray(image))
        clear = image.info.get("transparency")
        return grey[:, :, None], grey != clear if isinstance(clear, int) else None
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        return pixels[:, :, :3], pixels[:, :, 3] > 0
    return np.asarray(image.convert("RGB")), None
