"""Sprites of objects: scaled, turned, and readable on their background."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.scenes.spec import ObjectSpec
from model.data.scenes.sprites import object_sprite
from tests.model.data.drawn_sprites import FLAT, flat_library

LIBRARY = flat_library()


def sprite(spec: ObjectSpec, seed: int, ground: float = 0.0, side: int = 50) -> np.ndarray:
    return object_sprite(np.random.default_rng(seed), spec, side, LIBRARY, np.full(3, ground))


def drawing(noun: str) -> ObjectSpec:
    return ObjectSpec(noun, None, LIBRARY.by_noun[noun][0])


def test_a_drawing_keeps_its_colour_and_about_its_size() -> None:
    for seed in range(20):
        made = sprite(drawing("fish"), seed)
        assert 50 <= max(made.shape[:2]) <= 80  # turned, its square grows by up to the diagonal, and a rim
        assert (made[..., :3] <= made[..., 3:]).all()
        inside = made[made[..., 3] == 255][:, :3].mean(axis=0)
        assert inside[2] > inside[0] + 60
        assert inside[2] > inside[1] + 60


def test_a_drawing_that_would_vanish_gets_a_rim() -> None:
    for seed in range(10):
        plain = sprite(drawing("ghost"), seed, ground=255)
        hidden = object_sprite(
            np.random.default_rng(seed), drawing("ghost"), 50, LIBRARY, np.array(FLAT["ghost"], float)
        )
        assert hidden.shape[0] in (plain.shape[0], plain.shape[0] + 6)
        rim = hidden[hidden[..., 3] > 200][:, :3].max(axis=1)
        assert rim.max() > 235  # white on a dark ground


def test_a_tinted_drawing_has_the_colour_of_its_name() -> None:
    spec = ObjectSpec("cup", "red", LIBRARY.by_noun["cup"][0], tinted=True)
    made = sprite(spec, 0, ground=128)
    red, green, blue = made[made[..., 3] == 255][:, :3].mean(axis=0)
    assert red > 2 * max(green, blue)


@pytest.mark.parametrize("library", [LIBRARY, None])
def test_shapes_need_no_library(library) -> None:
    made = object_sprite(
        np.random.default_rng(0), ObjectSpec("star", "blue", None), 40, library, np.full(3, 128.0)
    )
    assert made.shape == (40, 40, 4)
