"""Windows of frames on a short clip: what is compared, and that nothing grows."""

from __future__ import annotations

import pytest

import molmo_act
from model.benchmarks.sliding_window import measure_drift, measure_endless
from model.data.clips.generate import Clip, ClipSettings

SETTINGS = ClipSettings(
    seconds=0.8, fps=5, objects=2, pillars=False, leaving=False, camera=False, light=False
)


@pytest.mark.slow
def test_windows_are_compared_with_single_pictures_and_stay_as_they_are():
    model = molmo_act.load(device="cpu")
    found = measure_drift(model, [2], [Clip(6_000_003, SETTINGS)])[2]
    assert set(found["f1"]) == {"single", "full", "sliding"}
    assert found["f1"]["single"] > 0.6
    assert found["same_first_patch"] > 0.5
    assert found["mb"]["sliding"] < found["mb"]["full"]
    endless = measure_endless(model, 2, 10)
    assert endless["mb_at_the_end"] == pytest.approx(endless["mb_after_a_tenth"], rel=0.05)
