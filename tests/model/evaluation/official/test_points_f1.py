"""Precision, recall and F1 of points are those of Molmo2 and of Molmo 1 in every recorded case."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import mean
from model.evaluation.metrics.matching import inside
from model.evaluation.official.points_f1 import points_f1, truth_in_pixels
from tests.model.evaluation.oracle import mask, oracle, same

KEYS = ("precision", "recall", "f1")


def test_molmo2():
    said = oracle("pixmo_points_f1")
    found = []
    for case in said["cases"]:
        masks = [mask(one) for one in case["gt"]["masks_rle"]]
        truth = truth_in_pixels(case["gt"]["points_percent"], masks)
        points = np.array(case["prediction"]["points_px"]).reshape(-1, 2)
        found.append(points_f1(points, truth, masks))
        assert found[-1] == pytest.approx(case["scores"], abs=1e-9), case["id"]
    same({key: mean([one[key] for one in found]) for key in KEYS}, said["aggregate"])


def test_molmo_1_measures_distances_to_per_cents():
    """Its truth stays in per cent, and an answer in another form than its five has no points."""
    for case in oracle("pixmo_points_f1_molmo1")["cases"]:
        masks = [mask(one) for one in case["gt"]["masks_rle"]]
        truth = np.array([[point["x"], point["y"]] for point in case["gt"]["points_percent"]])
        points = case["prediction"]["points_px"] if case["prediction"]["valid_format"] else []
        found = points_f1(np.array(points).reshape(-1, 2), truth.reshape(-1, 2), masks)
        assert found == pytest.approx(case["scores"], abs=1e-9), case["id"]


def test_halves_are_rounded_to_even_and_beside_the_mask_is_a_miss():
    shown = np.zeros((4, 4), bool)
    shown[2, 2] = True
    assert inside(shown, 2.5, 1.5)
    assert not inside(shown, 3.5, 2)
    assert not inside(shown, -1, 2)
    assert not inside(shown, 4, 2)
