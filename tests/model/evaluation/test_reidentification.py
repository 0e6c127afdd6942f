"""Pairs of points and the area under the curve, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.reidentification import PointObservation, pairs_by_kind, roc_auc


def pointed(seconds: float, owner: int, query: str = "mug") -> PointObservation:
    return PointObservation(seconds, query, owner, np.zeros((16, 3)), np.ones(4))


def test_pairs_are_sorted_by_what_they_lie_on():
    points = [pointed(0, 1), pointed(0, 2), pointed(1, 1), pointed(1, 0), pointed(1, 3, "cup"), pointed(9, 1)]
    found = {kind: len(pairs) for kind, pairs in pairs_by_kind(points).items()}
    # 1 at 0 s with 1 at 1 s; 2 with 1; 1 and 2 each with the mistake; nobody with another query, or too late
    assert found == {"same object": 1, "two objects": 1, "false positive": 2}


@pytest.mark.parametrize(
    ("higher", "lower", "expected"),
    [([2, 3], [0, 1], 1.0), ([0], [1], 0.0), ([1], [1], 0.5), ([0, 2], [1], 0.5)],
)
def test_area(higher, lower, expected):
    assert roc_auc(higher, lower) == expected
    assert np.isnan(roc_auc([], lower))
