"""The network in numpy computes what torch computes, and a damaged file is refused with advice."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from molmo_act.errors import CheckpointError
from molmo_act.reading.icons.crops import SIDE
from molmo_act.reading.icons.network import CONVOLUTIONS, NETWORK_FILE, icon_network, shapes_of


def in_torch(network, crops):
    """The same layers, by torch."""
    weights = {name: torch.from_numpy(tensor.copy()) for name, tensor in network.weights.items()}
    values = torch.from_numpy(crops)[:, None]
    for number, (_, kernel, stride) in enumerate(CONVOLUTIONS):
        name = f"conv.{number}"
        values = functional.conv2d(
            values, weights[f"{name}.weight"], weights[f"{name}.bias"], stride, kernel // 2
        ).relu()
    hidden = functional.linear(values.flatten(1), weights["hidden.weight"], weights["hidden.bias"]).relu()
    logits = functional.linear(hidden, weights["classes.weight"], weights["classes.bias"])
    return (logits / network.temperature).softmax(dim=1).numpy()


def test_numpy_computes_what_torch_computes():
    network = icon_network()
    crops = np.random.default_rng(0).random((70, SIDE, SIDE), np.float32)
    found = network.probabilities(crops)
    np.testing.assert_allclose(found, in_torch(network, crops), atol=2e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(network.probabilities(crops[66:]), found[66:], atol=1e-6)
    assert network.probabilities(crops[:0]).shape == (0, len(network.vocabulary.concepts) + 1)


def test_the_file_is_small_and_has_the_layers():
    network = icon_network()
    assert NETWORK_FILE.stat().st_size < 1_000_000
    shapes = shapes_of(len(network.vocabulary.concepts) + 1)
    assert {name: tensor.shape for name, tensor in network.weights.items()} == shapes


def test_a_damaged_file_is_refused(tmp_path):
    file = tmp_path / "icons.safetensors"
    data = NETWORK_FILE.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    other = {**header, "hidden.bias": {**header["hidden.bias"], "dtype": "F32"}}
    for damaged in (b"", data[:200], data[: len(data) // 2], _file(other, data[8 + length :])):
        file.write_bytes(damaged)
        icon_network.cache_clear()
        with pytest.raises(CheckpointError, match=r"is no icon network .* Install molmo-act again"):
            icon_network(file)
    with pytest.raises(CheckpointError, match="FileNotFoundError"):
        icon_network(tmp_path / "missing")
    fewer = {name: entry for name, entry in header.items() if name != "hidden.bias"}
    file.write_bytes(_file(fewer, data[8 + length :]))
    with pytest.raises(CheckpointError, match="has tensors"):
        icon_network(file)


def _file(header, tensors):
    written = json.dumps(header).encode()
    return len(written).to_bytes(8, "little") + written + tensors
