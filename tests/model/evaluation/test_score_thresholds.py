"""Bounds on scores: shares of right and wrong points that reach them, and of rivals of the best."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.schema import ImageSample, Query, Target
from model.evaluation.score_thresholds import collect_points, shares_above
from molmo_act.outputs.points import Points


class Pointer:
    """Points at three places with known scores."""

    def point(self, image, queries):
        xy = [[5.5, 5.5], [25.5, 5.5], [45.5, 5.5]]
        return [Points(xy=xy, score=[0.2, 0.8, 0.4], image_size=[(60, 20)], query=text) for text in queries]


def test_points_are_told_right_from_wrong_and_best_from_rivals():
    target = Target((25.5, 5.5), (20.0, 0.0, 30.0, 10.0))
    picture = ImageSample(np.zeros((20, 60, 3), np.uint8), (Query("a", "a", (target,), "noun"),), ())
    seen = collect_points(Pointer(), [picture], 1, "dots")
    assert seen.score.tolist() == pytest.approx([0.2, 0.8, 0.4])
    assert seen.share.tolist() == pytest.approx([1 / 16, 1.0, 1 / 6])
    assert seen.right.tolist() == [False, True, False]
    assert seen.best.tolist() == [False, True, False]


def test_shares_that_reach_a_bound():
    right = np.array([True, True, False, False])
    found = shares_above(np.array([0.9, 0.3, 0.3, 0.1]), right, (0.2, 0.3, 0.5))
    assert found == {"right": [1.0, 1.0, 0.5], "wrong": [0.5, 0.5, 0.0]}
    assert shares_above(np.array([0.9]), np.array([True]), (0.5,)) == {"right": [1.0], "wrong": []}
