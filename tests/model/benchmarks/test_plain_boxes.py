"""Plain boxes have exact points, and the tracker stays on them."""

from __future__ import annotations

import numpy as np
import pytest

from model.benchmarks.plain_boxes import COLOUR, FRAME, PLACES, SIZES, PlainBox, with_point, with_pointer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("place", PLACES)
def test_points_lie_on_their_box_on_every_frame(size, place):
    box = PlainBox(size, place, 3.0, 0.0)
    for index, image in enumerate(box.frames()):
        for inside in ((0.5, 0.5), (0.3, 0.35)):
            x, y = box.point(index, inside)
            assert 0 <= x < FRAME[0]
            assert 0 <= y < FRAME[1]
            assert np.abs(image[int(y), int(x)].astype(int) - COLOUR).max() < 90  # at most half a pixel off


@pytest.mark.parametrize("track", [with_pointer, with_point])
@pytest.mark.parametrize(
    "box",
    [
        PlainBox(60, "inside", 3.0, 0.0, "textured"),  # whole, while the flow around it is the ground's
        PlainBox(200, "inside", 0.0, 0.0),  # the box of the bug report: no corner within reach
        PlainBox(200, "side", 3.0, 5.0),
        PlainBox(600, "corner", 0.4, 5.0, "textured"),
    ],
)
def test_the_tracker_is_within_a_pixel_where_it_says_visible(track, box):
    outcome = track(box)
    assert len(outcome.errors) > 0.9 * outcome.frames
    assert np.median(outcome.errors) <= 1
