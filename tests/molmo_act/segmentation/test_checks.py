"""Frames, points and masks that cannot be used are refused before any work."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.segmentation.checks import check_frames, check_masks, check_point, check_points
from molmo_act.segmentation.grabcut import GrabCut

FRAME = np.zeros((4, 6, 3), np.uint8)


def test_frames_come_as_a_list_or_an_array():
    assert len(check_frames([FRAME, FRAME])) == len(check_frames(np.stack([FRAME, FRAME]))) == 2


# Each row: what is given as frames.
NO_FRAMES = [
    [], (), None, 5, "clip.mp4", FRAME, [FRAME[..., 0]], [FRAME.astype(float)], [FRAME, FRAME[:2]],
    [FRAME[:0]], [None], iter([FRAME]),
]  # fmt: skip


@pytest.mark.parametrize("frames", NO_FRAMES)
def test_what_is_no_video(frames):
    with pytest.raises(InputError, match="frames"):
        check_frames(frames)


@pytest.mark.parametrize("xy", [(0, 0), [5.9, 3.9], np.array([1, 2], np.float32)])
def test_points_within_the_frame(xy):
    assert check_point("xy", xy, FRAME) == pytest.approx(np.array(xy))


@pytest.mark.parametrize(
    "xy", [(6, 0), (0, 4), (-1, 0), (np.nan, 1), ("1", 1), (1,), None, 5, "12", [[1], [2]]]
)
def test_what_is_no_point_on_the_frame(xy):
    with pytest.raises(InputError, match="xy"):
        check_point("xy", xy, FRAME)
    with pytest.raises(InputError, match="xy"):
        GrabCut()([FRAME], [xy])


@pytest.mark.parametrize("points", [(1, 1), [], None, "12", np.zeros((0, 2)), 5, [[[1, 1]]]])
def test_what_is_no_list_of_points(points):
    assert check_points("xy", [(0, 1), (5.5, 3)], FRAME).tolist() == [[0, 1], [5.5, 3]]
    with pytest.raises(InputError, match="xy"):
        check_points("xy", points, FRAME)


@pytest.mark.parametrize("mask", [None, [[True]], np.ones((2, 2)), np.ones(3, bool), np.ones((3, 2), bool)])
def test_what_is_no_mask_or_has_another_shape(mask):
    check_masks(mask=np.ones((2, 2), bool))
    with pytest.raises(InputError, match="mask"):
        check_masks(other=np.ones((2, 2), bool), mask=mask)
