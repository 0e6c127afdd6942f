"""A graph of two layers that were traced once."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from molmo_act.export.external_weights import external_weights
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.ports import Port
from molmo_act.export.stacking import GraphBuilder
from molmo_act.export.template import trace

STATE = Port(("N", 8))


def test_layers_keep_their_own_weights_and_names(tmp_path):
    torch.manual_seed(0)
    layers = [nn.Sequential(nn.Linear(8, 8), nn.Tanh()) for _ in range(2)]
    template = trace(layers[0], {"input": STATE}, ["y"], dtype=torch.float32, opset=18)
    path, files = tmp_path / "two.onnx", HashedFiles(tmp_path)
    with external_weights(files, "two.onnx") as weights:
        builder = GraphBuilder(weights)
        builder.stamp(template, layers[0], "0.", {"input": "x", "y": "middle"})
        builder.stamp(template, layers[1], "1.", {"input": "middle", "y": "last"})
        builder.add("Concat", ["middle", "last"], "out", axis=-1)
        builder.write(files, "two.onnx", {"x": STATE}, {"out": Port(("N", 16))}, torch.float32)
    onnx.checker.check_model(path, full_check=True)
    x = torch.randn(3, 8)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    [found] = session.run(None, {"x": x.numpy()})
    middle = layers[0](x)
    expected = torch.cat((middle, layers[1](middle)), dim=-1)
    np.testing.assert_allclose(found, expected.detach().numpy(), atol=1e-6)
