"""Resized images are those of torch, to the last integer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from molmo_act.embedded.resize import resize
from molmo_act.models.molmo_point import tiling


def by_torch(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    return tiling.resize(torch.from_numpy(pixels).permute(2, 0, 1), height, width).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("seed", range(12))
def test_random_sizes_and_pixels(seed):
    rng = np.random.default_rng(seed)
    given, wanted = rng.integers(1, 400, 2), rng.integers(1, 400, 2)
    pixels = rng.integers(0, 256, (*given, 3), dtype=np.uint8)
    assert np.array_equal(resize(pixels, *wanted), by_torch(pixels, *wanted)), (given, wanted)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ((1, 1), (378, 378)),  # a single pixel
        ((2, 2), (1, 1)),  # exactly half ways: halves to even
        ((480, 640), (240, 320)),  # a quarter of all numbers is next to a half
        ((378, 378), (378, 378)),
        ((1080, 1920), (644, 1176)),
        ((3, 3000), (378, 378)),
    ],
)
def test_sizes_that_are_special(given, wanted):
    pixels = np.random.default_rng(0).integers(0, 256, (*given, 3), dtype=np.uint8)
    assert np.array_equal(resize(pixels, *wanted), by_torch(pixels, *wanted))


def test_next_to_a_half_the_last_bit_decides(monkeypatch):
    """So that the second computation is known to be needed."""
    rng = np.random.default_rng(1)
    images = [rng.integers(0, 256, (97, 131, 3), dtype=np.uint8) for _ in range(8)]
    expected = [by_torch(image, 161, 283) for image in images]
    assert all(
        np.array_equal(resize(image, 161, 283), one) for image, one in zip(images, expected, strict=True)
    )
    monkeypatch.setattr("molmo_act.embedded.resize._NEAR_HALF", 1)
    assert any((resize(image, 161, 283) != one).any() for image, one in zip(images, expected, strict=True))
