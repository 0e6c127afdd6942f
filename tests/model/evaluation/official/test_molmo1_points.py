"""Answers are read as Molmo 1's evaluation and PointArena read them, in every recorded text."""

from __future__ import annotations

from model.evaluation.official.molmo1_points import (
    extract_points,
    extract_points_pointarena,
    is_whole_answer,
)
from tests.model.evaluation.oracle import oracle


def test_molmo_1_reads_every_recorded_text_alike():
    for case in oracle("pixmo_points_f1_molmo1")["cases"]:
        answer = case["prediction"]
        found = [list(point) for point in extract_points(answer["text"], *case["image_size"])]
        assert found == answer["points_px"], case["id"]
        assert is_whole_answer(answer["text"]) == answer["valid_format"], case["id"]


def test_pointarena_reads_every_recorded_text_alike():
    for case in oracle("pointbench_pointarena")["cases"]:
        scores = case["scores"]["molmo"]
        if not scores or not scores["points_px"]:  # nothing was read where mask or image are missing
            continue
        found = extract_points_pointarena(case["prediction"]["molmo"], *case["image_size"])
        wanted = scores["points_px"]
        shown = found if case["category"] == "counting" else found[:1]
        assert [list(point) for point in shown] == wanted, case["id"]
