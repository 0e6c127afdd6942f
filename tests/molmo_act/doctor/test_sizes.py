"""Sizes are read without torch, and those that no model has are refused by their key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from molmo_act.doctor.sizes import read_sizes
from molmo_act.errors import CheckpointError
from tests.support.paths import ROOT

CONFIG = json.loads((ROOT / "molmo_act/checkpoints/nano/config.json").read_text("utf-8"))


def changed(part: str, **change: Any) -> dict[str, Any]:
    """nano's configuration with other values in a part; None takes a key out."""
    values = CONFIG[part] | change
    return CONFIG | {part: {key: value for key, value in values.items() if value is not None}}


def test_names_of_transformers_are_read_too() -> None:
    vision = dict(CONFIG["vit_config"])
    vision["num_position_embeddings"] = vision.pop("image_num_pos")
    vision["patch_size"] = vision.pop("image_patch_size")
    adapter = dict(CONFIG["adapter_config"])
    adapter["vision_feature_layer"] = adapter.pop("vit_layers")
    text = dict(CONFIG["text_config"])
    text["attention_bias"] = text.pop("qkv_bias")
    other = {key: value for key, value in CONFIG.items() if key != "vit_config"}
    assert read_sizes(
        other | {"vision_config": vision, "adapter_config": adapter, "text_config": text}
    ) == read_sizes(CONFIG)


def test_layers_behind_the_last_that_is_used_are_not_counted() -> None:
    sizes = read_sizes(changed("adapter_config", vit_layers=[-3, -5]))
    assert sizes.vision_config.num_hidden_layers == 4
    assert sizes.adapter_config.vision_feature_layer == (3, 1)


REFUSED = [
    ({"model_type": "llama"}, "model type 'llama'; expected 'molmo_point' or 'molmo2' or 'molmo'"),
    ({"model_type": ["molmo_point"]}, r"model type \['molmo_point'\]; expected"),
    ({"model_type": {}}, r"model type \{\}; expected"),
    ({"adapter_config": None}, "'adapter_config': None; expected the sizes of that part"),
    ({"text_config": 5}, "'text_config': 5; expected the sizes"),
    ({"patch_embed_dim": "wide"}, "'patch_embed_dim': 'wide'; expected a whole number from 1"),
    (changed("vit_config", image_num_pos=10), "image_num_pos': 10; expected a square"),
    (changed("vit_config", hidden_size=None), "'vit_config.hidden_size': None; expected a whole number"),
    (changed("vit_config", num_hidden_layers=10**9), "num_hidden_layers': 1000000000; expected .* to 1024"),
    (changed("text_config", num_key_value_heads=3), "num_key_value_heads': 3; expected a divisor of the 4"),
    (changed("text_config", num_attention_heads=True), "num_attention_heads': True; expected a whole number"),
    (changed("adapter_config", vit_layers=[99]), r"vit_layers': \[99\]; expected some from -6 to 5"),
    (changed("adapter_config", vit_layers=[]), r"vit_layers': \[\]; expected some"),
    (
        changed("adapter_config", text_hidden_size=64),
        "text_hidden_size': 64; expected the width of the language",
    ),
    (
        changed("adapter_config", hidden_size=64),
        "adapter_config.hidden_size': 64; expected the width of the vision",
    ),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_no_model_has_is_refused(change, message) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_sizes(CONFIG | change)


@pytest.mark.parametrize("part", ["text_config", "vit_config", "adapter_config"])
def test_a_part_that_is_missing_is_not_that_of_another_model(part) -> None:
    with pytest.raises(CheckpointError, match=f"'{part}': None; expected the sizes of that part"):
        read_sizes({key: value for key, value in CONFIG.items() if key != part})
