"""One point in an answer as text, as lmms-eval reads it for screens, and its rules of what is hit.

EvolvingLMMs-Lab/lmms-eval at 75571cf. A point with both values in 0..1 is taken for shares of the image, so
that the pixel (1, 1) is the bottom right corner there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

XY = tuple[float, float]

_VALUE = r"(-?\d+(?:\.\d+)?)\s*(%?)"
_BBOX = re.compile(r"<bbox>\s*(.*?)\s*</bbox>", re.DOTALL)
_PAIR = re.compile(rf"[\[(]\s*{_VALUE}(?:\s*,\s*|\s+){_VALUE}\s*[\])]")
_NAMED = re.compile(rf"\"?x\"?\s*[:=]\s*{_VALUE}\s*,?\s*\"?y\"?\s*[:=]\s*{_VALUE}", re.IGNORECASE)
_ANY = re.compile(_VALUE)


def read_point(text: str) -> XY | None:
    """Reads the point of an answer.

    Args:
        text: The answer.

    Returns:
        The centre of a ``<bbox>``; else the first pair in brackets; else ``x: … y: …``; else the first two
        numbers, the centre of the first four after the word "box". Per cent signs divide by 100. None without
        two numbers.
    """
    if box := _BBOX.search(text):
        numbers = _numbers(box.group(1))
        if len(numbers) >= 4:
            return _centre(numbers)
    for pattern in (_PAIR, _NAMED):
        if found := pattern.search(text):
            x, x_sign, y, y_sign = found.groups()
            return _value(x, x_sign), _value(y, y_sign)
    numbers = _numbers(text)
    if "box" in text.lower() and len(numbers) >= 4:
        return _centre(numbers)
    return (numbers[0], numbers[1]) if len(numbers) >= 2 else None


def _numbers(text: str) -> list[float]:
    return [_value(number, sign) for number, sign in _ANY.findall(text)]


def _value(number: str, sign: str) -> float:
    return float(number) / 100 if sign else float(number)


def _centre(numbers: Sequence[float]) -> XY:
    return (numbers[0] + numbers[2]) / 2, (numbers[1] + numbers[3]) / 2


def in_pixels(point: XY, width: float, height: float) -> XY:
    """Turns a point into pixels: shares of the image where both values are in 0..1, else pixels already."""
    x, y = point
    return (x * width, y * height) if 0 <= x <= 1 and 0 <= y <= 1 else point


def in_polygon(x: float, y: float, numbers: Sequence[float]) -> bool:
    """Tells whether a point lies in a polygon.

    Args:
        x: Pixels.
        y: Pixels.
        numbers: x0, y0, x1, y1, …; four are two corners of a box in any order, bounds included. An odd number
            of them, or fewer than three corners, hold nothing.
    """
    if len(numbers) == 4:
        (x0, x1), (y0, y1) = sorted((numbers[0], numbers[2])), sorted((numbers[1], numbers[3]))
        return x0 <= x <= x1 and y0 <= y <= y1
    if len(numbers) % 2 or len(numbers) < 6:
        return False
    corners = list(zip(numbers[::2], numbers[1::2], strict=True))
    within = False
    for (xi, yi), (xj, yj) in zip(corners, corners[-1:] + corners[:-1], strict=True):
        if (yi > y) != (yj > y) and x < (xj - xi) * (y - yi) / (yj - yi) + xi:
            within = not within
    return within
