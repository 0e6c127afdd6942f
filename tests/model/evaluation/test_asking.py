"""Asking: the official prompt unless the user gives another, and points as official programs read them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import molmo_act
from model.evaluation.asking import Asker
from model.evaluation.benchmark import Case
from molmo_act import ModelOptions, Points
from molmo_act.errors import InputError
from tests.model.evaluation.harness import Doubling

CASE = Case(0, {}, prompt="Point to the red mug", query="red mug")
IMAGE = np.zeros((40, 80, 3), np.uint8)


class Recorder:
    """Answers one text, and keeps how it was asked."""

    def __init__(self, grounding: bool, text: str = "") -> None:
        self.runtime = SimpleNamespace(has_grounding_tokens=grounding, config=SimpleNamespace())
        self.text = text

    def point(self, images, queries, **options):
        self.queries, self.options = queries, options
        return [
            Points(xy=[[8, 4]], score=[0.5], image_size=[(80, 40)], query="q", text=self.text)
            for _ in queries
        ]


def test_the_official_prompt_is_sent_as_it_is_and_another_one_takes_the_query():
    model = Recorder(grounding=True)
    Asker(model, ModelOptions(max_crops=8)).points([CASE], [IMAGE])
    assert model.queries == ["Point to the red mug"]
    assert model.options == {"prompt": "raw", "min_score": 0.0, "max_crops": 8}
    Asker(model, ModelOptions(prompt="gui", exactly=1)).points([CASE], [IMAGE])
    assert model.queries == ["red mug"]
    assert model.options == {"prompt": "gui", "min_score": 0.0, "exactly": 1}


def test_points_of_a_text_are_read_as_the_official_program_reads_them():
    text = "Click(50.0, 25.0) Click(100.0, 0.0)"  # which the library's own reader of Molmo 2 does not read
    [found] = Asker(Recorder(False, text), ModelOptions()).points([CASE], [IMAGE])
    assert found.points == ((1, 0, 40.0, 10.0), (2, 0, 80.0, 0.0))
    [found] = Asker(Recorder(True, text), ModelOptions()).points([CASE], [IMAGE])
    assert found.points == ((1, 0, 8.0, 4.0),)
    assert found.absent is None or not math.isnan(found.absent)


def test_a_model_that_was_taught_to_point_is_not_asked_in_words():
    class Words(Doubling):
        asks = "words"

    nano = molmo_act.load("nano", device="cpu")
    with pytest.raises(InputError, match="nano was taught to point"):
        Asker(nano, ModelOptions()).check(Words())
    Asker(nano, ModelOptions()).check(Doubling())
