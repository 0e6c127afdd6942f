"""Joins what the seam between two tiles has cut: parts of one line are one line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from molmo_act.reading.detection import TextBox
from molmo_act.reading.text import Box, overlap, union

_SAME_ROW = 0.6  # of the lower box's height


def joined_at_seams(boxes: Sequence[TextBox]) -> list[TextBox]:
    """Joins upright boxes that overlap in one row; a network marks no place twice, but two tiles do.

    Args:
        boxes: Lines of text of all tiles, in pixels of the image.

    Returns:
        Boxes of which no two upright ones overlap in one row.
    """
    upright = [box.bounds for box in boxes if not box.tilted]
    done = False
    while not done:
        done = True
        kept: list[Box] = []
        for box in upright:
            for index, other in enumerate(kept):
                if _one_line(box, other):
                    kept[index] = union(box, other)
                    done = False
                    break
            else:
                kept.append(box)
        upright = kept
    return [_text_box(box) for box in upright] + [box for box in boxes if box.tilted]


def _one_line(first: Box, second: Box) -> bool:
    shared = min(first[3], second[3]) - max(first[1], second[1])
    lower = min(first[3] - first[1], second[3] - second[1])
    higher = max(first[3] - first[1], second[3] - second[1])
    return overlap(first, second) > 0 and shared >= _SAME_ROW * lower and higher <= 2 * lower


def _text_box(box: Box) -> TextBox:
    x0, y0, x1, y1 = box
    return TextBox(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32), False)
