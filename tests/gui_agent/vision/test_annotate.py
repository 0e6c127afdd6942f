"""Crosses on images: in the middle of the place, and clear of it."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from gui_agent.vision.annotate import MARK, RIM, draw_crosses


def marks(image: Image.Image) -> np.ndarray:
    """(N, 2), columns and rows of pixels in the colour of marks."""
    return np.argwhere((np.asarray(image) == MARK).all(axis=-1))[:, ::-1]


@pytest.mark.parametrize("place", [(160.5, 120.5), (100.9, 90.0)])
def test_a_cross_lies_evenly_around_its_place(place) -> None:
    image = draw_crosses(Image.new("RGB", (320, 240)), [place])
    found = marks(image)
    x, y = (int(value) for value in place)
    assert (found.min(axis=0) + found.max(axis=0)).tolist() == [2 * x, 2 * y]
    assert np.abs(found - (x, y)).max() == 16
    assert np.abs(found - (x, y)).max(axis=1).min() == 8  # the place itself stays free
    assert (np.asarray(image) == RIM).all(axis=-1).any()


def test_crosses_grow_with_the_image() -> None:
    image = draw_crosses(Image.new("RGB", (2600, 1300)), [(1300, 650)])
    assert np.abs(marks(image) - (1300, 650)).max() == 50


def test_several_places_and_none() -> None:
    image = Image.new("RGB", (320, 240))
    assert draw_crosses(image, []) is image
    assert not np.asarray(image).any()
    draw_crosses(image, [(50, 50), (250, 200)])
    assert marks(image).min() == 34
    assert marks(image).max(axis=0).tolist() == [266, 216]
