"""The tokenizer's ids lie as in released checkpoints, and its words come back."""

from __future__ import annotations

import pytest

from model.train.models.nano_tokenizer import ADDITIONAL_SIZE, ANSWER_TOKENS, VISION_TOKENS, train_tokenizer

TEXTS = ["user\nPoint to the red circle", "user\nPoint to the Save button"] * 20
BASE, POINTS = 350, 20


@pytest.fixture(scope="module")
def trained():
    return train_tokenizer(TEXTS, BASE, POINTS)


def test_vision_tokens_follow_the_base_vocabulary_and_point_names_the_additional_one(trained):
    ids = trained.convert_tokens_to_ids
    assert [ids(name) for name in VISION_TOKENS] == list(range(BASE, BASE + len(VISION_TOKENS)))
    first = BASE + ADDITIONAL_SIZE
    assert [ids(f"<POINT_{k}>") for k in range(POINTS)] == list(range(first, first + POINTS))
    assert len(trained) == first + POINTS
    assert all(ids(name) < BASE for name in ANSWER_TOKENS)


@pytest.mark.parametrize("text", ["Point to the red circle", "Größe: 12 %\n…", "x" * 40, " \t\n  a"])
def test_any_text_comes_back(trained, text):
    assert trained.decode(trained(text).input_ids) == text


def test_words_of_the_texts_are_tokens_and_digits_stand_alone(trained):
    assert len(trained(" red circle").input_ids) == 2
    assert len(trained("2026").input_ids) == 4


def test_answers_end_with_the_token_that_ends_turns(trained):
    assert trained.eos_token == trained.bos_token == "<|im_end|>"
    assert trained.pad_token == "<|endoftext|>"
    assert trained.padding_side == "left"
