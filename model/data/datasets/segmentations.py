"""Segmentations of COCO's format as masks: polygons, and run lengths, compressed or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.outputs import rle

MOST_PIXELS = 2**27
"""Of a mask; more is a damaged row."""


def to_mask(segmentation: Any, size: tuple[int, int]) -> np.ndarray:
    """Reads a segmentation of COCO's format.

    Args:
        segmentation: Polygons, or run lengths.
        size: (width, height) of the image in pixels.

    Returns:
        bool (H, W).

    Raises:
        SkippedRow: It is neither, or its run lengths are of a mask of another size.
    """
    width, height = size
    if min(size) < 1 or width * height > MOST_PIXELS:
        raise SkippedRow("mask has an impossible size")
    try:
        if isinstance(segmentation, Mapping):
            _check_size(segmentation.get("size"), size)
            counts = segmentation["counts"]
            if isinstance(counts, (str, bytes)):
                return rle.decode(counts, size)
            lengths = _whole(counts)
            if lengths.sum() != width * height:
                raise ValueError(f"run lengths are of {lengths.sum()} pixels")
            inside = np.arange(len(lengths)) % 2 == 1
            return np.repeat(inside, lengths).reshape(width, height).T
        mask = np.zeros((height, width), bool)
        for polygon in segmentation:
            mask |= _filled(_corners(polygon), size)
        return mask
    except SkippedRow:
        raise
    except (InputError, KeyError, TypeError, ValueError, OverflowError):
        raise SkippedRow("mask cannot be read") from None


def size_of(values: Mapping[str, Any]) -> tuple[int, int]:
    """Reads the size that run lengths or the list of images say.

    Args:
        values: Its ``size`` is [height, width] in pixels.

    Returns:
        (width, height).

    Raises:
        SkippedRow: There is none, or it is no size.
    """
    try:
        height, width = _whole(values["size"]).tolist()
    except (KeyError, TypeError, ValueError, OverflowError):
        raise SkippedRow("mask has no size in whole pixels") from None
    return width, height


def other_size(height: int, width: int) -> SkippedRow:
    """The reason to leave out a row whose mask does not fit its image."""
    return SkippedRow(f"mask has another size ({height} x {width}) than its image")


def _check_size(said: Any, size: tuple[int, int]) -> None:
    """Runs go down the columns, so that those of another size with as many pixels would be scrambled."""
    if said is None:
        return
    height, width = _whole(said).tolist()
    if (width, height) != size:
        raise other_size(height, width)


def _whole(values: Sequence[Any]) -> np.ndarray:
    """int64 (N,) of numbers that are whole and not negative, perhaps written as 100.0."""
    numbers = np.array(values, np.float64)
    within = (numbers >= 0) & (numbers < 2**31)
    if numbers.ndim != 1 or not within.all() or (numbers % 1 != 0).any():
        raise ValueError(f"{values!r} are no whole numbers")
    return numbers.astype(np.int64)


def _corners(polygon: Sequence[Any]) -> np.ndarray:
    """float64 (N, 2)."""
    corners = np.array(polygon, np.float64).reshape(-1, 2)
    if not np.isfinite(corners).all():
        raise ValueError("a corner is no number")
    return corners


def _filled(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool (H, W): the pixels whose centres a polygon encloses."""
    x, y = (np.arange(side) + 0.5 for side in size)
    inside = np.zeros((size[1], size[0]), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = (y0 > y) != (y1 > y)
        crossed = x0 + (y[rows] - y0) * (x1 - x0) / ((y1 - y0) or 1.0)
        inside[rows] ^= x < crossed[:, None]
    return inside
