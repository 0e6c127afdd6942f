"""Graphs of modules without their numbers: a layer is traced once, and every layer of its kind follows it.

So torch's exporter sees one layer of a model, however many there are, and numbers go from the checkpoint into
the file one at a time.
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import warnings
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from molmo_act._optional import lazy_import
from molmo_act.errors import PlatformError
from molmo_act.export.fused_layers import with_fused_norms
from molmo_act.export.ports import Ports
from molmo_act.models.attention import GROUPED
from molmo_act.models.copying import without_capture_hooks
from molmo_act.models.streaming import STREAMED

SMALL = 64
"""Elements; larger matrices must be weights."""
_ADVICE = "Export with the torch version of constraints.txt, and report this."
_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


@dataclass(frozen=True)
class Weight:
    """How an initializer is made from a parameter.

    Attributes:
        parameter: Name of the parameter in the traced module.
        transposed: Whether it is the parameter's transpose.
        shape: Shape of the initializer; None for that of the parameter, or of its transpose.
        dtype: Its type; some parameters are used in float32 whatever the others are.
    """

    parameter: str
    transposed: bool
    shape: tuple[int, ...] | None
    dtype: np.dtype[Any]

    def of(self, parameters: Mapping[str, Tensor]) -> np.ndarray:
        """Makes the values of the initializer.

        Args:
            parameters: Of a module of the traced kind.

        Returns:
            The array; in the memory of the parameter where it has its type.
        """
        tensor = parameters[self.parameter].detach().to("cpu", getattr(torch, self.dtype.name))
        tensor = tensor.T if self.transposed else tensor
        return (tensor if self.shape is None else tensor.reshape(self.shape)).numpy()


@dataclass(frozen=True)
class Template:
    """A traced module.

    Attributes:
        graph: ``onnx.GraphProto`` without weights; constants of the graph itself are in it.
        opsets: Domain of operators → version.
        weights: Initializer → how it is made.
    """

    graph: Any
    opsets: Mapping[str, int]
    weights: Mapping[str, Weight]


def trace(
    module: nn.Module, inputs: Ports, outputs: Sequence[str], *, dtype: torch.dtype, opset: int
) -> Template:
    """Traces a module through torch's exporter.

    Args:
        module: Takes tensors, gives one or a tuple. Its numbers do not matter; it is not changed.
        inputs: What it takes, in order.
        outputs: Names of what it gives.
        dtype: Type of the graph's numbers.
        opset: Version of the operators of ONNX.

    Returns:
        The graph.

    Raises:
        PlatformError: torch cannot express the module in that opset, or folded a weight into other numbers.
    """
    module = _with_random_weights(module, dtype)
    example = tuple(port.example(dtype) for port in inputs.values())
    shapes = tuple(dict.fromkeys(port.varying, torch.export.Dim.AUTO) for port in inputs.values())
    program = _export(module, example, list(inputs), list(outputs), shapes, opset)
    proto = program.model_proto
    used = _used_parameters(program.exported_program)
    weights = _match(proto.graph, {name: module.get_parameter(name) for name in used})
    kept = [tensor for tensor in proto.graph.initializer if tensor.name not in weights]
    del proto.graph.initializer[:], proto.graph.value_info[:]
    proto.graph.initializer.extend(kept)
    return Template(proto.graph, {each.domain: each.version for each in proto.opset_import}, weights)


def _with_random_weights(module: nn.Module, dtype: torch.dtype) -> nn.Module:
    """The same module with numbers that tell all parameters apart; of the own ones no copy is made."""
    generator = torch.Generator().manual_seed(0)
    drawn: dict[int, Any] = {
        id(parameter): nn.Parameter(torch.randn(parameter.shape, generator=generator, dtype=dtype), False)
        for parameter in module.parameters()
    }
    alike = without_capture_hooks(module)
    for part in alike.modules():  # nor those that fetch weights from the disk; the module keeps its own
        part._forward_pre_hooks, part._forward_hooks = OrderedDict(), OrderedDict()
        vars(part).pop(STREAMED, None)
    twin = copy.deepcopy(alike, drawn).to("cpu").eval()
    for part in twin.modules():
        config: Any = getattr(part, "config", None)
        if config is not None:  # a copy, too
            config._attn_implementation = GROUPED
    return with_fused_norms(twin)


def _export(module: nn.Module, example: Any, names: Any, outputs: Any, shapes: Any, opset: int) -> Any:
    torch_onnx, said = logging.getLogger("torch.onnx"), io.StringIO()
    level = torch_onnx.level
    torch_onnx.setLevel(logging.ERROR)  # it tells of packages that the module does not use
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module, example, dynamo=True, opset_version=opset, verbose=False,
                input_names=names, output_names=outputs, dynamic_shapes=shapes,
            )  # fmt: skip
    except torch.onnx.errors.OnnxExporterError as error:
        raise PlatformError(
            f"torch {torch.__version__} cannot write {type(module).__name__} in opset {opset}: "
            f"{str(error).strip().splitlines()[0]} Take the default opset."
        ) from error
    finally:
        torch_onnx.setLevel(level)
    return program


def _used_parameters(exported: torch.export.ExportedProgram) -> list[str]:
    """Names of the parameters that a module computes with; a wrapper may hold others."""
    names = exported.graph_signature.inputs_to_parameters
    return [names[node.name] for node in exported.graph.nodes if node.name in names and node.users]


def _match(graph: Any, parameters: Mapping[str, Tensor]) -> dict[str, Weight]:
    """Finds out which initializers are weights: they have the numbers of one, in its order or transposed."""
    weights: dict[str, Weight] = {}
    for tensor in graph.initializer:
        values = _onnx.numpy_helper.to_array(tensor)
        found = _find(values, parameters) if values.size > 1 else None
        if found is not None:
            weights[tensor.name] = found
        elif values.ndim > 1 and values.size > SMALL and values.dtype.kind == "f":
            raise PlatformError(
                f"torch {torch.__version__} made an unknown constant of shape {values.shape} from the "
                f"weights. {_ADVICE}"
            )
    missing = set(parameters) - {weight.parameter for weight in weights.values()}
    if missing:
        raise PlatformError(
            f"torch {torch.__version__} left the weights {', '.join(sorted(missing))} out of the graph. "
            f"{_ADVICE}"
        )
    return weights


def _find(values: np.ndarray, parameters: Mapping[str, Tensor]) -> Weight | None:
    if values.dtype.kind != "f":
        return None
    for name, parameter in parameters.items():
        if parameter.numel() != values.size:
            continue
        own = parameter.numpy().astype(values.dtype)
        for transposed, order in ((False, own), (True, own.T)):
            if np.array_equal(order.ravel(), values.ravel()):
                shape = None if order.shape == values.shape else values.shape
                return Weight(name, transposed, shape, values.dtype)
    return None
