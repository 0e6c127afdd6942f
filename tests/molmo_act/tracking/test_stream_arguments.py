"""What a tracker is given: times, points, and pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from molmo_act.errors import InputError
from molmo_act.tracking.stream_arguments import MOST_SECONDS, check_pairs, check_seconds, check_xy

FRAME = np.zeros((4, 5, 3), np.uint8)


def test_what_can_be_used_comes_back():
    assert check_seconds(1.5) == 1.5
    assert check_xy([1, 2.5]) == check_xy(np.array([1, 2.5])) == (1, 2.5)
    assert [seconds for _, seconds in check_pairs([(FRAME, 0.0), [FRAME, 1.0]])] == [0.0, 1.0]


@pytest.mark.parametrize("timestamp", [math.nan, math.inf, "1", None, 10 * MOST_SECONDS])
def test_times_are_finite_seconds(timestamp):
    with pytest.raises(InputError, match="timestamp"):
        check_seconds(timestamp)


@pytest.mark.parametrize("what", [5, (1,), (1, 2, 3), (1, math.nan), {1, 2}, ("a", 2)])
def test_points_are_two_numbers(what):
    with pytest.raises(InputError, match="expected words, or a point"):
        check_xy(what)


@pytest.mark.parametrize("frames", ["video.mp4", FRAME, 5, [FRAME], [(FRAME,)], [(FRAME, 0.0, 1)]])
def test_frames_come_in_pairs_with_their_times(frames):
    with pytest.raises(InputError, match="pairs of a frame and its timestamp"):
        list(check_pairs(frames))
