"""Molmo 1 against what the original code computed: hidden states, logits, greedy ids and texts."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

from molmo_act.errors import InputError
from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration
from tests.support.tiny_molmo1 import (
    CASES,
    STYLES,
    molmo1_case,
    molmo1_inputs,
    molmo1_model,
    molmo1_processor,
)

TOLERANCE = {"rtol": 0, "atol": 1e-3}


@pytest.mark.parametrize(("style", "case"), CASES)
def test_hidden_states_and_logits_are_the_recorded_ones(style, case):
    messages, arrays, _ = molmo1_case(style, case)
    model, seen = molmo1_model(style), {}
    hook = model.model.language_model.register_forward_hook(
        lambda _, args, kwargs, out: seen.update(
            embeds=kwargs["inputs_embeds"], hidden=out.last_hidden_state
        ),
        with_kwargs=True,
    )
    try:
        with torch.no_grad():
            logits = model(**molmo1_inputs(style, messages)).logits
    finally:
        hook.remove()
    if "out.inputs_embeds" in arrays:
        np.testing.assert_allclose(seen["embeds"][0], arrays["out.inputs_embeds"], **TOLERANCE)
    np.testing.assert_allclose(seen["hidden"][0], arrays["out.last_hidden_state"], **TOLERANCE)
    np.testing.assert_allclose(logits[0, -8:], arrays["out.logits_last8"], **TOLERANCE)


@pytest.mark.parametrize(("style", "case"), [(style, case) for style, case in CASES if case != "text"])
def test_pooled_windows_and_connector_are_the_recorded_ones(style, case):
    messages, arrays, _ = molmo1_case(style, case)
    model, inputs = molmo1_model(style).model, molmo1_inputs(style, messages)
    pixels, masks, pooling = (inputs[key] for key in ("pixel_values", "image_masks", "image_token_pooling"))
    patches = pixels.shape[1]
    side = int(patches**0.5)
    first = pooling[:, 0].numpy()
    window = first % patches // side // 2 * (side // 2) + first % patches % side // 2
    flat = first // patches * (patches // 4) + window
    with torch.no_grad():
        features = model.encode_patches(pixels, masks)
        connected = model.encode_images(pixels, masks, pooling)
    np.testing.assert_allclose(features.flatten(0, 1)[pooling], arrays["out.pool_kv"][flat], **TOLERANCE)
    expected = arrays["out.connector_out"].reshape(-1, connected.shape[1])[flat]
    np.testing.assert_allclose(connected, expected, **TOLERANCE)


@pytest.mark.parametrize(("style", "case"), CASES)
def test_generate_says_what_was_recorded(style, case):
    messages, arrays, said = molmo1_case(style, case)
    inputs, tokenizer = molmo1_inputs(style, messages), molmo1_processor(style).tokenizer
    made = molmo1_model(style).generate(
        **inputs, max_new_tokens=40, do_sample=False, eos_token_id=tokenizer.eos_token_id
    )
    ids = made[0, inputs["input_ids"].shape[1] :].tolist()
    assert ids == arrays["greedy.ids"].tolist()
    assert tokenizer.decode(ids, skip_special_tokens=True) == said["greedy_text"]


@pytest.mark.parametrize("style", STYLES)
def test_padding_changes_nothing(style):
    messages, arrays, _ = molmo1_case(style, "small")
    text = [{"role": "user", "content": "A much longer question, which is about nothing at all. " * 4}]
    with torch.no_grad():
        logits = molmo1_model(style)(**molmo1_inputs(style, messages, text)).logits
    np.testing.assert_allclose(logits[0, -8:], arrays["out.logits_last8"], **TOLERANCE)


def test_features_of_padding_have_an_embedding_added():
    connector = molmo1_model("tiny").model.multi_modal_projector
    masks = torch.tensor([[0, 0.5, 1, -1]])
    with torch.no_grad():
        marked = connector.mark_padding(torch.zeros(1, 4, 64), masks)[0]
    whole, part = connector.pad_embed.detach()
    assert torch.equal(marked, torch.stack((whole, part, torch.zeros(64), part)))


def test_a_model_without_an_embedding_of_padding():
    said = dict(molmo1_model("tiny_e").config.released)
    model = MolmoForConditionalGeneration(MolmoConfig(**{**said, "image_padding_embed": None}))
    features = torch.ones(1, 4, 48)
    assert model.model.multi_modal_projector.mark_padding(features, torch.zeros(1, 4)) is features


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"image_masks": None}, ValueError, "pixel_values came without all of"),
        ({"labels": torch.zeros(1, 57)}, InputError, "labels were given"),
        ({"image_token_mask": torch.zeros(1, 57, dtype=torch.bool)}, InputError, "has 0 image tokens but"),
    ],
)
def test_inputs_that_do_not_belong_together(changes, error, message):
    inputs = molmo1_inputs("tiny", molmo1_case("tiny", "small")[0])
    with pytest.raises(error, match=message):
        molmo1_model("tiny")(**{**inputs, **changes})


def test_a_used_model_can_be_copied_and_pickled():
    inputs = molmo1_inputs("tiny", molmo1_case("tiny", "text")[0])
    model = copy.deepcopy(molmo1_model("tiny"))
    with torch.no_grad():
        expected = model(**inputs).logits
        again = pickle.loads(pickle.dumps(model))(**inputs).logits
    assert torch.equal(expected, again)
