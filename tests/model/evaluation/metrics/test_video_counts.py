"""Counts in videos against the scores of Molmo2's evaluator, and the formulas of the papers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from model.evaluation.metrics.video_counts import CountScore, read_count, summarise_counts
from tests.model.evaluation.oracle import AGGREGATE, oracle


def test_every_answer_is_read_and_scored_as_in_the_official_evaluator():
    official = oracle("count_video_molmo2")
    found = []
    for case in official["cases"]:
        truth = case["gt"]
        score = CountScore(truth["count"], read_count(case["prediction"]["text"]), truth["category"])
        found.append(score)
        given = {"correct": score.correct, "close": score.close, "valid": score.predicted is not None}
        assert given == case["scores"], (case["id"], case["prediction"])
    summary = summarise_counts(found)
    for key, value in official["aggregate"].items():
        assert summary[key] == pytest.approx(value, abs=AGGREGATE), key


def test_formulas():
    official = oracle("count_formulas")
    scores = [CountScore(case["gt"], case["pred"]) for case in official["cases"]]
    for case, score in zip(official["cases"], scores, strict=True):
        expected = case["scores"]
        assert score.correct == expected["exact"]
        assert score.close == expected["close_video"]
        assert score.overcount(5) == expected["overcount_gt5_gt2x"]
        assert score.overcount(5, inclusive=True) == expected["overcount_ge5_ge2x"]
        assert score.overcount(10) == expected["overcount_gt10_gt2x"]
    summary, expected = summarise_counts(scores), official["aggregate"]
    assert summary["MAE"] == pytest.approx(expected["MAE"], abs=AGGREGATE)
    assert 100 * summary["correct"] == pytest.approx(expected["EMA_percent"], abs=AGGREGATE)
    assert summary["close"] == pytest.approx(expected["close_video"], abs=AGGREGATE)
    assert summary["overcount"] == pytest.approx(expected["overcount_gt5_gt2x"], abs=AGGREGATE)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("7", 7),
        (" 7.. ", 7),
        ("There are none.", None),  # even where nothing is there
        ("three", None),
        ('Counting the <points coords="0.5 1 500 500">cups</points> shows a total of 1.', 1),
        ('<points coords="0.5 1 500 500 2 100 100">cups</points>', None),  # points are not counted
        ("a total of 3, or rather a total of 4", 3),
        ("", None),
    ],
)
def test_numbers_in_words(text, count):
    assert read_count(text) == count


def test_an_answer_without_a_count_is_wrong_and_stays_in_the_denominator():
    summary = summarise_counts([CountScore(2, 2), CountScore(0, None)])
    assert (summary["correct"], summary["valid"], summary["MAE"]) == (0.5, 0.5, 0)
    assert math.isnan(summarise_counts([CountScore(0, None)])["MAE"])
    assert np.isnan(summary["per_category_average"])  # bins without a video, as in the original
