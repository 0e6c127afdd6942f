"""Reads the sizes of a Molmo 1 or VideoMolmo from its config.json, with neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from molmo_act.doctor.sizes import Adapter, Sizes, Text, Vision, read_sizes
from molmo_act.errors import CheckpointError
from molmo_act.formats import molmo_config as released

VIDEOMOLMO = "videomolmo"
"""The temporal module of `Sizes`, whose weights alone tell it."""


def read_model_sizes(config: Mapping[str, Any], *, video: bool = False) -> Sizes:
    """Reads the sizes of a model of any family.

    Args:
        config: Content of config.json.
        video: Whether it is a VideoMolmo, whose config.json is that of a Molmo-7B-D.

    Returns:
        Its sizes.

    Raises:
        CheckpointError: It is of no model that points, or a size is missing or of none.
    """
    if config.get("model_type") != "molmo":
        return read_sizes(config)
    missing = released.missing_sizes(config)
    if missing:
        raise CheckpointError(f"config.json does not say {', '.join(missing)}. Fetch the file again.")
    try:
        released.check_kinds(config)
        released.check_fixed(config)
        return _sizes(config, video)
    except (ValueError, TypeError, KeyError, ZeroDivisionError) as error:
        raise CheckpointError(str(error)) from error


def _sizes(config: Mapping[str, Any], video: bool) -> Sizes:
    text, vision = released.text_settings(config), released.vision_settings(config)
    adapter, style = released.adapter_settings(config), released.text_style(config)
    layers = vision["num_hidden_layers"]
    patches = (vision["image_size"] // vision["patch_size"]) ** 2
    return Sizes(
        text_config=Text(
            hidden_size=text["hidden_size"],
            num_attention_heads=text["num_attention_heads"],
            num_key_value_heads=text["num_key_value_heads"],
            head_dim=text["hidden_size"] // text["num_attention_heads"],
            intermediate_size=text["intermediate_size"],
            attention_bias=style == "qwen2",
            num_hidden_layers=text["num_hidden_layers"],
            vocab_size=text["vocab_size"],
            additional_vocab_size=text["additional_vocab_size"],
            max_position_embeddings=text["max_position_embeddings"],
            qk_norm_type="none" if style == "qwen2" else "olmo",
            tie_word_embeddings=False,
            experts=text.get("num_experts", 1),
            experts_used=text.get("num_experts_per_tok", 1),
        ),
        vision_config=Vision(
            hidden_size=vision["hidden_size"],
            num_attention_heads=vision["num_attention_heads"],
            num_key_value_heads=vision["num_attention_heads"],
            head_dim=vision["hidden_size"] // vision["num_attention_heads"],
            intermediate_size=vision["intermediate_size"],
            attention_bias=True,
            num_hidden_layers=layers,
            num_position_embeddings=patches,
            patch_size=vision["patch_size"],
            num_channels=3,
            class_token=True,
        ),
        adapter_config=Adapter(
            hidden_size=adapter["hidden_size"],
            num_attention_heads=adapter["num_attention_heads"],
            num_key_value_heads=adapter["num_key_value_heads"],
            head_dim=adapter["head_dim"],
            intermediate_size=adapter["intermediate_size"],
            attention_bias=True,
            text_hidden_size=adapter["text_hidden_size"],
            vision_feature_layer=tuple(layer % layers for layer in adapter["vision_feature_layer"]),
            mlp_bias=False,
            attention_pooling_out_layer=True,
            # The two embeddings of padding are as wide as features.
            positional_embeddings=2 if adapter["pad_embed"] and not video else 0,
        ),
        points=False,
        temporal_module=VIDEOMOLMO if video else None,
    )
