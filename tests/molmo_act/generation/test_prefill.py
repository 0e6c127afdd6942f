"""Prefill: masks, padding, and that a shared prefix changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from molmo_act.generation.prefill import (
    extend_prefix,
    new_cache,
    prefill,
    prefill_prefix,
    prefill_with_prefix,
    prompt_mask,
)
from tests.support.tiny_checkpoint import load_case, model_inputs, tiny_model

DRAFT = (11, 12, 13)


def case() -> dict[str, Any]:
    return model_inputs(load_case("image_one")[1])


def test_images_attend_both_ways_text_backwards_and_padding_to_itself():
    real = torch.tensor([[False, True, True, True, True]])
    image = torch.tensor([[False, False, True, True, False]])
    assert prompt_mask(real, image)[0, 0].int().tolist() == [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 0],
        [0, 1, 1, 1, 1],
    ]


def test_padding_on_the_left_changes_nothing():
    inputs, model = case(), tiny_model()
    length = inputs["input_ids"].shape[1]
    padded = dict(inputs)
    for name in ("input_ids", "attention_mask", "token_type_ids"):
        padded[name] = F.pad(inputs[name], (4, 0))
    with torch.inference_mode():
        plain = prefill(model, inputs, DRAFT, new_cache(model, 1, length + 3))
        found = prefill(model, padded, DRAFT, new_cache(model, 1, length + 7))
    assert (plain.length, found.length) == (length, length + 4)
    assert found.real_BS[0].tolist() == [False] * 4 + [True] * length
    assert found.x_BWD.shape[1] == 1 + len(DRAFT)
    torch.testing.assert_close(found.x_BWD, plain.x_BWD, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.state.patch_keys_BPE, plain.state.patch_keys_BPE, atol=1e-5, rtol=0)
    values = found.cache.values_2LBHSD[..., 4:, :]
    torch.testing.assert_close(values, plain.cache.values_2LBHSD, atol=1e-5, rtol=0)


def test_questions_behind_a_prefix_are_read_as_whole_prompts():
    inputs, model = case(), tiny_model()
    length = inputs["input_ids"].shape[1]
    prefix = prefill_prefix(model, inputs)
    question = inputs["input_ids"][0, prefix.length :].tolist()
    assert 0 < prefix.length < length
    with torch.inference_mode():
        whole = prefill(model, inputs, DRAFT, new_cache(model, 1, length + 3))
        questions = [question, question[1:]]
        shared = prefill_with_prefix(model, prefix, questions, DRAFT, new_cache(model, 2, length + 3))
    assert shared.real_BS.sum(-1).tolist() == [length, length - 1]  # the shorter one is padded
    torch.testing.assert_close(shared.x_BWD[0], whole.x_BWD[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(shared.state.patch_keys_BPE[:1], whole.state.patch_keys_BPE, atol=1e-5, rtol=0)


def test_what_is_read_behind_a_prefix_leaves_it_as_it_was():
    inputs, model = case(), tiny_model()
    prefix = prefill_prefix(model, inputs)
    features = prefix.state.image_features_BPD[0]
    ids, image = (inputs[name][:1, : prefix.length] for name in ("input_ids", "token_type_ids"))
    values, hidden = extend_prefix(model, ids, image.bool(), features, before=prefix.values)
    assert values.shape[4] == 2 * prefix.length
    assert hidden.shape[:2] == (1, prefix.length)
    assert torch.equal(values[..., : prefix.length, :], prefix.values)
    alone, _ = extend_prefix(model, ids, image.bool(), features)
    torch.testing.assert_close(alone, prefix.values, atol=1e-5, rtol=0)


def test_prompts_without_images_are_refused():
    model, ids = tiny_model(), torch.tensor([[3, 4]])
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    with pytest.raises(ValueError, match="no image"):
        prefill(model, inputs, DRAFT, new_cache(model, 1, 5))


def test_an_empty_cache_has_the_shape_and_type_of_the_model():
    text = tiny_model().config.text_config
    cache = new_cache(tiny_model(), 3, 7)
    layers, heads = text.num_hidden_layers, text.num_key_value_heads
    assert cache.values_2LBHSD.shape[:5] == (2, layers, 3, heads, 7)
    assert cache.values_2LBHSD.dtype == torch.float32
    assert not cache.values_2LBHSD.any()
