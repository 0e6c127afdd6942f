"""OSWorld-G: every recorded answer scores what Molmo2 and lmms-eval gave it."""

from __future__ import annotations

from model.evaluation.benchmark import Case, Prediction, Record, mean
from model.evaluation.benchmarks.osworld_g import KINDS, OSWORLD_G, correct_by_kind
from model.evaluation.official.lmms_point import in_pixels, read_point
from tests.model.evaluation.oracle import oracle, predicted, same


def test_molmo2():
    said = oracle("osworld_g_molmo2")
    records = []
    for number, case in enumerate(said["cases"]):
        scores = OSWORLD_G.score(Case(number, case["gt"]), predicted(case["prediction"]["points_px"]))
        assert scores["molmo2"] == case["scores"]["correct"], case["id"]
        records.append(Record(number, scores, {"kind": case["gt"]["box_type"]}))
    figures = OSWORLD_G.figures(records)
    same({"overall": figures["molmo2"]}, said["aggregate"])


def test_lmms_eval():
    said = oracle("osworld_g_lmms")
    found: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for case in said["cases"]:
        row = case["gt"]
        point = read_point(case["prediction"]["text"])
        pixels = None if point is None else in_pixels(point, *row["image_size"])
        right = correct_by_kind(row["box_type"], row["box_coordinates"], pixels)
        assert right == case["scores"]["correct"], case["id"]
        found[row["box_type"]].append(float(right))
    figures = {kind: mean(values) for kind, values in found.items()}
    figures["acc"] = mean([value for values in found.values() for value in values])
    same(figures, said["aggregate"])


def test_saying_that_there_is_nothing_is_a_refusal_but_a_case_that_was_not_asked_is_none():
    case = Case(0, {"box_type": "refusal", "box_coordinates": [-1, -1, -1, -1]})
    assert OSWORLD_G.score(case, Prediction("There are none.")) == {"molmo2": 0.0, "by kind": 1.0}
    assert OSWORLD_G.missed(case) == {"molmo2": 0.0, "by kind": 0.0}
