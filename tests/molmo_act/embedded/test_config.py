"""Configurations of exported models say what those of torch say."""

from __future__ import annotations

import pytest

from molmo_act.embedded.config import ModelConfig
from tests.support.tiny_checkpoint import tiny_model


def test_a_configuration_is_that_of_the_checkpoint():
    said = tiny_model().config.to_dict()
    found, config = ModelConfig.of(said), tiny_model().config
    for name in ("extended_vocab_start", "num_locations", "mask_repeats", "score_curve", "patch_token_id"):
        assert getattr(found, name) == getattr(config, name), name
    text, model = found.text_config, config.text_config
    for name in ("hidden_size", "num_hidden_layers", "num_key_value_heads", "max_position_embeddings"):
        assert getattr(text, name) == getattr(model, name), name
    width = {**said["text_config"], "head_dim": None, "hidden_size": 96, "num_attention_heads": 4}
    assert ModelConfig.of({**said, "text_config": width}).text_config.head_dim == 24
    with pytest.raises(KeyError):
        ModelConfig.of({**said, "patch_location": "5x5"})
