"""Rectangles lie on canvases without overlap, and places go back to where they came from."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.atlas import AREA, packed

BOXES = [(0.0, 0.0, 100.0, 20.0), (300.0, 40.0, 340.0, 200.0), (10.0, 100.0, 50.0, 116.0)]


@pytest.mark.parametrize("scale", [1.0, 2.0, 0.5])
def test_pixels_and_places(scale):
    image = np.random.default_rng(0).integers(0, 255, (240, 400, 3), dtype=np.uint8)
    [canvas] = packed(BOXES, scale)
    pixels = canvas.draw(image)
    assert pixels.shape[0] % 32 == pixels.shape[1] % 32 == 0
    seen = np.zeros(pixels.shape[:2], int)
    for part in canvas.placed:
        (left, top), (wide, high) = part.at, part.size
        seen[top : top + high, left : left + wide] += 1
        x0, y0, x1, y1 = (int(side) for side in part.source)
        if scale == 1:
            assert (pixels[top : top + high, left : left + wide] == image[y0:y1, x0:x1]).all()
        corners = part.to_image(np.array([(left, top), (left + wide, top + high)], float))
        assert corners.ravel().tolist() == [x0, y0, x1, y1]
        assert part.holds(left, top)
        assert not part.holds(left + wide, top)
    assert seen.max() == 1


def test_a_huge_screen_is_cut_into_tiles():
    canvases = packed([(0.0, 0.0, 7680.0, 4320.0)])
    assert len(canvases) > 10
    assert all(canvas.width * canvas.height <= AREA for canvas in canvases)
    covered = np.zeros((4320 // 8, 7680 // 8), bool)
    for part in (part for canvas in canvases for part in canvas.placed):
        x0, y0, x1, y1 = (int(side) // 8 for side in part.source)
        covered[y0:y1, x0:x1] = True
    assert covered.all()


def test_nothing_needs_no_canvas():
    assert packed([]) == []
