"""The language models of Molmo 1 against the recorded ones and against transformers' own experts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers.models.olmoe.modeling_olmoe import OlmoeExperts

from molmo_act.models.molmo.language_models import language_model
from tests.support.tiny_molmo1 import STYLES, molmo1_case, molmo1_model


@pytest.mark.parametrize("style", STYLES)
def test_every_block_gives_what_was_recorded(style):
    _, arrays, _ = molmo1_case(style, "small")
    model, found = molmo1_model(style).model.language_model, []
    hooks = [layer.register_forward_hook(lambda _, args, out: found.append(out)) for layer in model.layers]
    try:
        with torch.no_grad():
            hidden = model(
                inputs_embeds=torch.from_numpy(arrays["out.inputs_embeds"])[None]
            ).last_hidden_state
    finally:
        for hook in hooks:
            hook.remove()
    for number, out in enumerate(found):
        np.testing.assert_allclose(out[0], arrays[f"out.block_{number}_out"], rtol=0, atol=1e-3)
    np.testing.assert_allclose(hidden[0], arrays["out.last_hidden_state"], rtol=0, atol=1e-3)


def test_probabilities_of_experts_are_the_recorded_ones():
    _, arrays, _ = molmo1_case("tiny_e", "small")
    model, found = molmo1_model("tiny_e").model.language_model, []
    hooks = [
        layer.mlp.gate.register_forward_hook(lambda _, args, out: found.append(out[0]))
        for layer in model.layers
    ]
    try:
        with torch.no_grad():
            model(inputs_embeds=torch.from_numpy(arrays["out.inputs_embeds"])[None])
    finally:
        for hook in hooks:
            hook.remove()
    probabilities = torch.stack(found).softmax(-1)
    np.testing.assert_allclose(probabilities, arrays["out.router_probs"], rtol=0, atol=1e-4)


def test_experts_are_those_of_transformers():
    config = molmo1_model("tiny_e").config.text_config
    ours = molmo1_model("tiny_e").model.language_model.layers[0].mlp.experts
    theirs = OlmoeExperts(config)
    with torch.no_grad():
        theirs.gate_up_proj.copy_(
            torch.stack([torch.cat((one.gate_proj.weight, one.up_proj.weight)) for one in ours])
        )
        theirs.down_proj.copy_(torch.stack([one.down_proj.weight for one in ours]))
        hidden = torch.randn(11, config.hidden_size)
        weights, chosen = torch.rand(11, config.num_experts).topk(config.num_experts_per_tok)
        torch.testing.assert_close(ours(hidden, chosen, weights), theirs(hidden, chosen, weights))


@pytest.mark.parametrize("style", STYLES)
def test_additional_words_lie_behind_the_table(style):
    config = molmo1_model(style).config.text_config
    model = language_model(config)
    assert model.embed_tokens.weight.shape == (config.vocab_size + 128, config.hidden_size)
