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
        text = SimpleNamespace(
            num_attention_heads=2, num_key_value_heads=1, hidden_size=4, num_hidden_layers=1
        )
        self.config = SimpleNamespace(text_config=text)

    def get_output_embeddings(self) -> torch.nn.Linear:
        return torch.nn.Linear(4, 10, bias=False)

    def __call__(self, **inputs: Any) -> SimpleNamespace:
        self.calls.append(inputs)
        step = len(self.calls) - 1
        probabilities = torch.full((len(self.scripts), 1, 10), 0.2 / 9)
        for row, script in enumerate(self.scripts):
            probabilities[row, 0, script[min(step, len(script) - 1)]] = 0.8
        time.sleep(self.pause)
        return SimpleNamespace(logits=probabilities.log())


def generate(model: Scripted, **options: Any):
    inputs = {"attention_mask": torch.ones(len(model.scripts), 3, dtype=torch.long)}
    settings = {"opening_ids": [OPENING], "end_ids": [END], "max_new_tokens": 9} | options
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
    assert [call["attention_mask"].shape for call in model.calls] == [
        (1, 1, 3, 3),
        (1, 1, 1, 4),
        (1, 1, 1, 5),
    ]
    assert [call["position_ids"].tolist() for call in model.calls] == [[[0, 1, 2]], [[3]], [[4]]]


def test_one_cache_holds_the_longest_answer_from_the_start():
    model = Scripted([3, 4, END])
    generate(model)
    caches = [call["past_key_values"] for call in model.calls]
    assert len({id(cache) for cache in caches}) == 1
    assert caches[0].capacity == 3 + 9
    assert caches[0].values_2LBHSD.shape == (2, 1, 1, 1, 12, 2)


def test_padding_is_seen_by_nobody_and_has_no_positions():
    model = Scripted([3, END], [3, END])
    mask = torch.tensor([[1, 1, 1], [0, 0, 1]])
    generate_text(model, {"attention_mask": mask}, opening_ids=[7], end_ids=[END], max_new_tokens=4)  # type: ignore[arg-type]
    prefill, step = model.calls
    assert prefill["attention_mask"][1, 0].tolist() == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert step["attention_mask"][1, 0].tolist() == [[False, False, True, True]]
    assert step["position_ids"].tolist() == [[3], [1]]


def test_answers_may_open_with_several_ids():
    [answer] = generate(Scripted([3, END]), opening_ids={3, OPENING}).answers
    assert answer.opening_probability == pytest.approx(0.8 + 0.2 / 9)


def test_the_last_id_of_an_answer_is_not_fed():
    model = Scripted([3])
    assert generate(model, max_new_tokens=4).steps == 3
    assert len(model.calls) == 4


def test_the_longest_answer_is_truncated():
    [answer] = generate(Scripted([3]), max_new_tokens=4).answers
    assert (answer.tokens, answer.truncated) == ([3] * 4, True)


def test_a_timeout_returns_what_there_is():
    [answer] = generate(Scripted([3], pause=0.02), timeout=0.01).answers
    assert (answer.tokens, answer.truncated) == ([3], True)
