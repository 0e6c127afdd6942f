"""Configurations of exported models say what those of torch say."""

from __future__ import annotations

import pytest

from molmo_act.embedded.config import ModelConfig
from molmo_act.errors import InputError
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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"patch_location": "5x5"}, "config.patch_location is '5x5'; expected '3x3'"),
        ({"patch_location": None}, "config.patch_location is None"),  # which would give no point at all
        ({"no_more_points_class": 0}, "config.no_more_points_class is 0; expected true or false"),
        ({"score_temperature": 0}, "config.score_temperature is 0; expected a number between 1e-06 and"),
        ({"score_temperature": 1e-300}, "config.score_temperature is 1e-300"),  # 0 as a float32: no point
        ({"score_temperature": 1e999}, "config.score_temperature is inf"),
        ({"score_curve": []}, "config.score_curve is .*expected a list of 2"),
        ({"score_curve": "ab"}, "config.score_curve is 'ab'"),
        ({"score_curve": [0, 1]}, "config.score_curve is 0.*expected a slope above 0"),
        ({"absent_curve": [1, float("nan")]}, "config.absent_curve is nan"),
        ({"mask_patches": "sometimes"}, "config.mask_patches is 'sometimes'; expected 'always'"),
        ({"mask_patches": ["always"]}, "config.mask_patches is"),
        ({"temporal_module": "foo"}, "config.temporal_module is 'foo'"),
        ({"patch_token_id": -1}, "config.patch_token_id is -1; expected a whole number from 0"),
        ({"patch_token_id": 10**6}, "config.patch_token_id is 1000000"),
        ({"image_patch_id": 1.0}, "config.image_patch_id is 1.0"),
        ({"text_config": []}, "config.text_config is .*expected values by name"),
        ({"text_config": {}}, "it lacks config.text_config.vocab_size"),
    ],
)
def test_values_that_no_model_has_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        ModelConfig.of({**tiny_model().config.to_dict(), **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0; expected a whole number from 1 to 1024"),
        ({"num_hidden_layers": True}, "num_hidden_layers is True"),
        ({"max_position_embeddings": "8192"}, "max_position_embeddings is '8192'"),
        ({"vocab_size": 10**30}, "vocab_size is 1"),
        ({"head_dim": 0}, "head_dim is 0"),
        ({"head_dim": None, "num_attention_heads": 5}, "hidden_size of .* for 5 num_attention_heads"),
    ],
)
def test_sizes_that_no_model_has_are_named(changes, message):
    said = tiny_model().config.to_dict()
    with pytest.raises(InputError, match=message):
        ModelConfig.of({**said, "text_config": {**said["text_config"], **changes}})
