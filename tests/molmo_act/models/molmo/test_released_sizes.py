"""Models of the released sizes, without memory for their weights: as many numbers as released files hold."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers.core_model_loading import revert_weight_conversion

from molmo_act.models.molmo import MolmoConfig, MolmoForConditionalGeneration

COMMON: dict[str, Any] = {"max_position_embeddings": 4096}
QWEN2 = {**COMMON, "qkv_bias": True, "norm_after": False, "attention_layer_norm": False}
MODELS: dict[str, tuple[dict[str, Any], int, int]] = {
    # config.json, numbers of the release, names: 585 as its index lists them, the others by counting blocks
    "7B-D": ({}, 8_021_025_280, 585),
    "72B": (
        {
            **QWEN2,
            **{"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64},
            **{"num_key_value_heads": 8, "intermediate_size": 59136, "vocab_size": 152064},
            **{"embedding_size": 152064, "rope_theta": 1e6, "layer_norm_eps": 1e-5},
        },
        73_308_285_952,
        949,
    ),
    "7B-O": (
        {
            **COMMON,
            **{"hidden_size": 4096, "num_hidden_layers": 32, "num_attention_heads": 32},
            **{"num_key_value_heads": None, "intermediate_size": 22016, "vocab_size": 100278},
            **{"embedding_size": 100352, "rope_theta": 500000, "layer_norm_eps": 1e-6},
            **{"qkv_bias": False, "norm_after": True, "attention_layer_norm": True},
        },
        7_665_032_192,
        645,
    ),
    "E-1B": (
        {
            **{"d_model": 2048, "n_layers": 16, "n_heads": 16, "n_kv_heads": None, "mlp_ratio": 1},
            **{"mlp_hidden_size": None, "block_type": "moe", "moe_num_experts": 64, "moe_top_k": 8},
            **{"attention_layer_norm": True, "norm_after": False, "qkv_bias": False},
            **{"layer_norm_eps": 1e-5, "rope_theta": 10000.0, "vocab_size": 50280},
            **{"embedding_size": 50304, "max_position_embeddings": 32768},
        },
        7_221_875_712,
        3573,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_numbers_are_those_of_the_release(name):
    said, numbers, names = MODELS[name]
    with torch.device("meta"):
        model = MolmoForConditionalGeneration(MolmoConfig(**said))
    assert sum(parameter.numel() for parameter in model.parameters()) == numbers
    released = revert_weight_conversion(model, dict(model.named_parameters()))
    assert sum(tensor.numel() for tensor in released.values()) == numbers
    assert len(released) == names
    assert ("lm_head.weight" in released) == (name == "E-1B")


def test_a_videomolmo_of_the_released_size():
    with torch.device("meta"):
        model = MolmoForConditionalGeneration(MolmoConfig().with_temporal_module())
    assert sum(parameter.numel() for parameter in model.parameters()) == 8_029_409_792
