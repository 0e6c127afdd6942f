"""AndroidControl: every recorded answer scores what Molmo 1's program gave it."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.android_control import ANDROID_CONTROL, box_of
from tests.model.evaluation.oracle import oracle, same


def test_molmo_1():
    said = oracle("android_control_molmo1")
    records = []
    for number, case in enumerate(said["cases"]):
        answer = Prediction(case["prediction"]["text"])
        scores = ANDROID_CONTROL.score(Case(number, case["gt"]), answer)
        assert scores == case["scores"], case["id"]
        records.append(Record(number, scores, {"level": "low"}))
    same({"accuracy": ANDROID_CONTROL.figures(records)["accuracy"]}, said["aggregate"])


def test_boxes_need_decimal_numbers_as_officially():
    assert box_of("(1.0, 2.5, 3.0, 4.0)") == (1.0, 2.5, 3.0, 4.0)
    assert box_of(None) is None
    with pytest.raises(ValueError, match="0 decimal numbers"):
        box_of("(1, 2, 3, 4)")
