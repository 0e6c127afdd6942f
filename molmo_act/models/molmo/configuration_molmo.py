"""MolmoConfig: reads and writes the released `config.json` of Molmo 1 checkpoints."""

# No `from __future__ import annotations`: `strict` checks values against types, not against their names.

import copy
from typing import Any, ClassVar

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, CLIPVisionConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec

from molmo_act.formats.molmo_config import (
    adapter_settings,
    check_fixed,
    check_kinds,
    missing_sizes,
    text_settings,
    text_style,
    vision_settings,
)
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointAdapterConfig

_MOLMO_7B_D: dict[str, Any] = {
    **{"hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4},
    **{"intermediate_size": 37888, "vocab_size": 152064, "embedding_size": 152064},
    **{"max_position_embeddings": 4096, "rope_theta": 1000000.0, "layer_norm_eps": 1e-6},
    **{"qkv_bias": True, "attention_layer_norm": False, "norm_after": False},
}
"""What a configuration that was told nothing is of."""
_NOT_KEPT = (
    *("auto_map", "torch_dtype", "transformers_version", "precision_map", "quantization_config"),
    *("attn_implementation", "experts_implementation", "name_or_path", "output_attentions"),
)
"""What is not of the released form: keys that transformers or this library writes itself, or that would name
remote code, and those of a call."""


@strict
class MolmoVisionConfig(CLIPVisionConfig):
    """The vision tower.

    Attributes:
        num_position_embeddings: Rows of the table of positions: a square, and one for the class token.
    """

    num_position_embeddings: int = 577


@strict
class MolmoAdapterConfig(MolmoPointAdapterConfig):
    """The connector.

    Attributes:
        pad_embed: Whether features of patches that lie on padding have an embedding added.
        temporal: Whether windows are mixed with those of the frames before, as VideoMolmo does; it has no
            `pad_embed`. No file states it: weights do.
    """

    pooling_attention_mask: bool = False  # every window is full
    attention_pooling_out_layer: bool = True
    pad_embed: bool = True
    temporal: bool = False


@strict
class MolmoConfig(PreTrainedConfig):
    """Configuration of a Molmo 1 model, made of the keys of a released `config.json`.

    Attributes:
        text_config: The language model: a `Qwen2Config`, `Olmo2Config` or `OlmoeConfig`.
        vision_config: The vision tower.
        adapter_config: The connector.
        released: The keys that all three were made of, as they are written again. Without any key they are
            those of Molmo-7B-D.

    Raises:
        ValueError: Naming a key that is missing or says what this library cannot run.
    """

    model_type = "molmo"
    sub_configs_defaults: ClassVar = {
        "text_config": SubConfigSpec(AutoConfig, model_type="qwen2"),
        "vision_config": MolmoVisionConfig,
        "adapter_config": MolmoAdapterConfig,
    }

    text_config: Any = None
    vision_config: Any = None
    adapter_config: Any = None
    released: dict[str, Any] | None = None

    def __post_init__(self, **kwargs: Any) -> None:
        said = {key: value for key, value in kwargs.items() if key[0] != "_" and key not in _NOT_KEPT}
        self.released = said = self.released or said or dict(_MOLMO_7B_D)
        missing = missing_sizes(said)
        if missing:
            raise ValueError(f"config.json does not say {', '.join(missing)}. Fetch the file again.")
        check_kinds(said)
        check_fixed(said)
        self.text_config = AutoConfig.for_model(text_style(said), **text_settings(said))
        self.vision_config = MolmoVisionConfig(**vision_settings(said))
        self.adapter_config = MolmoAdapterConfig(**adapter_settings(said))
        own = {key: value for key, value in kwargs.items() if key not in said and key != "auto_map"}
        super().__post_init__(**own)
        self.tie_word_embeddings = False

    def with_temporal_module(self) -> "MolmoConfig":
        """The configuration of a VideoMolmo of these sizes.

        Returns:
            A copy.
        """
        config = copy.deepcopy(self)
        config.adapter_config.temporal, config.adapter_config.pad_embed = True, False
        return config

    @property
    def has_temporal_module(self) -> bool:
        """Whether the model reads a frame with those before it."""
        return bool(self.adapter_config.temporal)

    def to_dict(self) -> dict[str, object]:
        """Writes the configuration in the released form.

        Returns:
            The content of ``config.json``.
        """
        written: dict[str, Any] = super().to_dict()
        for key in ("text_config", "vision_config", "adapter_config", "released"):
            written.pop(key, None)
        return {**written, **(self.released or {})}
