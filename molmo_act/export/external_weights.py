"""Weights of ONNX graphs beside them, written one after another, so that no more than one is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from molmo_act._optional import lazy_import
from molmo_act.export.hashed_files import HashedFile, HashedFiles

ALIGNMENT = 4096
"""Bytes; a file that is mapped into memory is read in pages."""
AT_ONCE = 1 << 26
"""Bytes of an array that are brought into order and written at once."""
_onnx: Any = lazy_import("onnx", extra="onnx", purpose="export to ONNX")


class ExternalWeights:
    """Appends arrays to a file, and makes the initializers that point to them.

    Args:
        file: An empty one.
        name: Name of that file, as the graph will find it beside itself.
    """

    def __init__(self, file: HashedFile, name: str) -> None:
        self._file, self._name = file, name

    def add(self, name: str, values: np.ndarray) -> Any:
        """Writes an array.

        Args:
            name: Of the initializer.
            values: Of any shape; float32, float16, int8 or uint8.

        Returns:
            The initializer, an ``onnx.TensorProto``.
        """
        values = np.atleast_1d(values)
        self._file.write(bytes(-self._file.tell() % ALIGNMENT))
        place = {"location": self._name, "offset": self._file.tell(), "length": values.nbytes}
        rows = max(1, AT_ONCE // max(1, values[:1].nbytes))
        for start in range(0, len(values), rows):  # of a transposed matrix, no whole copy is made
            self._file.write(np.ascontiguousarray(values[start : start + rows]).data)
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
def external_weights(files: HashedFiles, graph: str) -> Iterator[ExternalWeights]:
    """Opens the file with the weights of a graph.

    Args:
        files: Where it is written.
        graph: Name of the graph; its weights lie beside it in a file of that name and ``.data``.

    Yields:
        What takes the weights.
    """
    name = f"{graph}.data"
    with files.new(name) as file:
        yield ExternalWeights(file, name)
