"""What the released 8B model takes, for machines that are asked whether it runs before it is there."""

from __future__ import annotations

from typing import Any

from molmo_act.doctor.plan import count_parameters, peak_mb, prompt_of

_VISION = {
    **{"hidden_size": 1152, "num_attention_heads": 16, "num_key_value_heads": 16, "head_dim": 72},
    "attention_bias": True,
}
MOLMO_POINT_8B: dict[str, Any] = {
    "model_type": "molmo_point",
    "patch_embed_dim": 512,
    "text_config": {
        **{"hidden_size": 4096, "intermediate_size": 12288, "num_hidden_layers": 36, "head_dim": 128},
        **{"num_attention_heads": 32, "num_key_value_heads": 8, "qk_norm_type": "qwen3"},
        **{"vocab_size": 151936, "additional_vocab_size": 128, "max_position_embeddings": 36864},
    },
    "vit_config": _VISION
    | {"intermediate_size": 4304, "num_hidden_layers": 27, "image_num_pos": 729, "image_patch_size": 14},
    "adapter_config": _VISION
    | {"intermediate_size": 12288, "text_hidden_size": 4096, "vit_layers": [-3, -9]},
}
"""The sizes of its config.json."""
SIDE, MARGINS, CROPS = 27, (4, 4), 8


def released_peak_mb(precision: str) -> float:
    """Estimates what a process takes that loads the released 8B model and reads one image, as a plan does.

    Args:
        precision: One of `molmo_act.doctor.parameters.PRECISIONS`.

    Returns:
        MB at most, with 8 crops.
    """
    return peak_mb(*count_parameters(MOLMO_POINT_8B), precision, prompt_of(CROPS, SIDE, MARGINS))
