"""The configuration of Molmo 1: made of a released file, written as one."""

from __future__ import annotations

import json

import pytest
from transformers import Olmo2Config, OlmoeConfig, Qwen2Config

from molmo_act.models.molmo import MolmoConfig
from tests.support.tiny_molmo1 import DATA, STYLES

WRITTEN_ANEW = {
    "architectures",
    "auto_map",
    "dtype",
    "torch_dtype",
    "transformers_version",
    "tie_word_embeddings",
}


@pytest.mark.parametrize("style", STYLES)
def test_what_was_read_is_written(style, tmp_path):
    MolmoConfig.from_pretrained(DATA / style).save_pretrained(tmp_path)
    released, written = (
        json.loads((folder / "config.json").read_text()) for folder in (DATA / style, tmp_path)
    )
    assert {key: written[key] for key in released if key not in WRITTEN_ANEW} == {
        key: value for key, value in released.items() if key not in WRITTEN_ANEW
    }
    assert set(written) <= set(released) | WRITTEN_ANEW
    assert "auto_map" not in written


@pytest.mark.parametrize(
    ("style", "kind"), [("tiny", Qwen2Config), ("tiny_o", Olmo2Config), ("tiny_e", OlmoeConfig)]
)
def test_the_language_model_is_one_of_transformers(style, kind):
    config = MolmoConfig.from_pretrained(DATA / style)
    assert type(config.text_config) is kind
    assert config.get_text_config() is config.text_config


def test_without_keys_it_is_that_of_molmo_7b_d():
    config = MolmoConfig()
    text, vision, adapter = config.text_config, config.vision_config, config.adapter_config
    assert (text.num_hidden_layers, text.intermediate_size, text.additional_vocab_size) == (28, 18944, 128)
    assert (vision.num_hidden_layers, vision.num_position_embeddings, vision.image_size) == (23, 577, 336)
    assert (adapter.intermediate_size, adapter.vision_feature_layer) == (18944, [-2, -9])


def test_settings_of_a_call_are_no_keys_of_the_file():
    config = MolmoConfig(attn_implementation="eager")
    assert config.text_config._attn_implementation == "eager"
    assert config.to_dict()["num_hidden_layers"] == 28


def test_sizes_must_be_stated():
    with pytest.raises(ValueError, match="does not say num_attention_heads, intermediate_size"):
        MolmoConfig(hidden_size=8, num_hidden_layers=2, vocab_size=9)
