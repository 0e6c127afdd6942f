"""Captions: what the judge said is kept with the answer, and scored from there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from model.evaluation import asking_videos
from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.captions import CAPTIONS
from model.evaluation.judges import WordJudge
from tests.model.evaluation.oracle import oracle

ROW = {
    "atomic_statements": ["a dog runs", "it rains"],
    "statement_categories": ["Action", "Event"],
    "aggregated_caption": "A dog runs while it rains.",
}


def test_recorded_replies():
    said = oracle("caption_molmo2_canned_judge")
    records = []
    for number, case in enumerate(said["cases"]):
        judge = case["judge"]
        kept = {"split": "\n".join(judge["split"]), "recall": judge["recall_lines"]}
        answer = Prediction("", extra={**kept, "consistency": judge["consistency_lines"]})
        scores = CAPTIONS.score(Case(number, case["gt"]), answer)
        for name in ("recall", "consistency"):
            assert scores[name] == pytest.approx(case["scores"][name], abs=1e-9), case["id"]
        records.append(Record(number, scores))
    figures = CAPTIONS.figures(records)
    assert figures["f1"] == pytest.approx(said["aggregate"]["f1_of_means_derived"], abs=1e-6)


def test_an_answer_goes_to_the_judge(monkeypatch):
    answers = [Prediction("A dog runs. A cat sleeps.")]
    monkeypatch.setattr(asking_videos, "answer", lambda *args, **options: answers)
    asker = SimpleNamespace(judge=WordJudge())
    [found] = CAPTIONS.ask(asker, [Case(0, ROW)], [None])
    scores = CAPTIONS.score(Case(0, ROW), Prediction.from_json(found.to_json()))
    assert (scores["recall"], scores["consistency"], scores["statements"]) == (0.5, 0.5, 2)
    assert scores["by_category"] == {"Action": 1.0, "Event": 0.0}
    assert CAPTIONS.missed(Case(0, ROW))["recall"] == 0
