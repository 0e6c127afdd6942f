"""Attention of grouped heads, against that of transformers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from transformers.models.molmo2.modeling_molmo2 import eager_attention_forward

from molmo_act.export.attention import grouped_attention


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("key_heads", [1, 2, 6])
def test_it_attends_as_eager_attention_does(key_heads, masked):
    torch.manual_seed(0)
    query = torch.randn(2, 6, 5, 8)
    key, value = torch.randn(2, 2, key_heads, 7, 8)
    mask = torch.randn(2, 1, 5, 7) * 3 if masked else None
    module = SimpleNamespace(num_key_value_groups=6 // key_heads, training=False)
    expected, _ = eager_attention_forward(module, query, key, value, mask, scaling=0.3)
    found, _ = grouped_attention(module, query, key, value, mask, scaling=0.3)
    torch.testing.assert_close(found, expected)
