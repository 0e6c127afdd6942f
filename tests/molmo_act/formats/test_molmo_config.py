"""What the released config.json of Molmo 1 say, in the words of transformers, and what is refused."""

from __future__ import annotations

import json
import math

import pytest

from molmo_act.formats.molmo_config import (
    adapter_settings,
    check_fixed,
    check_kinds,
    missing_sizes,
    text_settings,
    text_style,
    vision_settings,
)
from tests.support.tiny_molmo1 import DATA

DENSE, EXPERTS = (json.loads((DATA / style / "config.json").read_text()) for style in ("tiny", "tiny_e"))


def test_sizes_under_either_name():
    dense, experts = text_settings(DENSE), text_settings(EXPERTS)
    assert (dense["hidden_size"], dense["num_key_value_heads"], dense["intermediate_size"]) == (48, 2, 80)
    assert (experts["hidden_size"], experts["num_key_value_heads"], experts["intermediate_size"]) == (
        32,
        4,
        16,
    )
    assert (experts["num_experts"], experts["num_experts_per_tok"], experts["norm_topk_prob"]) == (
        8,
        3,
        False,
    )
    assert (dense["vocab_size"], experts["vocab_size"]) == (416, 416)  # with unused rows
    assert text_settings({**DENSE, "num_key_value_heads": None})["num_key_value_heads"] == 6


def test_the_vision_tower_need_not_be_stated():
    said = {key: value for key, value in DENSE.items() if key != "vision_backbone"}
    assert vision_settings(said)["num_hidden_layers"] == 23
    assert adapter_settings(said)["head_dim"] == 64
    assert vision_settings(DENSE)["num_hidden_layers"] == 11


def test_what_is_missing():
    assert missing_sizes(DENSE) == missing_sizes(EXPERTS) == []
    assert missing_sizes({**DENSE, "hidden_size": None}) == ["hidden_size"]
    assert missing_sizes({**DENSE, "num_key_value_heads": None}) == []
    assert missing_sizes({**EXPERTS, "moe_top_k": None}) == ["moe_top_k"]


@pytest.mark.parametrize(
    ("said", "style"),
    [
        (DENSE, "qwen2"),
        (EXPERTS, "olmoe"),
        ({**DENSE, "norm_after": True, "attention_layer_norm": True, "qkv_bias": False}, "olmo2"),
    ],
)
def test_style(said, style):
    assert text_style(said) == style


@pytest.mark.parametrize("changes", [{"norm_after": True}, {"qkv_bias": False}, {"block_type": "moe"}])
def test_blocks_that_no_molmo_has(changes):
    with pytest.raises(ValueError, match="of which no released Molmo is built"):
        text_style({**DENSE, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"layer_norm_type": "default"},
        {"rope_impl": "interleave"},
        {"clip_qkv": 8.0},
        {"weight_tying": True},
        {"image_projector": "linear"},
    ],
)
def test_values_that_no_molmo_has(changes):
    ((key, value),) = changes.items()
    with pytest.raises(ValueError, match=f"says '{key}': {value!r}, which this library cannot run"):
        check_fixed({**DENSE, **changes})


@pytest.mark.parametrize(
    ("said", "changes", "expected"),
    [
        (DENSE, {"hidden_size": "48"}, "a whole number of at least 1"),
        (DENSE, {"num_attention_heads": True}, "a whole number of at least 1"),
        (DENSE, {"intermediate_size": 1}, "feed-forward layers of two halves"),
        (DENSE, {"rope_theta": -1.0}, "a number above 0"),
        (DENSE, {"layer_norm_eps": math.nan}, "a number above 0"),
        (DENSE, {"qkv_bias": "yes"}, "true or false"),
        (DENSE, {"vision_backbone": [1]}, "the sizes of the vision tower by name"),
        (EXPERTS, {"mlp_ratio": 0}, "a number above 0"),
        (EXPERTS, {"moe_top_k": 9}, "at most 8, the experts there are"),
        (EXPERTS, {"n_layers": 2.5}, "a whole number of at least 1"),
    ],
)
def test_values_of_a_wrong_kind(said, changes, expected):
    check_kinds(said)
    with pytest.raises(ValueError, match=f"expected {expected}. Fetch the file again") as caught:
        check_kinds({**said, **changes})
    assert f"config.json says {next(iter(changes))!r}" in str(caught.value)


@pytest.mark.parametrize(
    "changes", [{"image_model_type": "siglip"}, {"image_head_dim": 5}, {"image_default_input_size": [64, 32]}]
)
def test_vision_towers_that_no_molmo_has(changes):
    ((key, _),) = changes.items()
    with pytest.raises(ValueError, match=f"'vision_backbone.{key}'"):
        vision_settings({**DENSE, "vision_backbone": {**DENSE["vision_backbone"], **changes}})
