"""Questions about images: each set's own score, of right, nearly right and wrong answers."""

from __future__ import annotations

import numpy as np
import pytest

from model.evaluation.benchmark import Case, Prediction, Record
from model.evaluation.benchmarks.image_questions import IMAGE_QUESTIONS

SETS = {one.name: one for one in IMAGE_QUESTIONS}
CHOICE = {"question": "Which?", "options": ["cat", "dog"], "answer": "1"}
LETTER = {"question": "Which?\nA. cat\nB. dog\nLetter only.", "answer": "B"}
CHART = {"query": "How many?", "label": ["100"], "human_or_machine": 0}


@pytest.mark.parametrize(
    ("name", "row", "text", "score"),
    [
        ("vqa2", {"question": "?", "answers": [{"answer": "red"}] * 2 + [{"answer": "a red"}]}, "Red.", 1.0),
        ("textvqa", {"question": "?", "answers": ["two", "2", "x"]}, "Answer: two", 2 / 3),
        ("docvqa", {"question": "?", "answers": ["abcd", "x"]}, "abce", 0.75),
        ("docvqa", {"question": "?", "answers": [""]}, "", 1.0),
        ("infovqa", {"question": "?", "answers": ["abcd"]}, "xyz", 0.0),
        ("chartqa", CHART, "105", 1.0),
        ("chartqa", CHART, "106", 0.0),
        ("ai2d", CHOICE, "dogs", 1.0),
        ("ai2d", CHOICE, "cat", 0.0),
        ("realworldqa", LETTER, "(B)", 1.0),
        ("realworldqa", LETTER, "dog", 0.0),
        ("realworldqa", {"question": "How many?\nA number.", "answer": "Two"}, "2", 1.0),
    ],
)
def test_scores(name, row, text, score):
    assert SETS[name].score(Case(0, row), Prediction(text))["score"] == pytest.approx(score)


def test_prompts():
    assert SETS["ai2d"].question(CHOICE) == "Which?\ncat\ndog"
    assert SETS["realworldqa"].question(LETTER) == LETTER["question"]
    assert SETS["realworldqa"].question({"question": "How many?\nA number.", "answer": "Two"}) == "How many?"


def test_both_halves_of_chartqa():
    records = [Record(0, {"score": 1.0}, {"by": "human"}), Record(1, {"score": 0.0}, {"by": "augmented"})]
    assert SETS["chartqa"].figures(records) == {"score": 0.5, "human": 1.0, "augmented": 0.0}


def test_rows_without_an_answer_stay(tmp_path):
    chart = SETS["chartqa"]
    chart.write_standins(tmp_path, np.random.default_rng(0), 2)
    cases = chart.cases(tmp_path)
    assert [case.problem for case in cases] == [None, None]
    with pytest.raises(ValueError, match="there is no answer"):
        SETS["vqa2"].references({"answers": []})
