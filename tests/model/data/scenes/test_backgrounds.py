"""Backgrounds: shape, range and reproducibility of each kind."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.scenes import backgrounds
from model.data.scenes.backgrounds import background, noise_bank, photo, texture_bank

KINDS = ("plain", "gradient", "texture", "photo_like", "boards", "tiles", "table")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_rgb_of_the_size_and_follows_its_seed(kind: str) -> None:
    draw = getattr(backgrounds, kind)
    for seed in range(6):
        one, again = (draw(np.random.default_rng(seed), 130, 97) for _ in range(2))
        assert one.shape == (97, 130, 3)
        assert one.dtype == np.uint8
        assert np.array_equal(one, again)
    assert not np.array_equal(one, draw(np.random.default_rng(99), 130, 97))


def test_plain_grounds_have_one_colour_and_gradients_many() -> None:
    rng = np.random.default_rng(0)
    assert len(np.unique(backgrounds.plain(rng, 60, 60).reshape(-1, 3), axis=0)) == 1
    assert len(np.unique(backgrounds.gradient(rng, 60, 60).reshape(-1, 3), axis=0)) > 20


def test_any_ground_can_be_drawn_on() -> None:
    for seed in range(20):
        ground = background(np.random.default_rng(seed), 100, 96)
        assert ground.flags.writeable
        assert ground.flags.c_contiguous


def test_photographs_keep_their_colours() -> None:
    red = np.zeros((2, 480, 640, 3), np.uint8)
    red[..., 0] = 200
    for seed in range(6):
        piece = photo(np.random.default_rng(seed), 120, 100, red)
        assert piece.shape == (100, 120, 3)
        assert piece[..., 0].min() >= 119  # at least 0.6 of 200, brightened or not
        assert piece[..., 1].max() <= 30


def test_banks_are_made_once_and_are_as_documented() -> None:
    assert texture_bank() is texture_bank()
    assert {texture.shape for texture in texture_bank()} == {(640, 640)}
    noise = noise_bank().astype(float)
    assert noise.shape == (768, 768, 3)
    assert noise.mean() == pytest.approx(128, abs=1)
    assert noise.std() == pytest.approx(32, abs=1)
