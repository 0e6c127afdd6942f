"""MMMU: options as lists or their text, one image or none."""

from __future__ import annotations

from model.evaluation.benchmark import Case, Prediction
from model.evaluation.benchmarks.mmmu import MMMU, options_of

ROW = {"id": "validation_Art_Theory_12", "question": "Which?", "options": "['cat', 'dog']", "answer": "B"}


def test_rows():
    assert options_of(ROW) == {"A": "cat", "B": "dog"}
    assert options_of({"options": "[]"}) == {}
    assert MMMU.question(ROW) == "Which?\nA. cat\nB. dog"
    assert MMMU.groups(ROW) == {"subject": "Art_Theory"}
    assert MMMU.score(Case(0, ROW), Prediction("The answer is (B)")) == {"score": 1.0}
    several = {**ROW, "options": "[]", "answer": "['4', 'four']"}
    assert MMMU.references(several) == ["4", "four"]
    assert MMMU.score(Case(0, several), Prediction("= 4")) == {"score": 1.0}


def test_options_that_are_images_are_asked_without_one(tmp_path):
    import numpy as np

    MMMU.write_standins(tmp_path, np.random.default_rng(0), 2)
    first = MMMU.cases(tmp_path)[0]
    assert first.read() is not None

    class OneRow:
        def reader(self, index, name):
            return lambda: "image"

    pictured = {**ROW, "options": "['<image 1>', '<image 2>']"}
    assert MMMU.case(0, pictured, OneRow()).read() is None
    assert MMMU.case(0, ROW, OneRow()).read() == "image"
