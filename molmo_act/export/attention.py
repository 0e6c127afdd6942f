"""Attention for graphs: heads that share keys are rows of one product, so that no key is copied."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

GROUPED = "molmo_act_grouped"
"""Name of this attention among those of transformers."""


def grouped_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attends as transformers' "eager" does.

    Args:
        module: The attention layer; unused.
        query: (B, heads, W, D).
        key: (B, key heads, S, D), with a divisor of the number of heads.
        value: (B, key heads, S, D).
        attention_mask: (B, 1, W, S), added to the scores; None for none.
        scaling: Factor of the scores.

    Returns:
        (B, W, heads, D), and None in place of the attention weights.
    """
    batch, heads, fed, width = query.shape
    shared = key.shape[1]
    query = query.reshape(batch, shared, -1, width)
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores.reshape(batch, heads, fed, -1) + attention_mask
        scores = scores.reshape(batch, shared, heads // shared * fed, -1)
    weights = scores.softmax(dim=-1, dtype=torch.float32).to(query.dtype)
    attended = torch.matmul(weights, value).reshape(batch, heads, fed, width)
    return attended.transpose(1, 2), None


AttentionInterface.register(GROUPED, grouped_attention)
AttentionMaskInterface.register(GROUPED, eager_mask)
