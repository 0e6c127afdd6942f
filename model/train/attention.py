"""Attention of the vision tower as two plain products, for training on a CPU; knows no model's weights.

For a few hundred patches without a mask this is several times faster there than the fused kernel, above all
backwards: `python -m model.benchmarks.attention` compares the two.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel


def plain_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """softmax(q kᵀ · scaling) v in the precision of its inputs, without mask and dropout.

    Args:
        module: The attention layer; not used.
        query, key, value: (batch, heads, length, width of a head).
        attention_mask: None.
        scaling: Of the products.

    Returns:
        (batch, length, heads, width of a head).
    """
    assert attention_mask is None
    weights = ((query * scaling) @ key.transpose(-1, -2)).softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), None


def use_plain_attention(model: PreTrainedModel) -> None:
    """Switches the vision tower to `plain_attention`, and the connector's tiny windows to eager attention."""
    AttentionInterface.register("plain", plain_attention)
    model.set_attn_implementation({"vision_config": "plain", "adapter_config": "eager"})
