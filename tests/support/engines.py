"""Engines of tiny models, and the slow path that every answer is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pytest
import torch

from molmo_act.formats.grounding_tokens import AnswerGrammar
from molmo_act.generation.engine import Engine
from molmo_act.generation.limits import GenerationLimits
from molmo_act.generation.outputs import GeneratedAnswer
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.support.plain_decoding import plain_answers
from tests.support.tiny_checkpoint import TINY, load_case, model_inputs, tiny_model, tiny_processor

LONGEST = 60
"""Most ids of an answer."""


@lru_cache
def grammar() -> AnswerGrammar:
    """Ids of the tiny checkpoint's answers."""
    return AnswerGrammar.of(tiny_processor().tokenizer)


def engine(model: MolmoPointForConditionalGeneration | None = None, **options) -> Engine:
    """An engine of the tiny model, or of another one of its vocabulary."""
    return Engine(tiny_model() if model is None else model, grammar(), **options)


def plainly(
    model, inputs, words: AnswerGrammar | None = None, longest: int = LONGEST, exactly: int | None = None
) -> list[GeneratedAnswer]:
    """Answers of the slow path."""
    words = words or grammar()
    return plain_answers(
        model,
        inputs,
        opening_id=words.opening[0],
        end_ids=words.end_ids,
        max_new_tokens=longest,
        exactly=exactly,
        grammar=words,
    )


def compare(
    model,
    inputs,
    words: AnswerGrammar,
    queries=None,
    longest: int = LONGEST,
    exactly: int | None = None,
):
    """Asserts that all paths give the same, and returns the engine's answers, with eager steps."""
    expected = plainly(model, inputs, words, longest, exactly)
    for static_shapes in (True, False):
        found = Engine(model, words, static_shapes=static_shapes).generate(
            inputs, queries, limits=GenerationLimits(longest, exactly=exactly)
        )
        assert_same(found.answers, expected)
    return found


def assert_same(rows: Sequence[GeneratedAnswer], expected: Sequence[GeneratedAnswer]) -> None:
    """Asserts that answers are the same, probabilities up to rounding."""
    for row, plain in zip(rows, expected, strict=True):
        assert row.tokens == plain.tokens
        assert row.truncated == plain.truncated
        assert row.refused == plain.refused
        np.testing.assert_allclose(row.probabilities, plain.probabilities, atol=1e-5)
        assert row.opening_probability == pytest.approx(plain.opening_probability, abs=1e-5)
        assert (row.first_patch_probabilities is None) == (plain.first_patch_probabilities is None)
        if plain.first_patch_probabilities is not None:
            np.testing.assert_allclose(
                row.first_patch_probabilities, plain.first_patch_probabilities, atol=1e-5
            )


def talkative(seed: int, eagerness: float, **switches) -> MolmoPointForConditionalGeneration:
    """A model of random weights that likes points as much as words, with other rules of order."""
    config = MolmoPointForConditionalGeneration.config_class.from_pretrained(TINY, **switches)
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.15)
        inputs = model_inputs(load_case("image_one")[1])
        seen = []
        model.model.final_norm.register_forward_hook(lambda *call: seen.append(call[-1]))
        logits = model(**inputs).logits[0, :, : config.extended_vocab_start]
        direction = seen[0][0].mean(0)
        best = logits[-20:].max(-1).values.mean()
        model.lm_head.weight[config.patch_token_id] = eagerness * best * direction / direction.square().sum()
    return model
