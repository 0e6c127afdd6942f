"""Renders a camera image of coloured shapes on a table, and says where each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = (320, 240)
SMOOTHING = 4  # times larger while it is drawn


@dataclass(frozen=True)
class Thing:
    """A shape on the table.

    Attributes:
        name: What it is called, colour first.
        colour: RGB, 0 to 255.
        centre: (x, y) in pixels of the image, origin top-left.
        radius: Half its size in pixels.
        corners: Of its outline, evenly spread on a circle; many make it round.
    """

    name: str
    colour: tuple[int, int, int]
    centre: tuple[int, int]
    radius: int
    corners: int

    def outline(self) -> Iterator[tuple[float, float]]:
        """Its corners in pixels of the image; a square stands on a side, a triangle too."""
        turn = np.pi / 4 if self.corners == 4 else -np.pi / 2
        for angle in turn + 2 * np.pi * np.arange(self.corners) / self.corners:
            yield self.centre[0] + self.radius * np.cos(angle), self.centre[1] + self.radius * np.sin(angle)

    def holds(self, x: float, y: float) -> bool:
        """Whether a pixel lies on it."""
        mask = Image.new("1", SIZE)
        ImageDraw.Draw(mask).polygon(list(self.outline()), fill=1)
        return 0 <= x < SIZE[0] and 0 <= y < SIZE[1] and bool(mask.getpixel((int(x), int(y))))


THINGS = (
    Thing("red circle", (215, 35, 40), (82, 75), 28, 72),
    Thing("blue square", (35, 80, 215), (235, 72), 30, 4),
    Thing("green triangle", (40, 160, 60), (95, 175), 33, 3),
    Thing("yellow hexagon", (250, 215, 30), (215, 172), 28, 6),
)


def render(seed: int = 0) -> Image.Image:
    """The table as a camera sees it: RGB, 320 × 240, light from above, soft shadows, sensor noise.

    Args:
        seed: Of the noise.
    """
    width, height = SIZE
    light = np.linspace(205, 165, height)[:, None, None] * np.array([1.0, 0.97, 0.92])
    table = Image.fromarray(np.broadcast_to(light, (height, width, 3)).astype(np.uint8))
    for thing in THINGS:
        shadow = _cut_out(thing).transform(SIZE, Image.Transform.AFFINE, (1, 0, -3, 0, 1, -4))
        shadow = shadow.filter(ImageFilter.GaussianBlur(3)).point(lambda value: value // 3)
        table.paste((20, 20, 25), mask=shadow)
        table.paste(thing.colour, mask=_cut_out(thing))
    noise = np.random.default_rng(seed).normal(0, 3, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(table) + noise, 0, 255).astype(np.uint8))


def _cut_out(thing: Thing) -> Image.Image:
    """Its shape with smooth edges: 8-bit grey, 255 inside."""
    large = Image.new("L", (SIZE[0] * SMOOTHING, SIZE[1] * SMOOTHING))
    outline = [(x * SMOOTHING, y * SMOOTHING) for x, y in thing.outline()]
    ImageDraw.Draw(large).polygon(outline, fill=255)
    return large.resize(SIZE, Image.Resampling.BOX)
