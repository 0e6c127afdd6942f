"""Frames on the screen lie around places, also at the edges of the screen."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from gui_agent import Desktop
from gui_agent.vision.overlay import COLOUR, LINE, SIDE, Frames
from tests.support.blob_model import BlobFinder

pytestmark = pytest.mark.display

PLACES = [(640, 400), (5, 300), (700, 4), (3, 2), (1278, 798)]


@pytest.mark.parametrize("place", PLACES)
def test_a_frame_is_drawn_around_the_place_and_nowhere_else(display, place) -> None:
    expected = np.zeros((800, 1280), bool)
    x, y = (value - SIDE // 2 for value in place)
    for inset, is_frame in ((0, True), (LINE, False)):
        rows, columns = (slice(max(0, one + inset), one + SIDE - inset) for one in (y, x))
        expected[rows, columns] = is_frame
    frames = Frames()
    try:
        frames.show([SimpleNamespace(point=place)])
        pixels = Desktop(BlobFinder()).screenshot().pixels
    finally:
        frames.close()
    drawn = (pixels == [int(COLOUR[i : i + 2], 16) for i in (1, 3, 5)]).all(axis=-1)
    assert (drawn == expected).all()
