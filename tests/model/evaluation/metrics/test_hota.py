"""HOTA against TrackEval's scores, and worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.evaluation.metrics.hota import ALPHAS, MIDDLE, TrackedFrame, combine, hota
from tests.model.evaluation.oracle import AGGREGATE, CASE, oracle

NAMES = {
    "HOTA": "hota",
    "DetA": "det_a",
    "AssA": "ass_a",
    "DetRe": "det_re",
    "DetPr": "det_pr",
    "AssRe": "ass_re",
    "AssPr": "ass_pr",
    "LocA": "loc_a",
    "OWTA": "owta",
}


def frames(case):
    return [
        TrackedFrame(truth, tracks, np.array(similarity, float).reshape(len(truth), len(tracks)))
        for truth, tracks, similarity in zip(
            case["gt_ids"], case["tracker_ids"], case["similarity"], strict=True
        )
    ]


@pytest.mark.parametrize("name", ["hota_graded_trackeval", "hota_binary_trackeval"])
def test_every_case_scores_as_in_trackeval(name):
    official = oracle(name)
    assert len(official["cases"]) >= 60
    for case in official["cases"]:
        found = hota(frames(case))
        for key, attribute in NAMES.items():
            values = getattr(found, attribute)
            assert values.mean() == pytest.approx(case["scores"][key], abs=CASE), (case["id"], key)
            if key in case.get("per_alpha", {}):
                assert values == pytest.approx(case["per_alpha"][key], abs=CASE), (case["id"], key)
        for key in ("TP", "FN", "FP"):
            if key in case["scores"]:
                assert getattr(found, key.lower()).mean() == case["scores"][key]


def test_sequences_are_combined_as_in_trackeval():
    official = oracle("hota_graded_trackeval")
    found = combine([hota(frames(case)) for case in official["cases"]])
    for key, attribute in NAMES.items():
        if key in official["aggregate"]:
            assert getattr(found, attribute) == pytest.approx(official["aggregate"][key], abs=AGGREGATE), key
    assert official["alphas"] == pytest.approx(ALPHAS)


def test_combined_is_not_the_mean_of_the_sequences():
    official = oracle("hota_binary_trackeval")
    found = [hota(frames(case)) for case in official["cases"]]
    combined = combine(found)
    for key, attribute in NAMES.items():
        expected = official["aggregate"]["combined"][key]
        assert getattr(combined, attribute).mean() == pytest.approx(expected, abs=AGGREGATE), key
    mean = np.mean([one.hota.mean() for one in found])
    assert mean == pytest.approx(official["aggregate"]["mean_over_videos_trackeval"], abs=AGGREGATE)


def one_object(points):
    """Frames of one true object; points are (id, whether it lies on the object)."""
    return [
        TrackedFrame(
            [1], [number for number, _ in at], np.array([[float(on) for _, on in at]]).reshape(1, -1)
        )
        for at in points
    ]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([[(1, 1)]] * 4, 1.0),
        ([[(1, 0)]] * 4, 0.0),  # always beside it
        ([[(1, 1)], [(1, 1)], [], []], 0.5),  # half of the frames: DetA = 2/4, AssA = 2/4
        ([[(1, 1)], [(1, 1)], [(2, 1)], [(2, 1)]], math.sqrt(0.5)),  # a new id half way: AssA = 2/4
        ([[(1, 1), (2, 0)]] * 4, math.sqrt(0.5)),  # a second point beside it: DetA = 4/8
    ],
)
def test_by_hand(points, expected):
    assert hota(one_object(points)).hota == pytest.approx(expected)


def test_nothing_at_all():
    found = hota([TrackedFrame([], [], np.zeros((0, 0)))])
    assert (found.hota[MIDDLE], found.loc_a[MIDDLE]) == (0, 1)
    assert combine([]).hota.tolist() == [0.0] * len(ALPHAS)
