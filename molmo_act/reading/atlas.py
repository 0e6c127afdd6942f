"""Atlas: rectangles of an image packed closely into canvases, so that blank parts are not computed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from molmo_act.reading.text import Box

WIDTH = 1280
"""Width of a canvas in pixels, unless a single rectangle is wider."""
AREA = 1920 * 1216
"""Most pixels of a canvas, a matter of memory."""
TILE = 1536, 1216
"""Width and height in pixels above which a rectangle is cut into tiles."""
SEAM = 64
"""Pixels that tiles of one rectangle share, so that one of them shows each line whole or its beginning."""
_GAP = 8
_FILL = 127
_STRIDE = 32  # the network halves its input five times


@dataclass
class Placed:
    """A rectangle of the image on a canvas.

    Attributes:
        source: Where it is in the image, in pixels.
        at: (x, y) of its corner on the canvas.
        scale: Pixels of the canvas for each pixel of the image.
    """

    source: Box
    at: tuple[int, int]
    scale: float

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) on the canvas."""
        x0, y0, x1, y1 = self.source
        return max(1, round((x1 - x0) * self.scale)), max(1, round((y1 - y0) * self.scale))

    def to_image(self, xy: np.ndarray) -> np.ndarray:
        """Converts places (N, 2) on the canvas to pixels of the image."""
        found: np.ndarray = (xy - np.asarray(self.at)) / self.scale + np.asarray(self.source[:2])
        return found

    def holds(self, x: float, y: float) -> bool:
        """Tells whether a place of the canvas lies in it."""
        (left, top), (wide, high) = self.at, self.size
        return left <= x < left + wide and top <= y < top + high


@dataclass
class Canvas:
    """Where the rectangles of one canvas lie.

    Attributes:
        width: Pixels.
        height: Pixels.
        placed: Its rectangles.
    """

    width: int
    height: int = 0
    placed: list[Placed] = field(default_factory=list)

    def draw(self, image: np.ndarray) -> np.ndarray:
        """Copies the rectangles out of the image.

        Args:
            image: uint8 (H, W, 3).

        Returns:
            uint8 (height, width, 3), both multiples of what the network needs.
        """
        import cv2

        high, wide = -(-self.height // _STRIDE) * _STRIDE, -(-self.width // _STRIDE) * _STRIDE
        pixels = np.full((high, wide, 3), _FILL, np.uint8)
        for part in self.placed:
            x0, y0, x1, y1 = (int(side) for side in part.source)
            crop = image[y0:y1, x0:x1]
            if part.scale != 1:
                how = cv2.INTER_CUBIC if part.scale > 1 else cv2.INTER_AREA
                crop = cv2.resize(crop, part.size, interpolation=how)
            (left, top), (width, height) = part.at, part.size
            pixels[top : top + height, left : left + width] = crop
        return pixels


def packed(rectangles: Iterable[Box], scale: float = 1.0) -> list[Canvas]:
    """Arranges rectangles on canvases, the highest first, on shelves from left to right.

    Args:
        rectangles: Parts of the image in whole pixels.
        scale: Pixels of the canvas for each pixel of the image.

    Returns:
        The canvases, each with at most `AREA` pixels.
    """
    parts = [Placed(tile, (0, 0), scale) for box in rectangles for tile in _tiles(box, scale)]
    parts.sort(key=lambda part: -part.size[1])
    if not parts:
        return []
    # a few small rectangles need no wide canvas; a square one leaves the least empty
    area = sum((part.size[0] + _GAP) * (part.size[1] + _GAP) for part in parts)
    width = max(min(WIDTH, int(1.1 * area**0.5)), max(part.size[0] for part in parts))
    canvases = [Canvas(width)]
    x = shelf = 0
    for part in parts:
        wide, high = part.size
        if x + wide > width:  # next shelf
            x, shelf = 0, canvases[-1].height + _GAP
        if shelf and (shelf + high) * width > AREA:
            canvases.append(Canvas(width))
            x = shelf = 0
        canvas = canvases[-1]
        part.at = x, shelf
        canvas.placed.append(part)
        canvas.height = max(canvas.height, shelf + high)
        x += wide + _GAP
    return canvases


def _tiles(box: Box, scale: float) -> Iterator[Box]:
    """Cuts a rectangle that is too large for a canvas into tiles that share `SEAM` pixels."""
    x0, y0, x1, y1 = box
    for top, bottom in _cuts(y0, y1, TILE[1] / scale, SEAM / scale):
        for left, right in _cuts(x0, x1, TILE[0] / scale, SEAM / scale):
            yield left, top, right, bottom


def _cuts(first: float, last: float, most: float, shared: float) -> list[tuple[float, float]]:
    if last - first <= most:
        return [(first, last)]
    count = int(np.ceil((last - first - shared) / (most - shared)))
    step = (last - first - shared) / count
    return [
        (float(int(first + number * step)), float(min(int(first + (number + 1) * step + shared), int(last))))
        for number in range(count)
    ]
