"""Signs that stand alone, such as "=" on a key: too small for the network that finds lines, told by shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from molmo_act.reading.regions import CELL
from molmo_act.reading.text import Box, TextLine, Word

WIDEST, HIGHEST = 28, 26
"""Pixels of a sign at most."""
SURE = 0.9
"""Confidence of a sign that is told by its shape."""
TAKEN_FOR = {"-": "-一—–_~", "=": "=二三≡", ".": ".·。,、", "/": "/一1lI|丿ノ", "+": "+十t†"}
"""Sign: the characters that readers take it for."""
MOST_SIGNS = 64
"""Marks on a screen that are looked at; where there are more, they are drawings."""
_STEP = 48  # of 255, by which a mark differs from what is around it
_AROUND = 25  # pixels of that
_APART = (9, 9)  # rows and columns within which two marks are one
_FILLED, _EMPTY = 0.8, 0.2  # share of a part of a shape that is drawn


def lonely_marks(image: np.ndarray, cells: np.ndarray, lines: Sequence[TextLine]) -> list[Box]:
    """Finds small marks with nothing around them.

    Args:
        image: uint8 (H, W, 3), RGB.
        cells: bool (rows, columns), see `molmo_act.reading.regions`: where to look.
        lines: What was read there, at which no mark is looked for.

    Returns:
        Their boxes in whole pixels; none where there are more than `MOST_SIGNS`.
    """
    import cv2

    rows = np.flatnonzero(cells.any(axis=1))
    if not len(rows):
        return []
    top, bottom = int(rows[0]) * CELL, (int(rows[-1]) + 1) * CELL
    joined = cv2.dilate(_drawn(image[top:bottom]).astype(np.uint8), np.ones(_APART, np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    half_y, half_x = _APART[0] // 2, _APART[1] // 2
    marks = []
    for left, upper, wide, high in stats[1:, :4].tolist():
        x0, y0 = left + half_x, upper + half_y + top
        x1, y1 = x0 + wide - 2 * half_x, y0 + high - 2 * half_y
        if not (0 < x1 - x0 <= WIDEST and 0 < y1 - y0 <= HIGHEST) or max(x1 - x0, y1 - y0) < 2:
            continue
        box = float(x0), float(y0), float(x1), float(y1)
        if cells[y0 // CELL, x0 // CELL] and not any(_touch(box, line.box) for line in lines):
            marks.append(box)
    return marks if len(marks) <= MOST_SIGNS else []


def sign_at(image: np.ndarray, box: Box) -> str:
    """Tells a sign by its shape.

    Args:
        image: uint8 (H, W, 3), RGB.
        box: Around it, in pixels; what lies around it in the box does not matter.

    Returns:
        One of "-", "=", ".", "/", "+"; "" for anything else.
    """
    import cv2

    x0, y0, x1, y1 = (round(side) for side in box)
    reach = _AROUND // 2
    left, top = max(x0 - reach, 0), max(y0 - reach, 0)
    drawn = _drawn(image[top : y1 + reach, left : x1 + reach])[y0 - top : y1 - top, x0 - left : x1 - left]
    if not drawn.any():
        return ""
    ys, xs = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    shape = drawn[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
    count, _, stats, _ = cv2.connectedComponentsWithStats(shape.astype(np.uint8))
    parts = stats[1:count]
    if all(_is_bar(part) for part in parts) and len(parts) <= 2:
        return "-" if len(parts) == 1 else "=" if _are_even(*parts) else ""
    return _of_one(shape) if len(parts) == 1 else ""


def as_line(text: str, box: Box, confidence: float = SURE) -> TextLine:
    """Gives a sign as a line of its own."""
    return TextLine((Word(text, box, confidence),), box)


def _of_one(shape: np.ndarray) -> str:
    """The sign of one connected shape in its box, bool (H, W)."""
    high, wide = shape.shape
    share = shape.mean()
    if max(high, wide) <= 4 and abs(high - wide) <= 1 and share >= _FILLED:
        return "."
    if min(high, wide) < 4:
        return ""
    if abs(high - wide) <= 2 and _is_cross(shape):
        return "+"
    y, x = np.nonzero(shape)
    is_slanted = high >= 1.3 * wide and share <= 0.6 and np.corrcoef(x, y)[0, 1] <= -0.8
    return "/" if is_slanted else ""


def _is_cross(shape: np.ndarray) -> bool:
    """Whether the middle row and column are drawn, and the four corners are not, alike on all sides."""
    high, wide = shape.shape
    if min((shape == mirrored).mean() for mirrored in (shape[::-1], shape[:, ::-1])) < _FILLED:
        return False  # an arrow
    row, column = shape[high // 2 - 1 : high // 2 + 1], shape[:, wide // 2 - 1 : wide // 2 + 1]
    is_drawn = min(row.any(axis=0).mean(), column.any(axis=1).mean()) >= _FILLED
    y, x = max(1, high // 3), max(1, wide // 3)
    corners = (shape[:y, :x], shape[:y, -x:], shape[-y:, :x], shape[-y:, -x:])
    return is_drawn and max(float(corner.mean()) for corner in corners) <= _EMPTY


def _is_bar(part: np.ndarray) -> bool:
    """Whether a connected part, as OpenCV describes it, is a horizontal bar."""
    _, _, wide, high, area = part
    return bool(2.5 * high <= wide <= 12 * high and high <= 4 and area >= _FILLED * wide * high)


def _are_even(first: np.ndarray, second: np.ndarray) -> bool:
    return abs(int(first[0]) - int(second[0])) <= 1 and abs(int(first[2]) - int(second[2])) <= 1


def _drawn(image: np.ndarray) -> np.ndarray:
    """Where an image, uint8 (H, W, 3), differs from what is around: bool (H, W)."""
    import cv2

    gray = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY)
    around = cv2.blur(gray, (_AROUND, _AROUND))
    drawn: np.ndarray = cv2.absdiff(gray, around) > _STEP
    return drawn


def _touch(first: Box, second: Box) -> bool:
    return (
        first[0] < second[2] + 2
        and second[0] < first[2] + 2
        and first[1] < second[3] + 2
        and second[1] < first[3] + 2
    )
