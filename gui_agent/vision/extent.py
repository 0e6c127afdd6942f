"""Tells how far what is at a place extends, by the colour around it; a model gives a point, and no edges."""

from __future__ import annotations

import numpy as np

from gui_agent.geometry import Area
from gui_agent.vision.screenshot import Screenshot

REACH = 400
"""Pixels to each side in which edges are looked for."""
AROUND = 8
"""Pixels to each side of the place; the commonest colour of them is that of the thing, not of its text."""
NOISE = 12  # of 255; what differs less is a gradient of the same colour
LARGEST = 0.5  # of the screenshot: what is larger is a background, and no thing on it
SMALLEST = 4  # pixels


def extent_at(shot: Screenshot, pixel: tuple[float, float]) -> Area | None:
    """Finds the box around a place that has one colour but for what is written or drawn on it.

    Args:
        shot: What the screen shows.
        pixel: The place (x, y) in pixels of the screenshot, pixel centres at +0.5.

    Returns:
        The box in input points; None where no edges can be told, as for text on a plain page.
    """
    height, width = shot.bgrx.shape[:2]
    x, y = min(max(int(pixel[0]), 0), width - 1), min(max(int(pixel[1]), 0), height - 1)
    left, top = max(0, x - REACH), max(0, y - REACH)
    part = shot.bgrx[top : y + REACH + 1, left : x + REACH + 1, :3]
    near = part[_around(y - top), _around(x - left)]
    colours, counts = np.unique(near.reshape(-1, 3), axis=0, return_counts=True)
    colour = colours[counts.argmax()].astype(int)
    same = (np.abs(part.astype(int) - colour) <= NOISE).all(axis=-1)
    first_row, last_row, first, last = _box_around(same, y - top, x - left)
    reaches_out = (first == 0 < left) or (first_row == 0 < top)
    reaches_out |= left + last == x + REACH < width - 1 or top + last_row == y + REACH < height - 1
    rows, columns = last_row - first_row + 1, last - first + 1
    if reaches_out or rows * columns > LARGEST * width * height or min(rows, columns) < SMALLEST:
        return None
    return shot.crop_pixels(left + first, top + first_row, left + last + 1, top + last_row + 1).view.area


def _around(place: int) -> slice:
    return slice(max(0, place - AROUND), place + AROUND + 1)


def _box_around(same: np.ndarray, row: int, column: int) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the part of a mask that is next to a place."""
    seeds = np.argwhere(same[_around(row), _around(column)])
    seeds += [_around(row).start, _around(column).start]
    start = seeds[np.abs(seeds - [row, column]).sum(axis=1).argmin()]
    reached = np.zeros_like(same)
    reached[tuple(start)] = True
    while True:  # whole runs of rows, then of columns, at a time: a few rounds for what people draw
        before = np.count_nonzero(reached)
        for mask, seen in ((same, reached), (same.T, reached.T)):
            _spread_along_rows(mask, seen)
        if np.count_nonzero(reached) == before:
            break
    rows, columns = np.flatnonzero(reached.any(axis=1)), np.flatnonzero(reached.any(axis=0))
    return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])


def _spread_along_rows(mask: np.ndarray, seen: np.ndarray) -> None:
    """Marks every run of a row of the mask in which a pixel is seen."""
    padded = np.pad(mask, ((0, 0), (1, 1)))
    runs = np.cumsum(padded[:, 1:] != padded[:, :-1], axis=1)[:, :-1]  # its number, within its row
    number = runs + np.arange(len(mask))[:, None] * (mask.shape[1] + 2)
    touched = np.zeros(number.max() + 1, bool)
    touched[number[seen]] = True
    seen |= mask & touched[number]
