"""Answers of text models, from a model that says what it was told to."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from molmo_act.generation.text import generate_text

END, OPENING = 1, 7


class Scripted:
    """Gives each row of a batch its ids one after another, each with a probability of 0.8."""

    def __init__(self, *scripts: list[int], pause: float = 0.0) -> None:
        self.scripts, self.pause = scripts, pause
        self.calls: list[dict[str, Any]] = []

    def __call__(self, **inputs: Any) -> SimpleNamespace:
        self.calls.append(inputs)
        step = len(self.calls) - 1
        probabilities = torch.full((len(self.scripts), 1, 10), 0.2 / 9)
        for row, script in enumerate(self.scripts):
            probabilities[row, 0, script[min(step, len(script) - 1)]] = 0.8
        time.sleep(self.pause)
        return SimpleNamespace(logits=probabilities.log(), past_key_values=step)


def generate(model: Scripted, **options: Any):
    inputs = {"attention_mask": torch.ones(len(model.scripts), 3, dtype=torch.long)}
    settings = {"opening_id": OPENING, "end_ids": [END], "max_new_tokens": 9} | options
    return generate_text(model, inputs, **settings)  # type: ignore[arg-type]


def test_rows_end_at_their_own_end_and_the_batch_at_the_last():
    found = generate(Scripted([OPENING, 5, END], [4, END]))
    assert [answer.tokens for answer in found.answers] == [[OPENING, 5], [4]]
    assert [answer.truncated for answer in found.answers] == [False, False]
    assert found.answers[0].probabilities == pytest.approx([0.8, 0.8])
    assert [answer.opening_probability for answer in found.answers] == pytest.approx([0.8, 0.2 / 9])
    assert found.steps == 2


def test_each_step_feeds_the_chosen_ids_behind_what_was_read():
    model = Scripted([3, 4, END])
    generate(model)
    assert [call["input_ids"].tolist() for call in model.calls[1:]] == [[[3]], [[4]]]
    assert [call["past_key_values"] for call in model.calls[1:]] == [0, 1]
    assert [call["attention_mask"].shape[1] for call in model.calls] == [3, 4, 5]


def test_the_longest_answer_is_truncated():
    [answer] = generate(Scripted([3]), max_new_tokens=4).answers
    assert (answer.tokens, answer.truncated) == ([3] * 4, True)


def test_a_timeout_returns_what_there_is():
    [answer] = generate(Scripted([3], pause=0.02), timeout=0.01).answers
    assert (answer.tokens, answer.truncated) == ([3], True)
