"""What goes into SAM 2."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.segmentation.sam2 import Sam2Propagator
from tests.support.tiny_sam2 import SIDE, tiny_propagator


def test_the_pixels_are_those_sam_2_expects():
    frame = np.full((30, 50, 3), (255, 0, 128), np.uint8)
    frame.flags.writeable = False  # as arrays of opened images are
    pixels = tiny_propagator(Sam2Propagator).sessions.pixels(frame)
    assert pixels.shape == (3, SIDE, SIDE)
    expected = [(1 - 0.485) / 0.229, -0.456 / 0.224, (128 / 255 - 0.406) / 0.225]
    assert pixels.mean(dim=(1, 2)).tolist() == pytest.approx(expected, abs=1e-4)
