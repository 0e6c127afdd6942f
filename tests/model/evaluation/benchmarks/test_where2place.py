"""Where2Place: the share of points in the mask."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Prediction
from model.evaluation.benchmarks.where2place import WHERE2PLACE, share_inside


def test_shares():
    mask = np.zeros((10, 20), bool)
    mask[:, :10] = True
    points = np.array([[5.0, 5.0], [15.0, 5.0], [-3.0, 5.0], [5.0, 10.0]])
    assert share_inside(mask, points, 20, 10) == 0.25
    assert share_inside(mask, points[:1], 20, 10) == 1
    assert share_inside(mask, points[:0], 20, 10) == 0
    assert share_inside(mask, np.array([[15.0, 5.0]]), 40, 20) == 1, "the mask is half as large as the image"


def test_what_is_said_of_the_format_is_left_out(tmp_path):
    WHERE2PLACE.write_standins(tmp_path, np.random.default_rng(0), 2)
    case = WHERE2PLACE.cases(tmp_path)[0]
    assert "formatted" in case.row["text"]
    assert "formatted" not in case.prompt
    mask = case.read_truth()[0]
    y, x = np.argwhere(mask)[0]
    assert WHERE2PLACE.score(case, Prediction("", ((1, 0, x + 0.5, y + 0.5),)))["inside"] == pytest.approx(1)
