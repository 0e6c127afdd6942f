"""Counting in images: every recorded answer scores what Molmo2 gave it, and the figures are its figures."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.counting import COUNTING, count_scores
from model.evaluation.official.counts import count_molmo2
from tests.model.evaluation.oracle import oracle, same

COUNTBENCH, PIXMO_COUNT = COUNTING


def test_molmo2():
    said = oracle("count_image_molmo2")
    records = []
    for number, case in enumerate(said["cases"]):
        text, count = case["prediction"]["text"], case["gt"]["count"]
        answer = Prediction(text, extra={"count": count_molmo2(text)})
        scores = PIXMO_COUNT.score(Case(number, {"count": count}), answer)
        for name in ("correct", "close"):
            assert scores[name] == case["scores"][name], case["id"]
        records.append(Record(number, scores, {"count": str(count)}))
    same({"valid": 1.0, **PIXMO_COUNT.figures(records)}, said["aggregate"])


def test_formulas_that_have_no_official_program():
    said = oracle("count_formulas")
    found = []
    for case in said["cases"]:
        scores = count_scores(case["pred"], case["gt"])
        assert scores["correct"] == case["scores"]["exact"]
        assert scores["close"] == case["scores"]["close_image"]
        assert scores["error"] == case["scores"]["abs_error"]
        assert scores["overcount"] == case["scores"]["overcount_gt5_gt2x"]
        found.append(Record(0, {**scores, "molmo1": 0.0}, {"count": str(case["gt"])}))
    figures = PIXMO_COUNT.figures(found)
    assert figures["MAE"] == pytest.approx(said["aggregate"]["MAE"])
    assert 100 * figures["correct"] == pytest.approx(said["aggregate"]["EMA_percent"])


def test_a_case_that_was_not_asked_is_off_by_all_its_objects():
    assert COUNTBENCH.missed(Case(0, {"number": 0})) == {
        **{"correct": 0.0, "close": 0.0, "overcount": 0.0, "error": 0.0, "molmo1": 0.0}
    }
    assert COUNTBENCH.missed(Case(0, {"number": 7}))["error"] == 7
    assert COUNTBENCH.missed(Case(0, {"number": "many"})) == {}


def test_what_is_counted_is_named_in_the_question(tmp_path):
    import numpy as np

    COUNTBENCH.write_standins(tmp_path, np.random.default_rng(0), 3)
    for case in COUNTBENCH.cases(tmp_path):
        assert case.prompt.startswith("How many ")
        assert case.query
        assert not case.query.startswith("How many")
