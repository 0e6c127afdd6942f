"""Windows of frames on a short clip: what is compared, and that nothing grows."""

from __future__ import annotations

import pytest
import torch

import molmo_act
from model.benchmarks.keyframes import measure_drift, measure_endless
from model.benchmarks.tensor_bytes import TensorBytes
from model.data.clips import Clip, ClipSettings

SETTINGS = ClipSettings(seconds=0.8, fps=5, things=2, pillars=False, leaving=False, camera=False, light=False)


def test_the_most_bytes_of_tensors_are_counted_while_they_live():
    with torch.inference_mode(), TensorBytes() as made:
        kept = torch.zeros(1000)
        for _ in range(5):
            kept = kept + 1  # the old one lives until the new one is there
        view = kept.view(10, 100)
        assert made.most == 2 * kept.nbytes
        both = torch.cat((view, view, view))
    assert made.most == kept.nbytes + both.nbytes


def test_windows_are_compared_with_single_pictures_and_stay_as_they_are():
    model = molmo_act.load(device="cpu")
    found = measure_drift(model, [2], [Clip(6_000_003, SETTINGS)])[2]
    assert set(found["f1"]) == {"single", "exact", "bounded"}
    assert found["f1"]["single"] > 0.6
    assert found["same_first_patch"] > 0.5
    assert found["mb"]["bounded"] < found["mb"]["exact"]
    endless = measure_endless(model, 2, 10)
    assert endless["mb_at_the_end"] == pytest.approx(endless["mb_after_a_tenth"], rel=0.05)
