"""Products in fewer bits, run by ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from molmo_act.export.external_weights import external_weights
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.ports import Port
from molmo_act.export.quantized_linear import BLOCK, int4_linear, int8_linear, pack_int4
from molmo_act.export.stacking import GraphBuilder
from molmo_act.export.template import trace

INPUTS, OUTPUTS = 80, 24  # two blocks and a half


@pytest.fixture(scope="module")
def linear():
    torch.manual_seed(0)
    return nn.Linear(INPUTS, OUTPUTS, bias=False)


@pytest.fixture(scope="module")
def template(linear):
    class Fed(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = linear

        def forward(self, x):
            return self.linear(x[None])[0]

    ports = {"x": Port(("N", INPUTS))}
    return trace(Fed(), ports, ["y"], dtype=torch.float32, opset=18), Fed()


@pytest.mark.parametrize(("write", "tolerance"), [(int8_linear, 0.03), (int4_linear, 0.2)])
def test_products_are_close_to_those_of_the_weights(tmp_path, template, linear, write, tolerance):
    traced, module = template
    path = tmp_path / "linear.onnx"
    files = HashedFiles(path.parent)
    with external_weights(files, path.name) as weights:
        builder = GraphBuilder(weights, write)
        builder.stamp(traced, module, "", {"x": "x", "y": "y"})
        builder.write(
            files, path.name, {"x": Port(("N", INPUTS))}, {"y": Port(("N", OUTPUTS))}, torch.float32
        )
    x = np.random.default_rng(0).standard_normal((5, INPUTS), dtype=np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [y] = session.run(None, {"x": x})
    expected = x @ linear.weight.detach().numpy().T
    assert 1e-4 < np.abs(y - expected).max() < tolerance  # signed weights gave 0.35 where products overflow
    assert path.with_suffix(".onnx.data").stat().st_size < 5 * 4096 + INPUTS * OUTPUTS


def test_int4_levels_give_the_weights_back_to_half_a_step():
    weight = np.random.default_rng(1).standard_normal((INPUTS, OUTPUTS)).astype(np.float32)
    packed, scale = pack_int4(weight)
    levels = np.stack((packed & 15, packed >> 4), axis=-1).reshape(OUTPUTS, -1, BLOCK).astype(np.float32) - 8
    back = (levels * scale.reshape(OUTPUTS, -1, 1)).reshape(OUTPUTS, -1)[:, :INPUTS].T
    steps = np.abs(scale).reshape(OUTPUTS, -1).repeat(BLOCK, 1)[:, :INPUTS].T
    assert (np.abs(back - weight) <= steps * (1 + 1e-6)).all()  # one step where 15 is not far enough
    assert np.median(np.abs(back - weight) / steps) < 0.5


def test_a_weight_of_zeros_stays_zero():
    packed, scale = pack_int4(np.zeros((BLOCK, 1), np.float32))
    assert (packed == 0x88).all()
    assert (scale == 1).all()
