"""Attention of heads that share keys, without a copy of the keys for each of them.

Importing this module makes `GROUPED` and `SHARED_KEYS` known to transformers, so that a configuration can
name them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import eager_mask, sdpa_mask

GROUPED = "molmo_act_grouped"
"""Name of `grouped_attention` among those of transformers."""
SHARED_KEYS = "molmo_act_shared_keys"
"""Name of `shared_keys_attention` among those of transformers."""


def matrix_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    scaling: float,
    *,
    softmax_dtype: torch.dtype | None,
) -> Tensor:
    """Computes softmax(q kᵀ · scaling + mask) v as plain matrix products, without dropout.

    Heads that share keys are rows of one product.

    Args:
        query: (B, heads, W, D).
        key: (B, key heads, S, D), with a divisor of the number of heads.
        value: (B, key heads, S, D).
        mask: (B, 1 or heads, W, S), added to the scores; or bool, true where a query attends to a key, which
            every query does to at least one; None for none.
        scaling: Factor of the scores.
        softmax_dtype: Type of the softmax; None for that of the query.

    Returns:
        (B, W, heads, D).
    """
    batch, heads, fed, width = query.shape
    shared = key.shape[1]
    rows = (query * scaling).reshape(batch, shared, -1, width)
    scores = torch.matmul(rows, key.transpose(2, 3))
    if mask is not None:
        scores = scores.reshape(batch, heads, fed, -1)
        scores = scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
        scores = scores.reshape(batch, shared, heads // shared * fed, -1)
    weights = scores.softmax(dim=-1, dtype=softmax_dtype).to(query.dtype)
    attended = torch.matmul(weights, value).reshape(batch, heads, fed, width)
    return attended.transpose(1, 2)


def grouped_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attends as transformers' "eager" does, for graphs: softmax in float32.

    Args:
        module: The attention layer; unused.
        query: See `matrix_attention`.
        key: See `matrix_attention`.
        value: See `matrix_attention`.
        attention_mask: See `matrix_attention`.
        scaling: See `matrix_attention`.

    Returns:
        (B, W, heads, D), and None in place of the attention weights.
    """
    return matrix_attention(query, key, value, attention_mask, scaling, softmax_dtype=torch.float32), None


def shared_keys_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attends as transformers' "sdpa" does, with the same numbers, for CPUs.

    Where there is a mask, "sdpa" copies the keys and values of the whole cache for every head that shares
    them, in every layer of every step; torch's kernel for CPUs needs no copy.

    Args:
        module: The attention layer.
        query: (B, heads, W, D).
        key: (B, key heads, S, D), with a divisor of the number of heads.
        value: (B, key heads, S, D).
        attention_mask: (B, 1 or heads, W, S), bool or added to the scores; None for what "sdpa" does then.
        dropout: Share of the weights that are dropped.
        scaling: Factor of the scores; None for 1/√D.
        kwargs: Handed on to "sdpa".

    Returns:
        (B, W, heads, D), and None in place of the attention weights.
    """
    if attention_mask is None or query.shape[1] == key.shape[1]:
        found: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **kwargs
        )
        return found
    attended = F.scaled_dot_product_attention(
        query, key, value, attention_mask, dropout_p=dropout, scale=scaling, enable_gqa=True
    )
    return attended.transpose(1, 2).contiguous(), None


AttentionInterface.register(GROUPED, grouped_attention)
AttentionMaskInterface.register(GROUPED, eager_mask)
AttentionInterface.register(SHARED_KEYS, shared_keys_attention)
AttentionMaskInterface.register(SHARED_KEYS, sdpa_mask)
