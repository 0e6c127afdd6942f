"""Linear layers in integers: what rounding costs, and that rows do not know one another."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from molmo_act.int8_dynamic import Int8DynamicLinear


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(64, 48)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_close_to_the_layer_it_was_made_of(layer, dtype):
    x = torch.randn(2, 5, 64, dtype=dtype)
    found = Int8DynamicLinear.of(layer)(x)
    assert found.dtype == dtype
    assert found.shape == (2, 5, 48)
    exact = layer(x.float()).detach()
    assert float((found - exact).abs().max()) < 0.02 * float(exact.abs().max())


def test_integers_times_scales_are_exact(layer):
    """Whole numbers within range lose nothing."""
    with torch.no_grad():
        layer.weight.copy_(torch.randint(-127, 128, layer.weight.shape))
        layer.weight[:, 0] = 127
        layer.bias.zero_()
    x = torch.randint(-127, 128, (7, 64)).float()
    x[:, 0] = -127
    torch.testing.assert_close(Int8DynamicLinear.of(layer)(x), layer(x), rtol=1e-6, atol=0)


def test_a_row_gives_the_same_alone_and_beside_others(layer):
    rounded = Int8DynamicLinear.of(layer)
    rows = torch.randn(9, 64) * torch.logspace(-3, 3, 9)[:, None]
    torch.testing.assert_close(rounded(rows), torch.cat([rounded(row[None]) for row in rows]))


def test_rows_of_zeros(layer):
    with torch.no_grad():
        layer.weight[3] = 0
    rounded = Int8DynamicLinear.of(layer)
    torch.testing.assert_close(rounded(torch.zeros(2, 64)), layer.bias.expand(2, -1))
    assert torch.equal(rounded(torch.randn(2, 64))[:, 3], layer.bias[3].expand(2))
