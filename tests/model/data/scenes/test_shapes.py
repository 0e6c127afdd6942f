"""Shapes as sprites: their colour, their outline, and how often they are drawn."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from model.data.assets import names
from model.data.scenes.shapes import (
    COLOURS,
    SHAPES,
    draw_colour,
    draw_shape,
    outline,
    recolour,
    shade,
    shape_sprite,
)

WHITE = np.full(3, 255.0)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_sprite_is_premultiplied_and_as_large_as_asked_for(shape: str) -> None:
    for seed in range(4):
        sprite = shape_sprite(np.random.default_rng(seed), shape, "blue", 60, WHITE)
        assert sprite.shape == (60, 60, 4)
        assert (sprite[..., :3] <= sprite[..., 3:]).all()
        rows, columns = np.nonzero(sprite[..., 3] > 127)
        assert max(np.ptp(rows), np.ptp(columns)) >= 48  # the longer side fills the square


def test_a_ring_has_a_hole_and_a_circle_has_none() -> None:
    ring, circle = (
        shape_sprite(np.random.default_rng(0), shape, "red", 60, WHITE)[30, 30, 3]
        for shape in ("ring", "circle")
    )
    assert (ring, circle) == (0, 255)


@pytest.mark.parametrize(
    ("colour", "hue"), [("red", 0.0), ("yellow", 0.15), ("green", 0.34), ("blue", 0.61), ("purple", 0.77)]
)
def test_shades_have_the_hue_of_their_name(colour: str, hue: float) -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        found = colorsys.rgb_to_hsv(*(shade(rng, colour) / 255))[0]
        assert min(abs(found - hue), 1 - abs(found - hue)) < 0.06


def test_a_shape_of_the_colour_of_its_ground_gets_an_outline() -> None:
    for seed in range(10):
        sprite = shape_sprite(np.random.default_rng(seed), "square", "white", 60, WHITE)
        inside = sprite[sprite[..., 3] == 255][:, :3]
        assert inside.min() < 60  # a dark line


def test_a_drawing_painted_over_keeps_its_light_and_dark() -> None:
    sprite = np.full((20, 20, 4), 255, np.uint8)
    sprite[:, :10, :3] = 60
    painted = recolour(np.random.default_rng(0), sprite, "green")
    dark, light = painted[5, 2, :3].astype(int), painted[5, 15, :3].astype(int)
    assert light[1] > light[0]
    assert light[1] > light[2]
    assert light.sum() > 2 * dark.sum()
    assert (painted[..., 3] == 255).all()


def test_plain_shapes_and_colours_are_drawn_most_often() -> None:
    rng = np.random.default_rng(0)
    shapes = [draw_shape(rng) for _ in range(3000)]
    colours = [draw_colour(rng) for _ in range(3000)]
    assert set(shapes) == set(SHAPES)
    assert set(colours) == set(COLOURS)
    assert shapes.count("circle") > 3 * shapes.count("octagon")
    assert colours.count("red") > 2 * colours.count("brown")


def test_outlines_are_copies() -> None:
    outline("star")[:] = 0
    assert np.abs(outline("star")).max() == pytest.approx(1)
    assert len(outline("star")) == 10


def test_colours_of_names_are_colours_of_shapes() -> None:
    assert names.COLOURS == COLOURS
