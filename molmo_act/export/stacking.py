"""Puts traced modules together to one graph, and writes it with its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from molmo_act._optional import lazy_import
from molmo_act.export.external_weights import ExternalWeights
from molmo_act.export.hashed_files import HashedFiles
from molmo_act.export.ports import Ports
from molmo_act.export.template import Template

_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


class Linear(Protocol):
    """How a product with a weight is written, where it is not written as it was traced."""

    def __call__(
        self, node: Any, name: str, weight: np.ndarray, weights: ExternalWeights
    ) -> tuple[list[Any], Any]:
        """Writes the product.

        Args:
            node: The ``MatMul`` to be replaced: its first input is fed, its output keeps its name.
            name: Of the weight.
            weight: (inputs, outputs).
            weights: Takes weights.

        Returns:
            The nodes and the initializers in place of it.
        """


class GraphBuilder:
    """A graph in the making.

    Args:
        weights: Takes the weights.
        linear: How products with weights are written; None for as they were traced.
    """

    def __init__(self, weights: ExternalWeights, linear: Linear | None = None) -> None:
        self._weights, self._linear = weights, linear
        self._nodes: list[Any] = []
        self._initializers: list[Any] = []
        self._opsets: dict[str, int] = {}

    def stamp(self, template: Template, module: nn.Module, prefix: str, names: Mapping[str, str]) -> None:
        """Adds a module.

        Args:
            template: Traced from a module of the same kind.
            module: Whose weights are taken.
            prefix: Before all names of the module's own.
            names: Inputs and outputs of the template → their names in this graph.
        """
        parameters = dict(module.named_parameters())
        self._opsets.update(template.opsets)

        def named(name: str) -> str:
            return names.get(name, f"{prefix}{name}") if name else name

        for constant in template.graph.initializer:
            own = _onnx.TensorProto()
            own.CopyFrom(constant)
            own.name = named(constant.name)
            self._initializers.append(own)
        replaced = set()
        for node in template.graph.node:
            own = _onnx.NodeProto()
            own.CopyFrom(node)
            own.ClearField("metadata_props")  # where torch's modules lie on this machine
            own.name = f"{prefix}{node.name}"
            own.input[:] = [named(name) for name in node.input]
            own.output[:] = [named(name) for name in node.output]
            is_product = node.op_type == "MatMul" and node.input[1] in template.weights
            if not is_product or self._linear is None:
                self._nodes.append(own)
                continue
            replaced.add(node.input[1])
            weight = template.weights[node.input[1]].of(parameters)
            nodes, initializers = self._linear(own, own.input[1], weight, self._weights)
            self._nodes += nodes
            self._initializers += initializers
        for name, made in template.weights.items():  # one after another: each is a copy of a parameter
            if name not in replaced:
                self._initializers.append(self._weights.add(named(name), made.of(parameters)))

    def add(self, operator: str, inputs: Sequence[str], output: str, **attributes: Any) -> None:
        """Adds a node.

        Args:
            operator: Of ONNX.
            inputs: Names of its inputs.
            output: Name of its output.
            attributes: Of the operator.
        """
        self._nodes.append(_onnx.helper.make_node(operator, list(inputs), [output], **attributes))

    def write(self, files: HashedFiles, name: str, inputs: Ports, outputs: Ports, dtype: torch.dtype) -> None:
        """Writes the graph.

        Args:
            files: Where it is written.
            name: Of the file.
            inputs: By name.
            outputs: By name.
            dtype: Type of the graph's numbers.
        """
        ends = ([port.info(name, dtype) for name, port in ports.items()] for ports in (inputs, outputs))
        opsets = {**self._opsets, **{node.domain: 1 for node in self._nodes if node.domain}}
        graph = _onnx.helper.make_graph(self._nodes, name.removesuffix(".onnx"), *ends, self._initializers)
        model = _onnx.helper.make_model(
            graph,
            producer_name="molmo_act",
            opset_imports=[_onnx.helper.make_opsetid(*each) for each in opsets.items()],
            ir_version=10,  # what ONNX Runtime 1.20 reads
        )
        with files.new(name) as file:
            file.write(model.SerializeToString())
