"""Options of `generate` and of a forward pass that this model cannot use: refused by name."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import GenerationConfig

from molmo_act.errors import InputError
from molmo_act.models.forward_options import (
    GENERATE_OPTIONS,
    check_generate_options,
    checked_forward_options,
)
from tests.support.tiny_checkpoint import SNIPPET, load_case, tiny_model, tiny_processor


@pytest.fixture(scope="module")
def inputs() -> dict[str, Any]:
    found = tiny_processor().apply_chat_template(load_case("image_one")[0], **SNIPPET)
    found.pop("metadata")
    return dict(found)


UNUSABLE = {
    **{"use_cache": False, "num_beams": 2, "num_return_sequences": 2, "guidance_scale": 2.0},
    **{"inputs_embeds": torch.zeros(1, 3, 64), "prompt_lookup_num_tokens": 3, "assistant_early_exit": 1},
    **{"assistant_model": object(), "prefill_chunk_size": 32},
}


@pytest.mark.parametrize("name", GENERATE_OPTIONS)
def test_generate_refuses_what_it_cannot_use(inputs, name):
    with pytest.raises(InputError, match=rf"^{name}=.* was given to generate\(\), which cannot use it: "):
        tiny_model().generate(**inputs, max_new_tokens=3, **{name: UNUSABLE[name]})


def test_a_generation_config_is_checked_too():
    with pytest.raises(InputError, match="num_beams=4"):
        check_generate_options({}, GenerationConfig(num_beams=4))
    check_generate_options({"num_beams": 1}, GenerationConfig(num_beams=4))
    check_generate_options({}, None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": torch.zeros(1, 3)}, "labels were given, but a forward pass computes no loss"),
        ({"labels": torch.zeros(3)}, "labels were given"),
        ({"inputs_embeds": torch.zeros(1, 3, 64)}, "inputs_embeds were given"),
        ({"foo": 3}, "Unknown option foo of a forward pass"),
        ({"output_hidden_states": True}, "output_hidden_states=True"),
        ({"output_attentions": True}, "output_attentions=True"),
        ({"return_dict": False}, "return_dict=False"),
    ],
)
def test_a_forward_pass_ignores_nothing(inputs, options, message):
    with pytest.raises(InputError, match=message):
        tiny_model()(**inputs, **options)


def test_what_says_nothing_is_accepted():
    options = {"labels": None, "return_dict": True, "output_attentions": None, "is_causal": True}
    assert checked_forward_options(options) == {"output_attentions": None, "is_causal": True}
