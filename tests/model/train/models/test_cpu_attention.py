"""Plain attention is attention."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from model.train.models.cpu_attention import plain_attention, use_plain_attention
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration
from tests.model.train.small_run import tiny_config


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kv_heads", [4, 2, 1])
def test_it_gives_what_the_fused_kernel_gives(kv_heads, masked):
    torch.manual_seed(0)
    query = torch.randn(2, 4, 5, 8)
    key, value = torch.randn(2, 2, kv_heads, 7, 8)
    mask = (torch.rand(2, 1, 5, 7) < 0.5).index_fill(-1, torch.tensor([0]), True) if masked else None
    found, weights = plain_attention(torch.nn.Identity(), query, key, value, mask, scaling=0.3)
    expected = F.scaled_dot_product_attention(query, key, value, mask, scale=0.3, enable_gqa=True)
    torch.testing.assert_close(found, expected.transpose(1, 2))
    assert weights is None


def test_a_model_is_switched_in_all_its_parts(tokenizer):
    model = MolmoPointForConditionalGeneration(tiny_config(tokenizer))
    use_plain_attention(model)
    config = model.config
    found = [part._attn_implementation for part in (config.vision_config, config.text_config)]
    assert found == ["plain", "plain"]
    assert config.adapter_config._attn_implementation == "eager"
