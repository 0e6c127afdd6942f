"""Weights of ONNX graphs beside them, written one after another, so that no more than one is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from molmo_act._optional import lazy_import

ALIGNMENT = 4096
"""Bytes; a file that is mapped into memory is read in pages."""
_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


class ExternalWeights:
    """Appends arrays to a file, and makes the initializers that point to them.

    Args:
        file: Open for writing in binary mode, empty.
        name: Name of that file, as the graph will find it beside itself.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name = file, name

    def add(self, name: str, values: np.ndarray) -> Any:
        """Writes an array.

        Args:
            name: Of the initializer.
            values: Of any shape; float32, float16, int8 or uint8.

        Returns:
            The initializer, an ``onnx.TensorProto``.
        """
        values = np.ascontiguousarray(values)
        self._file.write(bytes(-self._file.tell() % ALIGNMENT))
        place = {"location": self._name, "offset": self._file.tell(), "length": values.nbytes}
        self._file.write(values.data)
        tensor = _onnx.TensorProto(
            name=name,
            dims=values.shape,
            data_type=_onnx.helper.np_dtype_to_tensor_dtype(values.dtype),
            data_location=_onnx.TensorProto.EXTERNAL,
        )
        for key, value in place.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor


@contextmanager
def external_weights(graph: Path) -> Iterator[ExternalWeights]:
    """Opens the file with the weights of a graph.

    Args:
        graph: Path of the graph; its weights lie beside it in a file of that name and ``.data``.

    Yields:
        What takes the weights.
    """
    path = graph.with_name(f"{graph.name}.data")
    with path.open("wb") as file:
        yield ExternalWeights(file, path.name)
