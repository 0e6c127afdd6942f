"""Inputs and outputs of graphs."""

from __future__ import annotations

import torch

from molmo_act.export.ports import Port


def test_a_port_is_traced_with_any_size_where_it_varies():
    port = Port(("W", 4))
    assert port.varying == [0]
    example = port.example(torch.float16)
    assert (example.shape[1], example.dtype) == (4, torch.float16)
    assert Port(("N",), "bool").example(torch.float16).all()
    assert Port((), "int64").example(torch.float16).dtype == torch.int64


def test_a_graph_says_its_sizes():
    info = Port(("W", 4), "float32").info("x", torch.float16)
    sizes = [dim.dim_param or dim.dim_value for dim in info.type.tensor_type.shape.dim]
    assert (info.name, sizes, info.type.tensor_type.elem_type) == ("x", ["W", 4], 1)
