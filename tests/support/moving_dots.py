"""Rendered frames of dots that move over a textured ground, with the exact position of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from molmo_act import Points

SIZE = (320, 240)  # width, height
FPS = 30.0
RED, GREEN, BLUE = (210, 40, 30), (30, 160, 60), (40, 70, 200)


def _ground() -> np.ndarray:
    noise = np.random.default_rng(7).integers(60, 200, (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (9, 9), 3)


GROUND = _ground()


@dataclass(frozen=True)
class Dot:
    """A disc of one colour; `path` gives its centre (x, y) in pixels at a time in seconds."""

    name: str
    colour: tuple[int, int, int]
    path: Callable[[float], tuple[float, float]]
    radius: float = 12.0

    def at(self, time: float) -> np.ndarray:
        return np.array(self.path(time))

    def inside(self, time: float) -> bool:
        x, y = self.path(time)
        return 0 <= x < SIZE[0] and 0 <= y < SIZE[1]


def draw(dots: list[Dot], time: float, *, wall: tuple[int, int] | None = None) -> np.ndarray:
    """uint8 RGB (H, W, 3); a wall hides the columns from its first number to its second."""
    frame = GROUND.copy()
    for dot in dots:
        x, y = (round((value - 0.5) * 16) for value in dot.path(time))
        cv2.circle(frame, (x, y), round(dot.radius * 16), dot.colour, -1, cv2.LINE_AA, shift=4)
    if wall is not None:
        frame[:, wall[0] : wall[1]] = (128, 120, 112)
        frame[::8, wall[0] : wall[1]] = (90, 80, 80)
    return frame


class Pointer:
    """Points at the dots by their colour in the image it is given, as a perfect model would."""

    def __init__(self, dots: list[Dot]) -> None:
        self.colours = {dot.name: dot.colour for dot in dots}
        self.calls: list[list[str]] = []

    def __call__(self, image: np.ndarray, queries: list[str]) -> list[Points]:
        self.calls.append(queries)
        return [self._point(image, query) for query in queries]

    def _point(self, image: np.ndarray, query: str) -> Points:
        away = np.abs(image.astype(int) - self.colours.get(query, (-999, -999, -999))).max(axis=2)
        count, _, stats, centres = cv2.connectedComponentsWithStats((away < 12).astype(np.uint8))
        real = [part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] > 60]
        xy = centres[real] + 0.5
        size = [(image.shape[1], image.shape[0])]
        return Points(xy=xy, score=np.full(len(xy), 0.8), image_size=size, query=query)
