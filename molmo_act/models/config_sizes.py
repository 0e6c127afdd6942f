"""Checks the sizes that config.json states, before a model of them is made.

A size that is wrong by some digits would take all memory, or fail within a library that knows no file.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.activations import ACT2FN

from molmo_act.errors import CheckpointError
from molmo_act.models.weight_files import StoredTensor

MOST_LAYERS = 1024
MOST = 2**24
"""Of any other size; the largest vocabularies have 2**18 words."""
SIZES = (
    *("hidden_size", "intermediate_size", "num_attention_heads", "num_key_value_heads", "head_dim"),
    *("vocab_size", "text_hidden_size", "patch_embed_dim", "max_position_embeddings"),
    *(
        "embedding_size",
        "d_model",
        "n_heads",
        "n_kv_heads",
        "mlp_hidden_size",
        "moe_num_experts",
        "moe_top_k",
    ),
    *("image_emb_dim", "image_mlp_dim", "image_num_heads"),
    *("num_channels", "image_num_pos", "image_patch_size", "patch_size", "num_position_embeddings"),
)
POSITIVE = ("rope_theta", "layer_norm_eps", "token_prediction_rotary_theta", "score_temperature")
VISION = ("vit_config", "vision_config", "vision_backbone")
_LAYER = re.compile(r"(.*?)\b(?:blocks|resblocks|layers)\.(\d+)\.")
_VISION_NAME = re.compile(r"vit|vision")
_SLACK = 2**24
"""Numbers that weights may lack; which ones, is said when they are loaded."""


def check_stated_sizes(source: str | os.PathLike[str], config: Mapping[str, Any]) -> None:
    """Refuses sizes and settings, by themselves, that no model has.

    Values of a wrong type are left to the classes of the configuration.

    Args:
        source: Where it is of.
        config: What config.json holds.

    Raises:
        CheckpointError: Naming the key.
    """
    parts = {name: part for name, part in config.items() if isinstance(part, Mapping)}
    for prefix, part in {"": config, **{f"{name}.": part for name, part in parts.items()}}.items():
        for key, value, expected in _wrong_settings(part):
            raise _wrong(source, prefix + key, value, expected)
    tower = next((parts[name] for name in VISION if name in parts), {})
    layers = tower.get("num_hidden_layers", tower.get("image_num_layers"))
    for prefix, part in {"adapter_config.": parts.get("adapter_config", {}), "": config}.items():
        for key in ("vit_layers", "vision_feature_layer"):
            chosen = part.get(key)
            if isinstance(chosen, list) and type(layers) is int and not _are_layers(chosen, layers):
                # transformers takes them modulo the number of layers
                expected = f"some from {-layers} to {layers - 1}, as the vision tower has {layers} layers"
                raise _wrong(source, prefix + key, chosen, expected)


def check_sizes_of_weights(
    source: str | os.PathLike[str],
    model_class: type[PreTrainedModel],
    config: PreTrainedConfig,
    tensors: Mapping[str, StoredTensor],
) -> None:
    """Refuses a configuration of a much larger model than the weights are of.

    Args:
        source: Where both are of.
        model_class: Of the model that is to take the weights.
        config: Its configuration.
        tensors: See `molmo_act.models.weight_files.stored_tensors`.

    Raises:
        CheckpointError: Naming the key, or the numbers of weights.
    """
    stored = {"text_config": _layers(tensors, vision=False), "vision_config": _layers(tensors, vision=True)}
    for part, layers in stored.items():
        stated = getattr(config, part).num_hidden_layers
        if stated > 2 * layers + 8:  # where few are missing, they are named when the others are loaded
            raise _wrong(
                source, f"{part}.num_hidden_layers", stated, f"{layers}, as the weights are of so many"
            )
    needed = _numbers(source, model_class, config)
    held = sum(math.prod(tensor.shape) for tensor in tensors.values())
    if needed > 2 * held + _SLACK:  # of which NF4 packs two into one
        raise CheckpointError(
            f"config.json of {os.fspath(source)!r} states the sizes of a model of {needed:,} numbers, but "
            f"its weights hold {held:,}. Fetch config.json and the weights again, all of one checkpoint."
        )


def _are_layers(chosen: list[Any], layers: int) -> bool:
    return bool(chosen) and all(type(each) is int and -layers <= each < layers for each in chosen)


def _wrong_settings(part: Mapping[str, Any]) -> Iterator[tuple[str, object, str]]:
    """(key, value, what was expected) of what no model has."""

    def is_size(most: int) -> Callable[[object], bool]:
        return lambda value: type(value) is not int or 1 <= value <= most

    checks: list[tuple[tuple[str, ...], Callable[[Any], bool], str]] = [
        (
            ("num_hidden_layers", "n_layers", "image_num_layers"),
            is_size(MOST_LAYERS),
            f"1 to {MOST_LAYERS:,}",
        ),
        (SIZES, is_size(MOST), f"1 to {MOST:,}"),
        (POSITIVE, _is_positive, "a finite number of at least 1e-06"),
        (
            ("hidden_act", "image_mlp_activations"),
            lambda name: not isinstance(name, str) or name in ACT2FN,
            "a function of transformers",
        ),
    ]
    for keys, is_right, expected in checks:
        for key in keys:
            if key in part and not is_right(part[key]):
                yield key, part[key], expected


def _is_positive(value: object) -> bool:
    # Smaller ones are 0 in float32, or make others infinite there.
    return type(value) not in (int, float) or 1e-6 <= value < math.inf  # type: ignore[operator]


def _layers(tensors: Mapping[str, StoredTensor], *, vision: bool) -> int:
    """How many layers weights are of."""
    found = (_LAYER.match(name) for name in tensors)
    return 1 + max(
        (int(match[2]) for match in found if match and bool(_VISION_NAME.search(match[1])) == vision),
        default=-1,
    )


def _numbers(
    source: str | os.PathLike[str], model_class: type[PreTrainedModel], config: PreTrainedConfig
) -> int:
    """How many numbers the parameters of a model are."""
    try:
        with torch.device("meta"):
            model = model_class(config)
    except (
        RuntimeError,
        MemoryError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        ArithmeticError,
    ) as exc:
        reason = " ".join(str(exc).split())[:200]
        raise CheckpointError(
            f"No model can be made of {os.fspath(source)!r}: {reason}. Check the sizes in config.json."
        ) from exc
    return sum(parameter.numel() for parameter in model.parameters())


def _wrong(source: str | os.PathLike[str], key: str, value: object, expected: str) -> CheckpointError:
    return CheckpointError(
        f"config.json of {os.fspath(source)!r} says {key!r}: {value!r:.100}; expected {expected}. Fetch the "
        "file again, or correct the key."
    )
