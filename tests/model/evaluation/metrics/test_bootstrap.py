"""Differences of two ways on the same clips, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.evaluation.metrics.bootstrap import compared


def test_ways_are_compared_clip_by_clip():
    mean, gain, error = compared([0.5, 0.7, 0.9], [0.4, 0.7, 0.7])
    assert (mean, gain) == pytest.approx((0.7, 0.1))
    assert error == pytest.approx(np.std([0.1, 0.0, 0.2], ddof=1) / 3**0.5)


def test_one_clip_says_nothing_of_the_error():
    assert math.isnan(compared([0.5], [0.25])[2])
