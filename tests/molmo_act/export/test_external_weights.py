"""Weights beside a graph: read back as they were, each at the beginning of a page."""

from __future__ import annotations

import numpy as np
import onnx

from molmo_act.export.external_weights import ALIGNMENT, external_weights
from molmo_act.export.hashed_files import HashedFiles


def test_arrays_are_read_back(tmp_path):
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.arange(5, dtype=np.uint8),
        "c": np.arange(8, dtype=np.float16).reshape(2, 4).T,  # not contiguous
    }
    with external_weights(HashedFiles(tmp_path), "g.onnx") as weights:
        tensors = [weights.add(name, values) for name, values in arrays.items()]
    for tensor in tensors:
        offset = next(int(each.value) for each in tensor.external_data if each.key == "offset")
        assert offset % ALIGNMENT == 0
        read = onnx.numpy_helper.to_array(tensor, str(tmp_path))
        np.testing.assert_array_equal(read, arrays[tensor.name])
        assert read.dtype == arrays[tensor.name].dtype


def test_a_large_transposed_matrix_is_written_in_slices(tmp_path, monkeypatch):
    monkeypatch.setattr("molmo_act.export.external_weights.AT_ONCE", 100)
    values = np.arange(700, dtype=np.float32).reshape(7, 100).T
    with external_weights(HashedFiles(tmp_path), "g.onnx") as weights:
        tensor = weights.add("a", values)
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor, str(tmp_path)), values)
