"""Regions of one colour: whether they end nearby, whether they are plain, and where their outline is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from molmo_act.tracking.frame_buffer import COARSE_STEP, FlowFrame
from molmo_act.tracking.region import Region, outline

RNG = np.random.default_rng(5)


def frame(*boxes: tuple[int, int, int, int], noise: float = 0.0) -> FlowFrame:
    """Red boxes (left, top, right, bottom) on grey, 400 × 300."""
    image = np.full((300, 400, 3), 120, np.float32)
    for left, top, right, bottom in boxes:
        image[max(top, 0) : bottom, max(left, 0) : right] = (200, 40, 40)
    image += RNG.normal(0, 1, image.shape) * noise
    return FlowFrame.from_image(0, 0.0, np.clip(image, 0, 255).astype(np.uint8))


def at(box, xy, **options) -> Region:
    return Region.at(frame(box, **options), np.array(xy))


def test_a_region_is_whole_where_it_ends_within_reach_and_the_frame():
    small = at((100, 100, 130, 120), (115, 110))
    assert (small.whole, small.area, small.centre.tolist()) == (
        True,
        596,
        [115, 110],
    )  # the median filter rounds corners
    assert not at((50, 50, 250, 200), (150, 120)).whole  # larger than what is looked at
    assert not at((-10, 100, 20, 120), (5, 110)).whole  # cut off by the frame


@pytest.mark.parametrize("noise", [0.0, 5.0])
@pytest.mark.parametrize(
    ("box", "xy"),
    [((50, 50, 250, 200), (150, 120)), ((100, 100, 130, 120), (115, 110)), ((0, 0, 0, 0), (9, 9))],
)
def test_a_box_and_bare_ground_are_plain_also_under_noise(box, xy, noise):
    assert at(box, xy, noise=noise).plain


def test_textures_are_not_plain():
    weak = cv2.GaussianBlur(RNG.normal(0, 1, (300, 400)), (0, 0), 3)
    image = np.repeat((120 + 6 * weak / weak.std())[..., None], 3, axis=2).astype(np.uint8)
    textured = FlowFrame.from_image(0, 0.0, image)
    assert not any(Region.at(textured, np.array([x, 150.0])).plain for x in range(50, 350, 30))
    assert not at((100, 100, 103, 103), (101.5, 101.5)).plain  # a spot


def test_the_outline_is_what_ends_within_the_frame():
    whole = frame((50, 60, 250, 200))
    xy = np.array([150.0, 120.0])
    places, outwards, error = outline(Region.at(whole, xy), xy)
    assert error == COARSE_STEP
    for axis, side, direction in ((0, 50, -1), (0, 250, 1), (1, 60, -1), (1, 200, 1)):
        mine = places[outwards[:, axis] * direction > 0.9]
        assert len(mine) > 10
        assert np.abs(mine[:, axis] - side).max() <= error
    cut = frame((-50, 60, 250, 200))
    places, outwards, _ = outline(Region.at(cut, xy), xy)
    assert outwards[:, 0].min() > -0.5  # nothing on the left
    assert places[:, 0].min() > 4


def test_the_ground_of_other_things_has_no_outline():
    around = frame((-10, 120, 60, 180), (150, 100, 250, 200))  # what lies on it, also at the edge
    for xy in ((30.0, 30.0), (300.0, 250.0), (100.0, 150.0)):
        assert len(outline(Region.at(around, np.array(xy)), np.array(xy))[0]) == 0
