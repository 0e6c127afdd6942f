"""The rim of plain regions tells how they move, as far as it can be seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from molmo_act.tracking.frame_buffer import FlowFrame
from molmo_act.tracking.region import Region
from molmo_act.tracking.rim import FAR_RIM_REACH, RIM_REACH, Rim, find_rim, follow_rim

SIZE = (400, 300)
GROUND = np.repeat(
    np.kron(np.random.default_rng(6).uniform(60, 200, (38, 50)), np.ones((8, 8)))[:300, :, None], 3, axis=2
)


def frame(shift=(0.0, 0.0), *, size=(200, 140), at=(90, 70), cover=None, noise=0.0) -> FlowFrame:
    """A red box on a textured ground, moved by fractions of pixels; `cover` hides some columns."""
    box = np.zeros((size[1] + 2, size[0] + 2), np.float32)
    box[1:-1, 1:-1] = 1
    matrix = np.array([[1, 0, at[0] - 1 + shift[0]], [0, 1, at[1] - 1 + shift[1]]], np.float64)
    alpha = cv2.warpAffine(box, matrix, SIZE)[..., None]
    image = GROUND * (1 - alpha) + np.array((200, 40, 40)) * alpha
    if cover:
        image[:, cover[0] : cover[1]] = (30, 120, 60)
    image += np.random.default_rng(8).normal(0, 1, image.shape) * noise
    return FlowFrame.from_image(0, 0.0, np.clip(image + 0.5, 0, 255).astype(np.uint8))


def rim_of(shown: FlowFrame, xy=(190.0, 140.0)) -> Rim:
    return find_rim(Region.at(shown, np.array(xy)), np.array(xy))


@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_a_rim_lies_on_the_sides_with_equally_many_points_on_each(noise):
    rim = rim_of(frame(noise=noise))
    for axis, side, direction in ((0, 90, -1), (0, 290, 1), (1, 70, -1), (1, 210, 1)):
        mine = rim.points[rim.outwards[:, axis] * direction > 0.9]
        assert len(mine) >= 5
        assert np.abs(mine[:, axis] - side).max() < 0.8


@pytest.mark.parametrize("shift", [(0, 0), (0.4, -0.3), (3, 2), (-9, 7)])
@pytest.mark.parametrize("noise", [0.0, 5.0])
def test_its_motion_is_that_of_the_box(shift, noise):
    moved, rim = follow_rim(frame(shift, noise=noise), rim_of(frame()), reach=RIM_REACH)
    assert np.abs(moved.shift - shift).max() < 0.35
    assert len(rim.points) == len(rim_of(frame()).points)


@pytest.mark.parametrize("at", [(-7, -5.25), (-6.6, 140.3), (310.4, 221.7), (40.3, 70.8), (120.7, -6.2)])
def test_a_rim_stays_where_nothing_moves_whatever_lies_beyond(at):
    shown = frame(at=at, size=(20, 15))
    rim, total = rim_of(shown, np.clip(np.add(at, (10, 7.5)), 2, (397, 297))), np.zeros(2)
    for _ in range(20):
        moved, rim = follow_rim(shown, rim, reach=RIM_REACH)
        total += moved.shift
        assert np.abs(total).max() < 0.05


def test_errors_do_not_add_up():
    rim, total = rim_of(frame()), np.zeros(2)
    for step in range(1, 40):
        moved, rim = follow_rim(frame((0.3 * step, -0.2 * step)), rim, reach=RIM_REACH)
        total += moved.shift
    assert np.abs(total - (0.3 * 39, -0.2 * 39)).max() < 0.5


def test_what_covers_a_part_of_it_does_not_move_it():
    rim = rim_of(frame())
    for right in (100, 150, 200):
        moved, _ = follow_rim(frame((2, 1), cover=(60, right)), rim, reach=RIM_REACH)
        assert np.abs(moved.shift - (2, 1)).max() < 0.4
    assert follow_rim(frame(cover=(0, 400)), rim, reach=RIM_REACH) is None


def test_a_jump_is_found_with_a_longer_reach():
    rim = rim_of(frame())
    assert follow_rim(frame((30, 20)), rim, reach=RIM_REACH) is None
    moved, _ = follow_rim(frame((30, 20)), rim, reach=FAR_RIM_REACH)
    assert np.abs(moved.shift - (30, 20)).max() < 0.4


def test_motion_that_cannot_be_seen_counts_as_none():
    band = {"size": (200, 500), "at": (90, -100)}  # from the upper edge of the frame to the lower one
    rim = rim_of(frame(**band))
    moved, _ = follow_rim(frame((3, 5), **band), rim, reach=RIM_REACH)
    assert np.abs(moved.shift - (3, 0)).max() < 0.3


def test_light_that_fades_is_no_rim():
    image = (
        np.repeat(np.linspace(40, 220, 400)[None, :, None], 300, axis=0).repeat(3, axis=2).astype(np.uint8)
    )
    wall = FlowFrame.from_image(0, 0.0, image)
    rim = rim_of(wall)
    assert len(rim.points) == 0
    moved, _ = follow_rim(wall, rim, reach=RIM_REACH)
    assert moved.shift.tolist() == [0, 0]
