"""Screenshots: parts of them, hidden areas, and files."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from gui_agent.geometry import Area, ScreenView
from gui_agent.vision.screenshot import Screenshot
from molmo_act.errors import InputError
from tests.support.screen_views import SCREEN_VIEWS


def shot_of(size: tuple[int, int], area: Area, *hidden: Area) -> Screenshot:
    """A screenshot whose blue and green are the column and the row, and whose red is 200."""
    bgrx = np.zeros((size[1], size[0], 4), np.uint8)
    bgrx[..., 0] = np.arange(size[0])
    bgrx[..., 1] = np.arange(size[1])[:, None]
    bgrx[..., 2] = 200
    return Screenshot(bgrx, ScreenView(size, area), time=0.0, hidden=hidden)


def test_images_are_rgb_and_hide_what_is_hidden() -> None:
    shot = shot_of(
        (100, 80), Area(0, 0, 50, 40), Area(10, 10, 5, 5), Area(45, 30, 20, 20), Area(90, 90, 5, 5)
    )
    pixels = shot.pixels
    assert pixels[3, 7].tolist() == [200, 3, 7]
    assert not pixels.flags.writeable
    black = (pixels == 0).all(axis=-1)
    expected = np.zeros((80, 100), bool)
    expected[20:30, 20:30] = expected[60:80, 90:100] = True
    assert np.array_equal(black, expected)
    assert np.asarray(shot.to_uncensored_image())[25, 25].tolist() == [200, 25, 25]


def test_a_part_keeps_what_is_hidden() -> None:
    shot = shot_of((100, 80), Area(0, 0, 50, 40), Area(10, 10, 5, 5))
    part = shot.crop(Area(12, 12, 10, 10))
    assert part.view == ScreenView((20, 20), Area(12, 12, 10, 10))
    assert (part.pixels == 0).all(axis=-1).sum() == 6 * 6
    assert part.time == shot.time
    assert np.shares_memory(part.bgrx, shot.bgrx)


def test_a_part_takes_every_pixel_that_the_area_touches() -> None:
    shot = shot_of((100, 80), Area(0, 0, 50, 40))
    assert shot.pixel_box(Area(10.3, 5, 1, 1.2)) == (20, 10, 23, 13)
    assert shot.crop(Area(-5, -5, 10, 10)).view.area == Area(0, 0, 5, 5)
    with pytest.raises(InputError, match=r"The region 5×5 at \(60, 0\) is off screen: this screenshot shows"):
        shot.crop(Area(60, 0, 5, 5))


@pytest.mark.parametrize("view", SCREEN_VIEWS[:8])
def test_a_place_is_the_same_on_the_whole_and_on_a_part(view: ScreenView) -> None:
    whole = Screenshot(np.zeros((view.size[1], view.size[0], 4), np.uint8), view, time=0.0)
    generator = np.random.default_rng(2)
    for _ in range(100):
        (left, top), (right, bottom) = np.sort(generator.uniform((0, 0), view.size, (2, 2)), axis=0)
        corner, end = view.to_input(left, top), view.to_input(right, bottom)
        part = whole.crop(Area(*corner, end[0] - corner[0], end[1] - corner[1]))
        assert part.bgrx.shape[:2] == part.view.size[::-1]
        x, y = generator.uniform((0, 0), part.view.size)
        place = part.view.to_input(x, y)
        assert view.to_pixels(*place) == pytest.approx(
            (x + math.floor(left + 1e-6), y + math.floor(top + 1e-6)), abs=1e-6
        )
        assert part.view.to_pixels(*place) == pytest.approx((x, y), abs=1e-6)
        assert part.view.mouse_point(x, y) == view.mouse_point(*view.to_pixels(*place))


def test_a_screenshot_is_written_and_a_bad_path_is_one_error(tmp_path) -> None:
    bgrx = np.zeros((2, 3, 4), np.uint8)
    bgrx[0, 0] = (0, 0, 255, 0)
    shot = Screenshot(bgrx, ScreenView((3, 2), Area(0, 0, 3, 2)), time=0.0)
    shot.save(tmp_path / "shot.png")
    with Image.open(tmp_path / "shot.png") as image:
        assert image.getpixel((0, 0)) == (255, 0, 0)
    for path in (tmp_path / "missing" / "shot.png", tmp_path / "shot.unknown"):
        with pytest.raises(InputError, match="Cannot write"):
            shot.save(path)
