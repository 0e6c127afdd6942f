"""Crops say how shapes differ from the ground, whatever the colours and the size are."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.reading.icons.crops import SIDE, crop_shapes
from tests.support.icon_screen import box_at, draw_icons


@pytest.mark.parametrize("side", [12, 20, 48, 90])
def test_colour_and_size_change_little(side):
    usual = draw_icons((200, 200), {(50, 50): "search"}, side=40)
    [wanted] = crop_shapes(usual, [box_at((50, 50), 40)])
    for paper, ink in (((255, 255, 255), (0, 0, 0)), ((20, 30, 60), (230, 200, 90))):
        image = draw_icons((200, 200), {(50, 50): "search"}, side=side, paper=paper, ink=ink)
        [crop] = crop_shapes(image, [box_at((50, 50), side)])
        assert crop.shape == (SIDE, SIDE)
        assert np.abs(crop - wanted).mean() < 0.06


def test_the_shape_is_in_the_middle():
    image = np.full((50, 50, 3), 255, np.uint8)
    image[20:30, 10:20] = 0
    [crop] = crop_shapes(image, [(10, 20, 20, 30)])
    rows, columns = crop.sum(axis=1), crop.sum(axis=0)
    middle = (SIDE - 1) / 2
    for sums in (rows, columns):
        assert (sums * np.arange(SIDE)).sum() / sums.sum() == pytest.approx(middle, abs=0.3)
    assert crop[16, 16] == 1
    assert crop[0, 0] == 0


def test_a_box_at_the_edge_and_a_long_one():
    image = draw_icons((60, 30), {(0, 0): "close"})
    crops = crop_shapes(image, [box_at((0, 0)), (0, 28, 60, 30), (59, 29, 60, 30)])
    assert crops.shape == (3, SIDE, SIDE)
    assert np.isfinite(crops).all()
    assert crop_shapes(image, []).shape == (0, SIDE, SIDE)


def test_what_is_faint_stays_faint():
    image = np.full((40, 40, 3), 255, np.uint8)
    image[10:30, 10:30] = 250
    assert crop_shapes(image, [(10, 10, 30, 30)]).max() == pytest.approx(0.25)
