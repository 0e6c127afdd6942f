"""Attention of heads that share keys, against that of transformers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.models.molmo2.modeling_molmo2 import eager_attention_forward

from molmo_act.models.attention import grouped_attention, shared_keys_attention


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


@pytest.mark.parametrize("key_heads", [1, 2, 6])
@pytest.mark.parametrize("kind", ["none", "bool", "added"])
def test_shared_keys_give_the_numbers_of_sdpa_bit_for_bit(key_heads, kind):
    torch.manual_seed(0)
    query = torch.randn(2, 6, 13, 64)
    stored = torch.randn(2, 2, key_heads, 700, 64)[..., :611, :]  # a part of a cache, as in a decode step
    may = (torch.rand(2, 1, 13, 611) < 0.5).index_fill(-1, torch.tensor([0]), True)
    mask = {"none": None, "bool": may, "added": torch.zeros(may.shape).masked_fill(~may, -torch.inf)}[kind]
    module = SimpleNamespace(num_key_value_groups=6 // key_heads, is_causal=True)
    given = (module, query, *stored, mask)
    expected, _ = sdpa_attention_forward(*given, scaling=0.3)
    found, _ = shared_keys_attention(*given, scaling=0.3)
    assert torch.equal(found, expected)
