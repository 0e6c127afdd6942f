"""Parts of a line in two tiles become one box; neighbours stay."""

from __future__ import annotations

import numpy as np

from molmo_act.reading.detection import TextBox
from molmo_act.reading.seams import joined_at_seams


def box(x0, y0, x1, y1, *, tilted=False):
    return TextBox(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float32), tilted)


def test_parts_of_a_line_are_joined():
    found = joined_at_seams([box(0, 10, 100, 30), box(60, 11, 200, 29), box(190, 10, 260, 30)])
    assert [one.bounds for one in found] == [(0, 10, 260, 30)]


def test_lines_below_one_another_and_tilted_ones_stay():
    boxes = [box(0, 10, 100, 30), box(0, 28, 100, 48), box(10, 10, 90, 30, tilted=True)]
    assert len(joined_at_seams(boxes)) == 3
