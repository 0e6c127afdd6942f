"""Reads the sizes of a model from its config.json, with neither torch nor transformers.

Attributes are called as those of transformers' configurations, so that either can be given where sizes are
asked for. A size that is missing is refused: transformers would take that of an 8B model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from molmo_act.errors import CheckpointError

MODEL_TYPES = ("molmo_point", "molmo2")
KNOWN_TYPES = (*MODEL_TYPES, "molmo")
"""With that of Molmo 1, see `molmo_act.doctor.molmo_sizes`."""
MOST = 2**24
"""Of any size; the largest vocabularies have 2**18 words."""
MOST_LAYERS = 1024
LOCATIONS = 9
"""Of a patch, in the only grid that there is."""


@dataclass(frozen=True)
class Attention:
    """Heads of one part of a model, and the widths around them."""

    hidden_size: int
    num_attention_heads: int
    num_key_value_heads: int
    head_dim: int
    intermediate_size: int
    attention_bias: bool

    @property
    def queries(self) -> int:
        """Width of the queries of all heads."""
        return self.num_attention_heads * self.head_dim

    @property
    def keys(self) -> int:
        """Width of the keys of all heads, which is that of the values."""
        return self.num_key_value_heads * self.head_dim


@dataclass(frozen=True)
class Text(Attention):
    """The language model; `qk_norm_type` is "none" where queries and keys have no norm.

    A model with experts has a router in each block, and runs some of them for a token.
    """

    num_hidden_layers: int
    vocab_size: int
    additional_vocab_size: int
    max_position_embeddings: int
    qk_norm_type: str
    tie_word_embeddings: bool
    experts: int = 1
    experts_used: int = 1


@dataclass(frozen=True)
class Vision(Attention):
    """The vision tower, up to the last layer that is used; CLIP's has a class token."""

    num_hidden_layers: int
    num_position_embeddings: int
    patch_size: int
    num_channels: int
    class_token: bool = False


@dataclass(frozen=True)
class Adapter(Attention):
    """The connector."""

    text_hidden_size: int
    vision_feature_layer: tuple[int, ...]
    mlp_bias: bool
    attention_pooling_out_layer: bool
    positional_embeddings: int


@dataclass(frozen=True)
class Sizes:
    """A model.

    Attributes:
        text_config, vision_config, adapter_config: Its parts.
        points: Whether it has a grounding head; else it writes coordinates as text.
        patch_embed_dim: Width of the grounding queries and keys.
        layer_norm_x: Whether the grounding head has a norm of its own.
        no_more_points_class: Whether it has a key for "no more points".
        temporal_module: How earlier frames are mixed in; None for not at all.
    """

    text_config: Text
    vision_config: Vision
    adapter_config: Adapter
    points: bool
    patch_embed_dim: int = 0
    layer_norm_x: bool = True
    no_more_points_class: bool = True
    temporal_module: str | None = None

    @property
    def extended_vocab_start(self) -> int:
        """Number of words, special ones included."""
        return self.text_config.vocab_size + self.text_config.additional_vocab_size


def read_sizes(config: Mapping[str, Any]) -> Sizes:
    """Reads the sizes of a model.

    Args:
        config: Content of config.json, as it is released or as transformers writes it.

    Returns:
        Its sizes.

    Raises:
        CheckpointError: It is of no model that points, or a size is missing or of none.
    """
    kind = config.get("model_type")
    if not isinstance(kind, str) or kind not in MODEL_TYPES:
        raise CheckpointError(
            f"config.json is of model type {kind!r}; expected {' or '.join(map(repr, KNOWN_TYPES))}."
        )
    points = kind == "molmo_point"
    text, vision, adapter = (
        _Part(config, *names)
        for names in (("text_config",), ("vit_config", "vision_config"), ("adapter_config",))
    )
    layers = vision.size("num_hidden_layers", most=MOST_LAYERS)
    chosen = adapter.layers(("vit_layers", "vision_feature_layer"), layers)
    sizes = Sizes(
        text_config=Text(
            **text.attention("qkv_bias", "attention_bias"),
            num_hidden_layers=text.size("num_hidden_layers", most=MOST_LAYERS),
            vocab_size=text.size("vocab_size"),
            additional_vocab_size=text.size("additional_vocab_size", least=0),
            max_position_embeddings=text.size("max_position_embeddings"),
            qk_norm_type=str(text.get("qk_norm_type")),
            tie_word_embeddings=bool(text.get("tie_word_embeddings")),
        ),
        vision_config=Vision(
            **vision.attention("attention_bias", otherwise=True),
            num_hidden_layers=min(layers, max(chosen) + 1),
            num_position_embeddings=vision.size("image_num_pos", "num_position_embeddings"),
            patch_size=vision.size("image_patch_size", "patch_size"),
            num_channels=vision.size("num_channels", otherwise=3),
        ),
        adapter_config=Adapter(
            **adapter.attention("attention_bias", otherwise=True),
            text_hidden_size=adapter.size("text_hidden_size"),
            vision_feature_layer=chosen,
            mlp_bias=bool(adapter.get("mlp_bias")),
            attention_pooling_out_layer=bool(adapter.get("attention_pooling_out_layer")) or not points,
            positional_embeddings=adapter.size("positional_embeddings", least=0, otherwise=0),
        ),
        points=points,
        patch_embed_dim=_Part({"": config}, "").size("patch_embed_dim") if points else 0,
        layer_norm_x=bool(config.get("layer_norm_x", True)),
        no_more_points_class=bool(config.get("no_more_points_class", True)),
        temporal_module=config.get("temporal_module") if points else None,
    )
    _check_fit(sizes)
    return sizes


