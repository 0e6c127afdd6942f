"""PointBench: every recorded answer scores what Molmo2 and PointArena gave it."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Record
from model.evaluation.benchmarks.pointbench import (
    CATEGORIES,
    POINTBENCH,
    in_mask,
    mask_of_image,
    success_molmo2,
    success_pointarena,
)
from model.evaluation.official.molmo1_points import extract_points_pointarena
from molmo_act.errors import InputError
from tests.model.evaluation.oracle import mask, oracle, predicted, same


def test_molmo2():
    said = oracle("pointbench_molmo2")
    records = []
    for number, case in enumerate(said["cases"]):
        shown = mask(case["gt"]["mask_rle"])
        right = success_molmo2(shown, predicted(case["prediction"]["points_px"]).xy)
        assert right == case["scores"]["success"], case["id"]
        records.append(Record(number, {"success": float(right)}, {"category": case["category"]}))
    same(POINTBENCH.figures(records), said["aggregate"])


@pytest.mark.parametrize("family", ["molmo", "gemini", "openai", "qwen"])
def test_pointarena(family):
    said = oracle("pointbench_pointarena")
    right = []
    for case in said["cases"]:
        scores = case["scores"][family]
        if scores is None:  # a row without a mask is skipped
            continue
        points = scores["points_px"]
        if family == "molmo" and points:
            points = extract_points_pointarena(case["prediction"]["molmo"], *case["image_size"])
        found = np.array(points, float).reshape(-1, 2)
        missing = scores["reason"] in ("mask_missing", "image_missing")
        shown = np.zeros((1, 1), bool) if missing else mask(case["gt"]["mask_rle"])
        right.append(success_pointarena(shown, found, case["category"], case["item_count"]))
        assert right[-1] == scores["success"], case["id"]
    assert 100 * np.mean(right) == pytest.approx(said["aggregate"][family]["success_rate_percent"])


def test_edges():
    shown = np.zeros((3, 3), bool)
    shown[0, 0] = True
    assert in_mask(shown, -0.5, 0.9)
    assert not in_mask(shown, -1.0, 0)
    assert not in_mask(shown, 3, 0)
    grey = np.array([[[127, 127, 127], [128, 0, 0]]], np.uint8)
    assert mask_of_image(grey).tolist() == [[False, True]]


def test_a_set_that_is_not_whole_is_refused(tmp_path):
    POINTBENCH.write_standins(tmp_path, np.random.default_rng(0), 5)
    cases = POINTBENCH.cases(tmp_path)
    assert {case.groups["category"] for case in cases} == set(CATEGORIES)
    (tmp_path / "selected_masks").rename(tmp_path / "masks")
    with pytest.raises(InputError, match=r"lacks selected_masks \(or its zip\)"):
        POINTBENCH.cases(tmp_path)
