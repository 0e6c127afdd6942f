"""Weights that are counted by arithmetic are those of the model that transformers makes."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
import torch
from torch import nn

from model.benchmarks._random_models import SIZES
from molmo_act.doctor.parameters import PRECISIONS, count
from molmo_act.doctor.sizes import read_sizes
from molmo_act.pointing.load import MODEL_CLASSES, NANO
from molmo_act.quantization.precision import LANGUAGE_BLOCKS, part_of

CONFIG = json.loads((NANO / "config.json").read_text("utf-8"))


def molmo2() -> dict[str, Any]:
    config = MODEL_CLASSES["molmo2"].config_class().to_dict()
    config["adapter_config"]["text_hidden_size"] = config["text_config"]["hidden_size"]
    return config


ADAPTER = {"attention_pooling_out_layer": True, "positional_embeddings": 4, "mlp_bias": True}
TEXT = {"qkv_bias": True, "qk_norm_type": "olmo", "tie_word_embeddings": False}
CASES = {
    "nano": lambda: CONFIG,
    **{name: lambda name=name: SIZES[name]().to_dict() for name in ("MolmoPoint-8B", "MolmoPoint-Vid-4B")},
    **{kind: lambda kind=kind: CONFIG | {"temporal_module": kind} for kind in ("attention", "concatenation")},
    "other settings": lambda: (
        CONFIG
        | {"layer_norm_x": False, "no_more_points_class": False, "text_config": CONFIG["text_config"] | TEXT}
        | {"adapter_config": CONFIG["adapter_config"] | ADAPTER}
    ),
    "layers from the end": lambda: (
        CONFIG | {"adapter_config": CONFIG["adapter_config"] | {"vit_layers": [-3, -5]}}
    ),
    "molmo2": molmo2,
}


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_of_the_model(name) -> None:
    config = CASES[name]()
    kind = MODEL_CLASSES[config["model_type"]]
    with torch.device("meta"):
        model = kind(kind.config_class(**config))
    counts: Counter[str] = Counter()
    for weight_name, weight in model.named_parameters():
        counts[part_of(weight_name)] += weight.numel()
    blocks = [
        layer
        for layer_name, layer in model.named_modules()
        if isinstance(layer, nn.Linear) and part_of(f"{layer_name}.") == LANGUAGE_BLOCKS
    ]
    found = count(read_sizes(config))
    assert dict(found.by_part) == dict(counts)
    assert found.linear == sum(layer.weight.numel() for layer in blocks)
    assert found.rows == sum(layer.out_features for layer in blocks)


def test_parts_are_all_of_it() -> None:
    found = count(read_sizes(CONFIG))
    for precision in PRECISIONS:
        assert sum(found.parts_mb(precision).values()) == found.megabytes(precision)
    narrow, wide = found.parts_mb("nf4"), found.parts_mb("bfloat16")
    assert {part for part in wide if narrow[part] != wide[part]} == {LANGUAGE_BLOCKS}


def test_an_export_is_wide_outside_of_the_language_blocks() -> None:
    """The sizes that docs/embedded.md measured, without tokenizer, graphs and settings of 1.5 MB."""
    found = count(read_sizes(CONFIG))
    measured = {"export fp32": 43.0, "export fp16": 22.3, "export int8": 30.0, "export int4": 28.1}
    for precision, megabytes in measured.items():
        assert found.megabytes(precision) == pytest.approx(megabytes - 1.5, abs=0.5), precision
    large = count(read_sizes(SIZES["MolmoPoint-8B"]().to_dict()))
    assert large.megabytes("export int4") == pytest.approx(11_300, rel=0.01)
    assert large.megabytes("export int8") == pytest.approx(13_900, rel=0.01)
