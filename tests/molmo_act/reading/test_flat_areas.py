"""Flat areas are found with the shape of their edges."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from molmo_act.reading.flat_areas import flat_areas


def areas_of(draw_on, size=(300, 400)):
    image = Image.new("RGB", size, "white")
    draw_on(ImageDraw.Draw(image))
    return flat_areas(np.array(image), 20.0)


def test_a_bordered_rectangle_is_an_area_with_straight_edges():
    [area] = areas_of(lambda draw: draw.rectangle((50, 40, 249, 69), outline="grey"))
    assert area.box == (51, 41, 249, 69)
    assert (area.level, area.upright, area.filled) == (1, 1, 1)
    assert (area.width, area.height) == (198, 28)


def test_a_fill_of_another_colour_needs_no_border():
    [area] = areas_of(lambda draw: draw.rectangle((50, 40, 249, 69), fill=(247, 247, 247)))
    assert area.box == (50, 40, 250, 70)


def test_a_circle_touches_its_box_in_its_middle_only():
    found = areas_of(lambda draw: draw.ellipse((50, 40, 66, 56), outline="black"))
    area = max(found, key=lambda area: area.filled)
    assert 0.7 < area.filled < 0.95
    assert area.level < 0.7


def test_words_in_a_field_leave_its_area():
    def draw_on(draw):
        draw.rectangle((50, 40, 249, 69), outline="grey")
        draw.text((60, 48), "written here", fill="black")

    area = max(areas_of(draw_on), key=lambda area: area.width)
    assert area.box == (51, 41, 249, 69)
    assert 0.8 < area.filled < 1


def test_a_smooth_gradient_is_one_area():
    ramp = np.linspace(100, 200, 200).astype(np.uint8)
    image = np.full((400, 260, 3), 255, np.uint8)
    image[20:50, 30:230] = ramp[None, :, None]
    assert [area.box for area in flat_areas(image, 20.0)] == [(30, 20, 230, 50)]


@pytest.mark.parametrize("pixels", [np.zeros((1, 1, 3), np.uint8), np.zeros((500, 500, 3), np.uint8)])
def test_a_plain_image_has_none(pixels):
    assert flat_areas(pixels, 20.0) == []


def test_noise_has_none():
    noise = np.random.default_rng(0).integers(0, 256, (120, 300, 3), dtype=np.uint8)
    assert flat_areas(noise, 20.0) == []
