"""Mask: one object on one frame."""

from __future__ import annotations

import numpy as np

from molmo_act.outputs.mask import Mask
from molmo_act.outputs.rle import encode


def of(pixels: np.ndarray) -> Mask:
    return Mask(0, 1, 0.5, "mug", encode(pixels), (pixels.shape[1], pixels.shape[0]))


def test_area_and_box():
    pixels = np.zeros((6, 9), bool)
    pixels[1:3, 4:9] = pixels[4, 5] = True
    assert of(pixels).area == 11
    assert of(pixels).bbox == (4, 1, 5, 4)
    assert (of(pixels).to_array() == pixels).all()


def test_a_mask_without_a_pixel():
    assert of(np.zeros((6, 9), bool)).area == 0
    assert of(np.zeros((6, 9), bool)).bbox == (0, 0, 0, 0)
