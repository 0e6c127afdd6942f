"""The comparison of ways to live with a slow model, on one short clip."""

from __future__ import annotations

import numpy as np
import pytest

from model.benchmarks.tracker import carried_points, held_points, late_points
from model.data.clips.generate import Clip, ClipSettings

SETTINGS = ClipSettings(seconds=2.5, objects=2, pillars=False, leaving=False, camera=False, light=False)
LATENCY = 0.5


@pytest.fixture(scope="module")
def errors() -> dict[str, float]:
    clip = Clip(6_000_002, SETTINGS)
    frames = list(clip)
    found = {}
    for points_of in (carried_points, held_points, late_points):
        away = [
            np.linalg.norm(place - frame.middle[number - 1])
            for frame, points in zip(frames, points_of(clip, frames, LATENCY), strict=True)
            for number, place in points.items()
            if frame.timestamp > 2 * LATENCY and frame.share[number - 1] > 0.5
        ]
        assert len(away) > 40
        found[points_of.__name__] = float(np.median(away))
    return found


def test_carrying_beats_an_answer_to_every_frame_and_that_beats_holding(errors):
    assert errors["carried_points"] < 2
    assert 3 * errors["carried_points"] < errors["late_points"] < errors["held_points"]
