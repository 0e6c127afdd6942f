"""Ways to join masks, on one short clip."""

from __future__ import annotations

import numpy as np

from model.data.clips.generate import Clip, ClipSettings
from model.evaluation.segmentation import inner_point, measure, ways
from molmo_act.segmentation.fusion import AGREEMENT


def test_every_way_is_measured_on_the_same_masks():
    clip = Clip(
        4_000_001, ClipSettings(seconds=1.1, fps=10, objects=2, pillars=False, leaving=False, light=False)
    )
    found = measure(clip, gap=5, agreement=AGREEMENT)
    assert found.keys() == ways(AGREEMENT).keys()
    assert len({len(scores) for scores in found.values()}) == 1
    assert np.mean(found["fusion"]) >= max(np.mean(found["left only"]), np.mean(found["right only"])) - 0.02
    assert np.mean(found["fusion"]) > 0.8


def test_ways_by_hand():
    left, right = np.array([[1, 1, 1, 0, 0]], bool), np.array([[0, 0, 1, 1, 0]], bool)
    joined = {way: join(left, right).astype(int).ravel().tolist() for way, join in ways(AGREEMENT).items()}
    assert joined == {
        "left only": [1, 1, 1, 0, 0],
        "right only": [0, 0, 1, 1, 0],
        "intersection": [0, 0, 1, 0, 0],
        "union": [1, 1, 1, 1, 0],
        "larger": [1, 1, 1, 0, 0],
        "smaller": [0, 0, 1, 1, 0],
        "fusion": [1, 1, 1, 1, 0],
    }


def test_the_inner_point_is_deepest():
    mask = np.zeros((20, 20), bool)
    mask[4:15, 6:17] = True
    assert inner_point(mask).tolist() == [11.5, 9.5]
