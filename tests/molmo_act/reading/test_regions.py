"""Cells with content cover all text and no blank; rectangles cover the cells and do not overlap."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.regions import CELL, cells_of, changed_cells, content_cells, grown, rectangles
from tests.support.written_screen import draw_screen


def test_text_is_content_and_straight_edges_are_not():
    screen = draw_screen((320, 240), {"Save": (200, 100)})
    screen[:, 40] = 0  # the edge of a side bar
    screen[30] = 0
    [(x0, y0, x1, y1)] = [
        box for box in rectangles(content_cells(screen), (320, 240)) if box[0] > 100 and box[1] > 60
    ]
    assert x0 <= 200 - CELL / 2
    assert y0 <= 104 - CELL / 2
    assert 250 > x1 > 230
    assert 140 > y1 > 115
    assert not content_cells(screen)[20:, 4:6].any()


def test_a_blank_screen_has_none():
    assert rectangles(content_cells(np.full((50, 70, 3), 200, np.uint8)), (70, 50)) == []


@pytest.mark.parametrize("at", [(0, 0), (49, 69), (16, 15)])
def test_one_changed_pixel_is_in_one_cell(at):
    before = np.zeros((50, 70, 3), np.uint8)
    after = before.copy()
    after[at] = 1
    changed = changed_cells(after, before)
    assert changed.sum() == 1
    assert changed[at[0] // CELL, at[1] // CELL]


@pytest.mark.parametrize("seed", range(20))
def test_rectangles_cover_the_cells_and_do_not_overlap(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(side) for side in rng.integers(1, 200, 2))
    cells = rng.random((-(-height // CELL), -(-width // CELL))) < 0.2
    covered = np.zeros((height, width), int)
    for x0, y0, x1, y1 in rectangles(cells, (width, height)):
        covered[int(y0) : int(y1), int(x0) : int(x1)] += 1
    assert covered.max(initial=0) <= 1
    wanted = np.kron(cells, np.ones((CELL, CELL), bool))[:height, :width]
    assert (covered[wanted] == 1).all()


def test_growing_and_marking():
    cells = cells_of([(CELL, CELL, 2 * CELL, 2 * CELL)], (4, 4))
    assert (cells.sum(), grown(cells).sum()) == (1, 9)
