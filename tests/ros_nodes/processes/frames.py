"""Test images that say where, what and when: a coloured spot, a number and a clock."""

from __future__ import annotations

import time

import numpy as np

SPOT = 9  # pixels
RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}
WIDTH, HEIGHT = 640, 480


def draw(
    spots: dict[str, tuple[int, int]], number: int, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> np.ndarray:
    """uint8 RGB (height, width, 3): grey, with SPOT × SPOT pixels of a colour around each given pixel.

    The first 16 bytes hold the monotonic clock in nanoseconds, which all processes share, and ``number``.
    """
    rgb = np.full((size[1], size[0], 3), 90, np.uint8)
    for colour, (x, y) in spots.items():
        half = SPOT // 2
        rgb[y - half : y + half + 1, x - half : x + half + 1] = RGB[colour]
    rgb.reshape(-1)[:16] = np.array([time.monotonic_ns(), number], np.int64).view(np.uint8)
    return rgb


def find(rgb: np.ndarray, colour: str) -> tuple[np.ndarray, float]:
    """Centre (1, 2) of what is nearly of that colour, pixel centres at +0.5, and its share of a spot."""
    near = np.abs(rgb[1:].astype(np.int16) - RGB[colour]).max(axis=2) < 100
    rows, columns = np.nonzero(near)
    if not len(rows):
        return np.empty((0, 2)), 0.0
    return np.array([[columns.mean() + 0.5, rows.mean() + 1.5]]), min(1.0, len(rows) / SPOT**2)


def read_clock(rgb: np.ndarray) -> tuple[float, int]:
    """Age of the image in milliseconds, and its number."""
    then, number = np.ascontiguousarray(rgb).reshape(-1)[:16].view(np.int64)
    return (time.monotonic_ns() - int(then)) / 1e6, int(number)
