"""Inputs and outputs of graphs: their types and sizes, and examples to trace with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from molmo_act._optional import lazy_import

SIZES = {"crops": 2, "N": 3, "K": 4, "P": 7, "P + 1": 8, "W": 5, "M": 11, "R": 9}
"""Sizes that vary, by their names, and those that modules are traced with; no two that matter are equal."""
_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


@dataclass(frozen=True)
class Port:
    """An input or an output.

    Attributes:
        shape: Sizes; a name of `SIZES` for one that varies.
        kind: "float" for the type of the graph's numbers, "float32", "int64" or "bool".
    """

    shape: Sequence[int | str]
    kind: str = "float"

    def dtype(self, numbers: torch.dtype) -> torch.dtype:
        """The type of its numbers.

        Args:
            numbers: Type of the graph's numbers.

        Returns:
            The type.
        """
        dtype: torch.dtype = numbers if self.kind == "float" else getattr(torch, self.kind)
        return dtype

    def example(self, numbers: torch.dtype) -> Tensor:
        """Makes a value to trace with.

        Args:
            numbers: Type of the graph's numbers.

        Returns:
            Zeros, or True.
        """
        shape = [size if isinstance(size, int) else SIZES[size] for size in self.shape]
        return torch.zeros(shape, dtype=self.dtype(numbers)) if self.kind != "bool" else torch.ones(shape) > 0

    @property
    def varying(self) -> list[int]:
        """Axes of no fixed size."""
        return [axis for axis, size in enumerate(self.shape) if not isinstance(size, int)]

    def info(self, name: str, numbers: torch.dtype) -> Any:
        """Describes it in a graph.

        Args:
            name: Its name.
            numbers: Type of the graph's numbers.

        Returns:
            An ``onnx.ValueInfoProto``.
        """
        dtype = np.dtype(str(self.dtype(numbers)).removeprefix("torch."))
        kind = _onnx.helper.np_dtype_to_tensor_dtype(dtype)
        return _onnx.helper.make_tensor_value_info(name, kind, list(self.shape))


Ports = Mapping[str, Port]
