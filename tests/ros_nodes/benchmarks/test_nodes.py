"""The model of the benchmark's nodes; the nodes themselves run in test_latency."""

from __future__ import annotations

import time

import numpy as np
from molmo_act_ros.benchmarks.nodes import WaitingModel


def test_the_model_answers_with_the_middle_after_its_time():
    model = WaitingModel(0.05)
    begun = time.monotonic()
    left, right = model.point(np.zeros((48, 64, 3), np.uint8), ["left", "right"], max_points=None)
    assert time.monotonic() - begun >= 0.05
    assert left.xy.tolist() == right.xy.tolist() == [[32.0, 24.0]]
    assert (left.query, right.query) == ("left", "right")
    assert tuple(left.image_size[0]) == (64, 48)
