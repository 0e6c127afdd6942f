"""Scores of points against targets, on cases small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pytest

from model.data.schema import Target
from model.evaluation.metrics.pointing import QueryScore, score_query, summarise

LEFT = Target((10, 10), (0, 0, 20, 20))
RIGHT = Target((110, 10), (100, 0, 120, 20))
RING = Target((10, 2), (0, 0, 20, 20), np.pad(np.zeros((10, 10), bool), 5, constant_values=True))


@pytest.mark.parametrize(
    ("xy", "targets", "expected"),
    [
        ([], [], QueryScore(0, 0, 0, False)),  # rightly empty
        ([], [LEFT], QueryScore(0, 0, 1, False)),  # missed
        ([(5, 5)], [], QueryScore(0, 1, 0, False)),  # seen where there is nothing
        ([(19.9, 0)], [LEFT], QueryScore(1, 1, 1, True)),  # the left and top edges belong to the box
        ([(20, 5)], [LEFT], QueryScore(0, 1, 1, False)),  # the right one does not
        ([(105, 5), (5, 5)], [LEFT, RIGHT], QueryScore(2, 2, 2, True)),  # in any order
        ([(5, 5), (6, 6)], [LEFT, RIGHT], QueryScore(1, 2, 2, True)),  # no target counts twice
        ([(300, 300), (5, 5)], [LEFT], QueryScore(1, 2, 1, False)),  # the best pairing, not the first point
        ([(10, 10)], [RING], QueryScore(0, 1, 1, False)),  # inside the box, in the hole of the mask
        ([(10, 2)], [RING], QueryScore(1, 1, 1, True)),  # on the mask
    ],
)
def test_score_query(xy, targets, expected):
    assert score_query(np.array(xy, float).reshape(-1, 2), targets) == expected


@pytest.mark.parametrize(
    ("score", "f1"),
    [
        (QueryScore(0, 0, 0, False), 1.0),
        (QueryScore(1, 1, 1, True), 1.0),
        (QueryScore(1, 2, 1, True), 2 / 3),
        (QueryScore(0, 3, 1, False), 0.0),
    ],
)
def test_f1(score, f1):
    assert score.f1 == pytest.approx(f1)


def test_summary_keeps_absent_queries_apart():
    scores = [
        QueryScore(1, 1, 1, True),
        QueryScore(0, 1, 1, False),
        QueryScore(0, 0, 0, False),
        QueryScore(0, 1, 0, False),
    ]
    assert summarise(scores) == {
        "queries": 4,
        "f1": 0.5,
        "hit_rate": 0.5,
        "absent_queries": 2,
        "absent_accuracy": 0.5,
    }
    assert summarise(scores[:2]) == {"queries": 2, "f1": 0.5, "hit_rate": 0.5, "absent_queries": 0}
