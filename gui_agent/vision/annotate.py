"""Marks on screenshots what an action hits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PIL import ImageDraw

if TYPE_CHECKING:
    from PIL import Image

MARK = (230, 0, 120)
RIM = (255, 255, 255)


def draw_crosses(image: Image.Image, places: Iterable[tuple[float, float]]) -> Image.Image:
    """Draws a cross around each place; the pixels of the place itself stay visible.

    Args:
        image: RGB; it is drawn on.
        places: (x, y) in pixels of the image, pixel centres at +0.5.

    Returns:
        The same image.
    """
    pen = ImageDraw.Draw(image)
    far = max(16, min(image.size) // 26)
    near = far // 2  # the marker of the point is seen between the four strokes, its label beside them
    for place in places:
        x, y = (int(value) for value in place)  # the pixel that covers the place
        for width, colour in ((5, RIM), (1, MARK)):
            for dx, dy in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
                pen.line((x + dx * near, y + dy * near, x + dx * far, y + dy * far), fill=colour, width=width)
    return image
