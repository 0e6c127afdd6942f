"""Attention as plain matrix products, for training on a CPU.

For a few hundred patches without a mask this is several times faster there than the fused kernel, above all
backwards: `python -m model.benchmarks.attention` compares the two. With the dense masks of the language model
it saves less.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel

from molmo_act.models.attention import matrix_attention


def plain_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """Computes softmax(q kᵀ · scaling) v in the precision of its inputs, without dropout.

    Args:
        module: The attention layer; not used.
        query: (batch, heads, length, width of a head).
        key, value: (batch, heads or a divisor of them, other length, width of a head).
        attention_mask: See `molmo_act.models.attention.matrix_attention`.
        scaling: Factor of the products.

    Returns:
        (batch, length, heads, width of a head), and None for the attention weights.
    """
    return matrix_attention(query, key, value, attention_mask, scaling, softmax_dtype=None).contiguous(), None


def use_plain_attention(model: PreTrainedModel) -> None:
    """Switches vision tower and language model to `plain_attention`.

    The connector's tiny windows get eager attention.

    Args:
        model: Changed in place.
    """
    AttentionInterface.register("plain", plain_attention)
    model.set_attn_implementation(
        {"vision_config": "plain", "text_config": "plain", "adapter_config": "eager"}
    )
