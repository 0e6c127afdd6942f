"""Flat areas of a screen: connected pixels of one colour, or of colours that change smoothly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from molmo_act.reading.text import Box

STEP = 2
"""Most that a channel differs, of 255, between neighbouring pixels of one area."""
LINE = 4
"""Pixels of height up to which an area is a line."""
_LEAST, _LEAST_LINE, _MOST = 0.3, 3.0, 9.0  # sides of areas that are kept, in heights of a label
_LEAST_FILLED = 0.25  # of the box
_LEAST_PIXELS = 4


@dataclass(frozen=True)
class Area:
    """An area and the shape of its edge.

    Attributes:
        box: The box around it, in pixels.
        level: Share of the upper or the lower edge of the box that belongs to it, of the one with less.
        upright: The same of the left and the right edge.
        filled: Share of the box that belongs to it.
    """

    box: Box
    level: float
    upright: float
    filled: float

    @property
    def width(self) -> float:
        """Pixels."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """Pixels."""
        return self.box[3] - self.box[1]


def flat_areas(pixels: np.ndarray, unit: float) -> list[Area]:
    """Finds the areas that may be fields, boxes to tick, or lines.

    Args:
        pixels: uint8 (H, W, 3).
        unit: Height in pixels of the label that something is looked for beside.

    Returns:
        Areas that are not much smaller or larger than controls beside such a label.
    """
    import cv2

    if min(pixels.shape[:2]) < 2:
        return []
    _, numbers, stats, _ = cv2.connectedComponentsWithStats(_links(pixels), connectivity=4)
    left, top, wide, high = (stats[:, column] for column in range(4))
    x0, y0, x1, y1 = left // 2, top // 2, (left + wide + 1) // 2, (top + high + 1) // 2
    width, height = x1 - x0, y1 - y0
    least = max(_LEAST * unit, _LEAST_PIXELS)
    body = (width >= least) & (height >= least) & (height <= _MOST * unit)
    line = (height <= LINE) & (width >= _LEAST_LINE * unit)
    numbers = numbers[::2, ::2]  # of the pixels alone
    sizes = np.bincount(numbers.ravel(), minlength=len(stats))
    filled = sizes / np.maximum(width * height, 1)
    chosen = np.flatnonzero((body | line) & (filled >= _LEAST_FILLED))
    return [
        _area(
            numbers,
            int(number),
            (int(x0[number]), int(y0[number]), int(x1[number]), int(y1[number])),
            int(sizes[number]),
        )
        for number in chosen
        if number  # 0 is what links nothing
    ]


def _links(pixels: np.ndarray) -> np.ndarray:
    """A grid with the pixels at even places, and between two of them whether they are alike."""
    height, width = pixels.shape[:2]
    grid = np.zeros((2 * height - 1, 2 * width - 1), np.uint8)
    grid[::2, ::2] = 1
    grid[::2, 1::2] = _alike(pixels[:, 1:], pixels[:, :-1])
    grid[1::2, ::2] = _alike(pixels[1:], pixels[:-1])
    return grid


def _alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    import cv2

    apart = cv2.absdiff(np.ascontiguousarray(first), np.ascontiguousarray(second)) <= STEP
    alike: np.ndarray = apart[:, :, 0] & apart[:, :, 1] & apart[:, :, 2]
    return alike


def _area(numbers: np.ndarray, number: int, box: tuple[int, int, int, int], size: int) -> Area:
    x0, y0, x1, y1 = box
    rows, columns = numbers[[y0, y1 - 1], x0:x1], numbers[y0:y1, [x0, x1 - 1]]
    return Area(
        (float(x0), float(y0), float(x1), float(y1)),
        float((rows == number).mean(axis=1).min()),
        float((columns == number).mean(axis=0).min()),
        float(size / ((x1 - x0) * (y1 - y0))),
    )
