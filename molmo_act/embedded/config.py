"""The part of a model's configuration that running it without torch takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LOCATION_GRIDS = {"3x3": 9}


@dataclass(frozen=True)
class TextConfig:
    """Shape of the language model.

    Attributes:
        hidden_size: Width D.
        num_hidden_layers: Layers of the cache.
        num_key_value_heads: Heads of the cache.
        head_dim: Width of a head of the cache.
        max_position_embeddings: Most tokens of prompt and answer.
    """

    hidden_size: int
    num_hidden_layers: int
    num_key_value_heads: int
    head_dim: int
    max_position_embeddings: int


@dataclass(frozen=True)
class ModelConfig:
    """The part of ``config.json`` that running an exported model takes, see `MolmoPointConfig`."""

    text_config: TextConfig
    extended_vocab_start: int
    num_locations: int
    no_more_points_class: bool
    image_patch_id: int
    image_non_indexable_patch_id: int
    patch_token_id: int
    subpatch_token_id: int
    location_token_id: int
    mask_repeats: str | None
    mask_patches: str | None
    mask_subpatches: str | None
    score_temperature: float | None
    score_curve: list[float] | None
    absent_curve: list[float] | None
    temporal_module: str | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> ModelConfig:
        """Reads a configuration.

        Args:
            said: Content of ``config.json``.

        Returns:
            The part that is needed.
        """
        text = said["text_config"]
        heads = int(text["num_attention_heads"])
        width = text.get("head_dim") or text["hidden_size"] // heads
        own = ("score_temperature", "score_curve", "absent_curve", "temporal_module")
        asked = ("mask_repeats", "mask_patches", "mask_subpatches")
        ids = ("image_patch", "image_non_indexable_patch", "patch_token", "subpatch_token", "location_token")
        known: dict[str, Any] = {
            **{f"{name}_id": int(said[f"{name}_id"]) for name in ids},
            **{name: said[name] for name in asked},
            **{name: said.get(name) for name in own},
        }
        return cls(
            text_config=TextConfig(
                int(text["hidden_size"]),
                int(text["num_hidden_layers"]),
                int(text["num_key_value_heads"]),
                int(width),
                int(text["max_position_embeddings"]),
            ),
            extended_vocab_start=int(text["vocab_size"]) + int(text["additional_vocab_size"]),
            num_locations=0 if said["patch_location"] is None else _LOCATION_GRIDS[said["patch_location"]],
            no_more_points_class=bool(said["no_more_points_class"]),
            **known,
        )
