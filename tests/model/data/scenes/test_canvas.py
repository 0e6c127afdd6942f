"""The image of a scene while it is composed."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.scenes.canvas import SceneCanvas
from model.data.scenes.spec import ObjectSpec


def _sticker(side: int, level: int) -> np.ndarray:
    return np.dstack([np.full((side, side, 3), level, np.uint8), np.full((side, side), 255, np.uint8)])


@pytest.mark.parametrize(
    ("left", "top", "hide", "laid"),
    [
        pytest.param(60, 60, 0.1, True, id="beside it"),
        pytest.param(22, 10, 0.9, True, id="covers 40 %: 60 % of the lower one is left"),
        pytest.param(22, 10, 0.1, False, id="covers more than allowed"),
        pytest.param(12, 10, 0.99, False, id="covers 90 %: too little of the lower one would be left"),
        pytest.param(-12, 60, 0.1, False, id="more than a quarter of it lies outside"),
        pytest.param(-4, 60, 0.1, True, id="a fifth of it lies outside"),
        pytest.param(300, 60, 0.1, False, id="wholly outside"),
    ],
)
def test_nothing_is_laid_where_it_would_hide_too_much(left: int, top: int, hide: float, laid: bool) -> None:
    canvas = SceneCanvas(np.zeros((100, 100, 3), np.uint8), np.zeros((100, 100), np.uint8))
    assert canvas.paste(_sticker(20, 90), 10, 10, ObjectSpec("box", None, None), hide=0.1)
    before = canvas.image.copy()
    assert canvas.paste(_sticker(20, 200), left, top, ObjectSpec("box", None, None), hide=hide) is laid
    assert (canvas.image == 200).any() == laid
    assert laid or (canvas.image == before).all()


def test_half_transparent_pixels_blend_with_the_ground() -> None:
    canvas = SceneCanvas(np.full((50, 50, 3), 100, np.uint8), np.zeros((50, 50), np.uint8))
    sprite = np.dstack([np.full((20, 20, 3), 60, np.uint8), np.full((20, 20), 128, np.uint8)])
    assert canvas.paste(sprite, 5, 5, ObjectSpec("box", None, None), hide=0.1)
    assert abs(int(canvas.image[10, 10, 0]) - (60 + 100 * 127 / 255)) <= 1
