"""Modules are traced once, and their numbers are put in afterwards."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from molmo_act.errors import PlatformError
from molmo_act.export.ports import Port
from molmo_act.export.template import trace


class Scaled(nn.Module):
    def __init__(self, fold=False):
        super().__init__()
        self.linear, self.unused = nn.Linear(16, 8), nn.Linear(3, 3)
        self.fold = fold

    def forward(self, x):
        weight = self.linear.weight * 2 if self.fold else self.linear.weight
        return nn.functional.linear(x, weight, self.linear.bias)


def traced(module):
    return trace(module, {"x": Port(("N", 16))}, ["y"], dtype=torch.float32, opset=18)


def test_a_template_holds_no_numbers_and_says_where_they_go():
    module = Scaled()
    before = module.linear.weight.detach().clone()
    template = traced(module)
    assert {weight.parameter for weight in template.weights.values()} == {"linear.weight", "linear.bias"}
    assert all(tensor.name not in template.weights for tensor in template.graph.initializer)
    assert torch.equal(module.linear.weight, before)
    for weight in template.weights.values():
        own = module.get_parameter(weight.parameter).detach().numpy()
        made = weight.of(dict(module.named_parameters()))
        np.testing.assert_array_equal(made.ravel(), (own.T if weight.transposed else own).ravel())


def test_a_weight_that_is_folded_into_others_is_refused():
    with pytest.raises(PlatformError, match=r"unknown constant|left the weights"):
        traced(Scaled(fold=True))
