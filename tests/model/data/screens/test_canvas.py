"""What the canvas remembers of what it draws."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.data.drawn_canvas import blank_canvas


@pytest.mark.parametrize(
    ("cover", "stays", "half_seen"),
    [
        ((100, 0, 200, 100), True, False),  # beside it
        ((0, 0, 200, 100), False, False),  # wholly over it: as if it had never been there
        ((30, 0, 200, 100), False, True),  # over a part of it
    ],
)
def test_what_a_window_covers_is_forgotten(cover, stays: bool, half_seen: bool) -> None:
    canvas = blank_canvas()
    canvas.add("button", "Save", (10, 10, 60, 30))
    canvas.cover(cover)
    assert bool(canvas.elements) == stays
    assert ("save" in canvas.half_seen) == half_seen


@pytest.mark.parametrize(
    ("place", "stays", "half_seen"),
    [
        ((150, 10, 200, 30), True, False),  # up to the very edge
        ((160, 10, 210, 30), False, True),  # cut by the edge
        ((210, 10, 260, 30), False, False),  # outside
    ],
)
def test_what_the_edge_cuts_is_half_seen(place, stays: bool, half_seen: bool) -> None:
    canvas = blank_canvas()
    canvas.add("button", "Save", place)
    assert bool(canvas.elements) == stays
    assert ("save" in canvas.half_seen) == half_seen


def test_text_marks_the_pixels_of_its_box_and_no_others() -> None:
    canvas = blank_canvas()
    before = canvas.pixels()
    x0, y0, x1, y1 = canvas.text(40, 30, "Hamburg", (255, 0, 255))
    rows, columns = np.nonzero((canvas.pixels() != before).any(axis=2))
    assert x0 - 2 <= columns.min() < x0 + 6
    assert x1 - 6 < columns.max() <= x1 + 2
    assert y0 - 1 <= rows.min()
    assert rows.max() <= y1 + 1
