"""MathVista: choices, whole numbers, numbers of a precision, and lists."""

from __future__ import annotations

import pytest

from model.evaluation.benchmark import Case, Prediction
from model.evaluation.benchmarks.mathvista import MATHVISTA

CHOICE = {"question_type": "multi_choice", "answer_type": "text", "choices": ["10", "12"], "answer": "12"}
WHOLE = {"question_type": "free_form", "answer_type": "integer", "choices": None, "answer": "1200"}
EXACT = {**WHOLE, "answer_type": "float", "precision": 1.0, "answer": "3.1"}
LIST = {**WHOLE, "answer_type": "list", "answer": "[1, 2]"}


@pytest.mark.parametrize(
    ("row", "text", "score"),
    [
        (CHOICE, "B", 1.0),
        (CHOICE, "(B) 12", 1.0),
        (CHOICE, "12", 1.0),
        (CHOICE, "A", 0.0),
        (WHOLE, "It is 1,200", 1.0),
        (WHOLE, "nothing", 0.0),
        (EXACT, "3.14", 1.0),
        (EXACT, "3.2", 0.0),
        (LIST, "[1, 2]", 1.0),
    ],
)
def test_scores(row, text, score):
    assert MATHVISTA.score(Case(0, row), Prediction(text)) == {"score": score}


def test_the_prompt_has_choices_and_unit():
    row = {**CHOICE, "question": "How far?", "unit": "m"}
    assert MATHVISTA.question(row) == "How far? (Unit: m)\n(A) 10\n(B) 12"
