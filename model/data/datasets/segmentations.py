"""Segmentations of COCO's format as masks: polygons, and run lengths, compressed or not."""

from __future__ import annotations

from typing import Any

import numpy as np

from model.data.errors import SkippedRow
from molmo_act.errors import InputError
from molmo_act.outputs import rle


def to_mask(segmentation: Any, size: tuple[int, int]) -> np.ndarray:
    """Reads a segmentation of COCO's format.

    Args:
        segmentation: Polygons, or run lengths.
        size: (width, height) of the image in pixels.

    Returns:
        bool (H, W).

    Raises:
        SkippedRow: It is neither.
    """
    width, height = size
    try:
        if isinstance(segmentation, dict):
            counts = segmentation["counts"]
            if isinstance(counts, (str, bytes)):
                return rle.decode(counts, size)
            inside = np.arange(len(counts)) % 2 == 1
            return np.repeat(inside, counts).reshape(width, height).T
        mask = np.zeros((height, width), bool)
        for polygon in segmentation:
            mask |= _filled(np.array(polygon, np.float64).reshape(-1, 2), size)
        return mask
    except (InputError, KeyError, TypeError, ValueError):
        raise SkippedRow("mask cannot be read") from None


def _filled(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool (H, W): the pixels whose centres a polygon encloses."""
    x, y = (np.arange(side) + 0.5 for side in size)
    inside = np.zeros((size[1], size[0]), bool)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        rows = (y0 > y) != (y1 > y)
        crossed = x0 + (y[rows] - y0) * (x1 - x0) / ((y1 - y0) or 1.0)
        inside[rows] ^= x < crossed[:, None]
    return inside
