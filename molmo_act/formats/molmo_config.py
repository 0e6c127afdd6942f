"""What the config.json of a released Molmo 1 says, in the words of transformers' configurations.

The dense models (Molmo-7B-D, 7B-O, 72B) state their language model only; all that is before it is constant.
MolmoE-1B states everything, under the names of the training code. Both may state a `vision_backbone`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ADDITIONAL_WORDS = 128
"""Rows of the table of additional words."""
VIT_LAYERS = (-2, -9)
"""The two layers of the vision tower that the connector reads, in this order."""
CLIP_VIT_L = {
    **{"image_model_type": "openai", "image_default_input_size": [336, 336], "image_patch_size": 14},
    **{"image_emb_dim": 1024, "image_num_heads": 16, "image_num_layers": 23, "image_mlp_dim": 4096},
    **{"image_mlp_activations": "quick_gelu", "image_num_pos": 577, "image_norm_eps": 1e-5},
}
"""CLIP ViT-L/14 at 336 pixels without its last block: the vision tower of a file that says nothing of it."""
SIZES: dict[str, tuple[str, ...]] = {
    "hidden_size": ("hidden_size", "d_model"),
    "num_hidden_layers": ("num_hidden_layers", "n_layers"),
    "num_attention_heads": ("num_attention_heads", "n_heads"),
    "num_key_value_heads": ("num_key_value_heads", "n_kv_heads"),
    "intermediate_size": ("intermediate_size", "mlp_hidden_size", "mlp_ratio"),
    "max_position_embeddings": ("max_position_embeddings",),
    "vocab_size": ("vocab_size",),
    "rope_theta": ("rope_theta",),
    "layer_norm_eps": ("layer_norm_eps",),
}
"""What a file must state, or a model of another size would be made → the keys under which it may."""
FIXED: dict[str, tuple[object, ...]] = {
    "layer_norm_type": ("rms",),
    "rope_impl": ("llama",),
    "activation_type": ("swiglu",),
    "image_pooling_2d": ("attention-meanq",),
    "image_projector": ("mlp",),
    "image_padding_embed": ("pad_and_partial_pad", None),
    "additional_vocab_size": (ADDITIONAL_WORDS,),
    **dict.fromkeys(("image_pooling_h", "image_pooling_w"), (2,)),
    **dict.fromkeys(("rope", "use_position_ids", "layer_norm_with_affine"), (True,)),
    **dict.fromkeys(("weight_tying", "tie_word_embeddings", "include_bias"), (False,)),
    **dict.fromkeys(("bias_for_layer_norm", "scale_logits", "normalize_input_embeds"), (False, None)),
    **dict.fromkeys(("clip_qkv", "multi_query_attention"), (None, False)),
}
"""Keys whose other values no released model has, and what they may say."""
NUMBERS = ("mlp_ratio", "rope_theta", "layer_norm_eps")
"""Of these, what may be no whole number."""
FLAGS = ("norm_after", "attention_layer_norm", "qkv_bias")
"""How the blocks of the language model are built."""
EXPERTS = ("moe_num_experts", "moe_top_k")
"""Sizes of models with experts only."""
_OLMOE = "olmoe"
STYLES = {
    # (experts, norm_after, attention_layer_norm, qkv_bias) -> model type of transformers
    (False, False, False, True): "qwen2",
    (False, True, True, False): "olmo2",
    (True, False, True, False): _OLMOE,
}
"""How the blocks of the language model are built → the model of transformers that builds them so."""


def stated(said: Mapping[str, Any], name: str) -> Any:
    """Looks a size up.

    Args:
        said: Content of config.json.
        name: A key of `SIZES`.

    Returns:
        The first value that is stated; None where none is.
    """
    return next((said[key] for key in SIZES[name] if said.get(key) is not None), None)


def missing_sizes(said: Mapping[str, Any]) -> list[str]:
    """Lists what a file should state and does not.

    Args:
        said: Content of config.json.

    Returns:
        Keys.
    """
    optional = "num_key_value_heads"  # as many as heads
    missing = [name for name in SIZES if name != optional and stated(said, name) is None]
    experts = EXPERTS if said.get("block_type") == "moe" else ()
    return missing + [name for name in experts if said.get(name) is None]


def text_style(said: Mapping[str, Any]) -> str:
    """Says which model of transformers the language model is.

    Args:
        said: Content of config.json.

    Returns:
        "qwen2", "olmo2" or "olmoe".

    Raises:
        ValueError: None is built so.
    """
    experts = said.get("block_type") == "moe"
    built = (experts, *(bool(said.get(key)) for key in FLAGS))
    if built not in STYLES:
        shown = ", ".join(f"{key!r}: {value}" for key, value in zip(FLAGS, built[1:], strict=True))
        raise ValueError(
            f"config.json says {shown}{', and block_type' if experts else ''}{': moe' if experts else ''}, "
            "of which no released Molmo is built. Fetch the file again."
        )
    return STYLES[built]


def check_kinds(said: Mapping[str, Any]) -> None:
    """Refuses values of a kind that a key never has, by the name that the file has for it.

    Args:
        said: Content of config.json, without missing sizes.

    Raises:
        ValueError: Naming the key and what is expected.
    """
    whole = [key for name, keys in SIZES.items() if name not in NUMBERS for key in keys if key not in NUMBERS]
    for key in (*whole, *EXPERTS, "embedding_size"):
        if said.get(key) is not None and (type(said[key]) is not int or said[key] < 1):
            raise _wrong(key, said[key], "a whole number of at least 1")
    for key in NUMBERS:
        if said.get(key) is not None and (type(said[key]) not in (int, float) or not said[key] > 0):
            raise _wrong(key, said[key], "a number above 0")
    for key in FLAGS:
        if not isinstance(said.get(key), (bool, type(None))):
            raise _wrong(key, said[key], "true or false")
    if not isinstance(said.get("vision_backbone"), (Mapping, type(None))):
        raise _wrong("vision_backbone", said["vision_backbone"], "the sizes of the vision tower by name")
    if said.get("block_type") == "moe" and said["moe_top_k"] > said["moe_num_experts"]:
        expected = f"at most {said['moe_num_experts']}, the experts there are"
        raise _wrong("moe_top_k", said["moe_top_k"], expected)
    if _feed_forward(said) < 2:
        key = next(key for key in SIZES["intermediate_size"] if said.get(key) is not None)
        raise _wrong(key, said[key], "feed-forward layers of two halves")


def _wrong(key: str, value: object, expected: str) -> ValueError:
    return ValueError(f"config.json says {key!r}: {value!r:.100}; expected {expected}. Fetch the file again.")


def check_fixed(said: Mapping[str, Any]) -> None:
    """Refuses what no released Molmo 1 says.

    Args:
        said: Content of config.json.

    Raises:
        ValueError: Naming the key and what is accepted.
    """
    for key, known in FIXED.items():
        if key in said and said[key] not in known:
            shown = " or ".join(map(repr, known))
            raise ValueError(
                f"config.json says {key!r}: {said[key]!r:.100}, which this library cannot run; it knows "
                f"{shown}. Use a released checkpoint, or correct the key."
            )


def text_settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of the language model.

    Args:
        said: Content of config.json.

    Returns:
        Keyword arguments of the configuration of `text_style`, and `additional_vocab_size`.
    """
    width, heads = stated(said, "hidden_size"), stated(said, "num_attention_heads")
    settings = {
        "vocab_size": said.get("embedding_size") or stated(said, "vocab_size"),
        "additional_vocab_size": ADDITIONAL_WORDS,
        "hidden_size": width,
        "num_hidden_layers": stated(said, "num_hidden_layers"),
        "num_attention_heads": heads,
        "num_key_value_heads": stated(said, "num_key_value_heads") or heads,
        "intermediate_size": _feed_forward(said) // 2,
        "max_position_embeddings": stated(said, "max_position_embeddings"),
        "rms_norm_eps": float(stated(said, "layer_norm_eps")),
        "rope_parameters": {"rope_type": "default", "rope_theta": float(stated(said, "rope_theta"))},
        "initializer_range": said.get("initializer_range", 0.02),
        "use_cache": said.get("use_cache", True),
        **dict.fromkeys(("pad_token_id", "eos_token_id", "bos_token_id")),
    }
    if text_style(said) == _OLMOE:
        settings["num_experts"] = said["moe_num_experts"]
        settings["num_experts_per_tok"] = said["moe_top_k"]
        settings["norm_topk_prob"] = False
    return settings


