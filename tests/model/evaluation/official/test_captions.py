"""Replies of judges are read as the official program reads them, in every recorded case."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import mean
from model.evaluation.official import captions
from tests.model.evaluation.oracle import oracle, same


def test_molmo2_cap_eval():
    said = oracle("caption_molmo2_canned_judge")
    recalls, consistencies = [], []
    for case in said["cases"]:
        truth, judge, scores = case["gt"], case["judge"], case["scores"]
        statements = captions.split_statements("\n".join(judge["split"]))
        assert len(statements) == scores["num_statements"], case["id"]
        recall = captions.read_verdicts(judge["recall_lines"], len(truth["atomic_statements"]))
        consistency = captions.read_verdicts(judge["consistency_lines"], len(statements))
        recalls.append(captions.share_true(recall))
        consistencies.append(captions.share_true(consistency))
        assert recalls[-1] == pytest.approx(scores["recall"], abs=1e-9), case["id"]
        assert consistencies[-1] == pytest.approx(scores["consistency"], abs=1e-9), case["id"]
        found = captions.by_category(recall, truth["statement_categories"])
        assert found == pytest.approx(scores["recall_by_category"], abs=1e-9), case["id"]
        found = captions.by_category(consistency, [category for _, category in statements])
        assert found == pytest.approx(scores["consistency_by_category"], abs=1e-9), case["id"]
    recall, consistency = mean(recalls), mean(consistencies)
    figures = {"recall": recall, "consistency": consistency}
    same(
        {**figures, "f1_of_means_derived": captions.f1(recall, consistency)},
        {key: value for key, value in said["aggregate"].items() if key != "mean_of_case_f1_derived"},
    )


def test_the_older_metric():
    for case in oracle("caption_molmo_style_canned_judge")["cases"]:
        judge, scores = case["judge"], case["scores"]
        recall = captions.share_true(captions.read_verdicts(judge["recall_lines"]))
        assert recall == pytest.approx(scores["recall"], abs=1e-9), case
        found = captions.consistency_molmo(judge["consistency_lines"])
        assert found == pytest.approx(scores["consistency"], abs=1e-9), case


def test_categories_that_are_misspelt():
    assert captions.split_statements("1. A dog | Objects\n\n2) It runs") == [
        ("A dog", "Object"),
        ("It runs", captions.nearest_category("")),
    ]
    assert captions.f1(0, 0) == 0
