"""nano follows what it knows through a short clip, beside the same model on single frames."""

from __future__ import annotations

import pytest

import molmo_act
from model.data.clips.generate import Clip, ClipSettings
from model.evaluation.tracking import SEED, evaluate

SETTINGS = ClipSettings(
    seconds=1.5, fps=10, objects=2, pillars=False, leaving=False, camera=False, light=False, speed=0.5
)


@pytest.mark.slow
def test_nano_follows_through_a_short_clip():
    found = evaluate(molmo_act.load(device="cpu"), [Clip(SEED, SETTINGS)], latency=0.1, rate=2, name="short")
    assert found["sequences"] == 2
    assert found["f1_single_frames"] > 0.6
    assert found["f1"] > 0.6
    assert found["switches"] == 0
    assert 1 < found["groundings_per_s"] < 5