class _Part:
    """One part of config.json; a key may have several names, of which the first that is there counts."""

    def __init__(self, config: Mapping[str, Any], *names: str) -> None:
        self._name = next((name for name in names if name in config), names[0])
        part = config.get(self._name)
        if not isinstance(part, Mapping):
            raise _wrong(self._name, part, "the sizes of that part")
        self._part = part

    def get(self, *keys: str) -> Any:
        return next((self._part[key] for key in keys if self._part.get(key) is not None), None)

    def size(self, *keys: str, least: int = 1, most: int = MOST, otherwise: int | None = None) -> int:
        value = self.get(*keys)
        if value is None and otherwise is not None:
            return otherwise
        if type(value) is not int or not least <= value <= most:
            key = next((key for key in keys if key in self._part), keys[0])
            raise _wrong(f"{self._name}.{key}".strip("."), value, f"a whole number from {least} to {most}")
        return value

    def attention(self, *bias: str, otherwise: bool = False) -> dict[str, Any]:
        found = {
            key: self.size(key)
            for key in ("hidden_size", "num_attention_heads", "num_key_value_heads", "intermediate_size")
        }
        heads, shared = found["num_attention_heads"], found["num_key_value_heads"]
        if heads % shared:
            raise _wrong(f"{self._name}.num_key_value_heads", shared, f"a divisor of the {heads} heads")
        each = self.size("head_dim", otherwise=max(1, found["hidden_size"] // heads))
        flag = self.get(*bias)
        return found | {"head_dim": each, "attention_bias": otherwise if flag is None else bool(flag)}

    def layers(self, keys: tuple[str, ...], of: int) -> tuple[int, ...]:
        chosen = self.get(*keys)
        known = isinstance(chosen, (list, tuple)) and chosen
        if not known or not all(type(each) is int and -of <= each < of for each in chosen):
            key = next((key for key in keys if key in self._part), keys[0])
            raise _wrong(
                f"{self._name}.{key}", chosen, f"some from {-of} to {of - 1}, of the vision tower's {of}"
            )
        return tuple(each % of for each in chosen)


def _check_fit(sizes: Sizes) -> None:
    """Refuses parts that do not fit one another."""
    text, vision, adapter = sizes.text_config, sizes.vision_config, sizes.adapter_config
    patches = vision.num_position_embeddings
    if math.isqrt(patches) ** 2 != patches:
        raise _wrong("vit_config.image_num_pos", patches, "a square, as patches of a crop are")
    if adapter.text_hidden_size != text.hidden_size:
        expected = f"the width of the language model, {text.hidden_size}"
        raise _wrong("adapter_config.text_hidden_size", adapter.text_hidden_size, expected)
    if adapter.hidden_size != vision.hidden_size:
        expected = f"the width of the vision tower, {vision.hidden_size}"
        raise _wrong("adapter_config.hidden_size", adapter.hidden_size, expected)


def _wrong(key: str, value: object, expected: str) -> CheckpointError:
    return CheckpointError(f"config.json says {key!r}: {value!r}; expected {expected}.")
