"""Linear layers in integers: what rounding costs, and that rows do not know one another."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import molmo_act
from molmo_act.quantization.int8_dynamic import Int8DynamicLinear
from tests.support.tiny_checkpoint import TINY


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(64, 48)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_close_to_the_layer_it_was_made_of(layer, dtype):
    x = torch.randn(2, 5, 64, dtype=dtype)
    found = Int8DynamicLinear.from_linear(layer)(x)
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
    torch.testing.assert_close(Int8DynamicLinear.from_linear(layer)(x), layer(x), rtol=1e-6, atol=0)


def test_a_row_gives_the_same_alone_and_beside_others(layer):
    rounded = Int8DynamicLinear.from_linear(layer)
    rows = torch.randn(9, 64) * torch.logspace(-3, 3, 9)[:, None]
    torch.testing.assert_close(rounded(rows), torch.cat([rounded(row[None]) for row in rows]))


def test_rows_of_zeros(layer):
    with torch.no_grad():
        layer.weight[3] = 0
    rounded = Int8DynamicLinear.from_linear(layer)
    torch.testing.assert_close(rounded(torch.zeros(2, 64)), layer.bias.expand(2, -1))
    assert torch.equal(rounded(torch.randn(2, 64))[:, 3], layer.bias[3].expand(2))


def test_a_checkpoint_that_was_saved_in_full_can_be_quantized(tmp_path):
    """Its config.json says how its own weights are stored, and not those that are asked for."""
    molmo_act.load(device="cpu").save_pretrained(tmp_path / "full")
    model = molmo_act.load(tmp_path / "full", device="cpu", quantization="int8-dynamic")
    assert model.precision.quantized == {"language blocks": "int8-dynamic"}


def test_another_type_leaves_integers_and_scales_as_they_are(layer):
    rounded = Int8DynamicLinear.from_linear(layer)
    before = {name: tensor.clone() for name, tensor in rounded.state_dict().items()}
    for dtype in (torch.bfloat16, torch.float16, torch.float64):
        rounded.to(dtype)
    for name, tensor in rounded.state_dict().items():
        assert tensor.dtype == before[name].dtype
        assert torch.equal(tensor, before[name])
    assert rounded.to("meta").scale.device.type == "meta"


def test_a_model_that_went_to_another_type_is_saved_so_that_it_loads(tmp_path):
    model = molmo_act.load(TINY, device="cpu", quantization="int8-dynamic")
    model.model.to(torch.bfloat16)
    model.save_pretrained(tmp_path)
    assert molmo_act.load(tmp_path, device="cpu").precision.quantized