def vision_settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of the vision tower.

    Args:
        said: Content of config.json.

    Returns:
        Keyword arguments of `MolmoVisionConfig`.

    Raises:
        ValueError: It is no CLIP vision tower with square crops.
    """
    vision = {**CLIP_VIT_L, **(said.get("vision_backbone") or {})}
    crop = vision["image_default_input_size"]
    rows = crop[0] if isinstance(crop, (list, tuple)) and crop else 0
    heads, width = vision["image_num_heads"], vision["image_emb_dim"]
    for key, expected in (
        ("image_model_type", "openai"),
        ("image_default_input_size", [rows, rows]),
        ("image_num_key_value_heads", heads),
        ("image_head_dim", width // heads),
    ):
        if vision.get(key, expected) != expected:
            raise _wrong(f"vision_backbone.{key}", vision[key], f"{expected!r}, as in all released models")
    return {
        "image_size": rows,
        "patch_size": vision["image_patch_size"],
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_hidden_layers": vision["image_num_layers"],
        "intermediate_size": vision["image_mlp_dim"],
        "hidden_act": vision["image_mlp_activations"],
        "num_position_embeddings": vision["image_num_pos"],
        "layer_norm_eps": vision["image_norm_eps"],
    }


def adapter_settings(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is stated of the connector.

    Args:
        said: Content of config.json.

    Returns:
        Keyword arguments of `MolmoAdapterConfig`.
    """
    vision = vision_settings(said)
    heads = vision["num_attention_heads"]
    return {
        "hidden_size": vision["hidden_size"],
        "num_attention_heads": heads,
        "num_key_value_heads": heads,
        "head_dim": vision["hidden_size"] // heads,
        "intermediate_size": _feed_forward(said) // 2,
        "text_hidden_size": stated(said, "hidden_size"),
        "vision_feature_layer": list(said.get("vit_layers") or VIT_LAYERS),
        "pad_embed": said.get("image_padding_embed", "pad_and_partial_pad") is not None,
    }


def _feed_forward(said: Mapping[str, Any]) -> int:
    """Twice the width of the feed-forward layers, whose first halves and second halves are multiplied."""
    width = next((said[key] for key in ("intermediate_size", "mlp_hidden_size") if said.get(key)), None)
    return int(said["mlp_ratio"] * stated(said, "hidden_size") if width is None else width)
