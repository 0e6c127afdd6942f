"""IconNetwork: the small convolutional network that says what a crop shows, in numpy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from molmo_act.errors import CheckpointError
from molmo_act.reading.icons.crops import SIDE
from molmo_act.reading.icons.vocabulary import Vocabulary, further_words

NETWORK_FILE = Path(__file__).with_name("icons.safetensors")
"""What ``python -m model.train.icons`` trained."""
CONVOLUTIONS = ((24, 5, 2), (40, 3, 1), (80, 3, 2), (128, 3, 2))
"""Channels, side of the kernel, and stride of each convolution; its padding is half the kernel."""
HIDDEN = 128
"""Values of the layer between the convolutions and the classes."""
_BATCH = 64  # crops at once, a matter of memory


@dataclass(frozen=True, eq=False)
class IconNetwork:
    """Four convolutions and two layers, a ReLU behind each but the last.

    Attributes:
        weights: "conv.I.weight" (out, in, k, k), "hidden.weight", "classes.weight" (out, in), and a ".bias"
            (out,) for each of them; float32.
        vocabulary: What the classes mean. The last class is none of them.
        temperature: Divides the logits, so that probabilities are calibrated.
    """

    weights: Mapping[str, np.ndarray]
    vocabulary: Vocabulary
    temperature: float = 1.0

    def probabilities(self, crops: np.ndarray) -> np.ndarray:
        """Says what each crop shows.

        Args:
            crops: float32 (N, `SIDE`, `SIDE`), see `molmo_act.reading.icons.crops.crop_shapes`.

        Returns:
            float32 (N, C + 1): the probability of each concept of the vocabulary, and last of none of them.
        """
        count = len(self.vocabulary.concepts) + 1
        parts = [self._logits(crops[at : at + _BATCH]) for at in range(0, len(crops), _BATCH)]
        logits = np.concatenate(parts) if parts else np.zeros((0, count), np.float32)
        logits = logits / self.temperature
        odds = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
        shares: np.ndarray = odds / odds.sum(axis=1, keepdims=True)
        return shares

    def _logits(self, crops: np.ndarray) -> np.ndarray:
        values = crops[..., None]  # channels last, so that a patch is a row
        for number, (_, _, stride) in enumerate(CONVOLUTIONS):
            name = f"conv.{number}"
            values = _convolve(values, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"], stride)
        flat = values.transpose(0, 3, 1, 2).reshape(len(values), -1)
        hidden = np.maximum(flat @ self.weights["hidden.weight"].T + self.weights["hidden.bias"], 0)
        logits: np.ndarray = hidden @ self.weights["classes.weight"].T + self.weights["classes.bias"]
        return logits


def _convolve(values: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int) -> np.ndarray:
    """Convolves (N, H, W, C) with a kernel (O, C, k, k), with a ReLU: (N, H / stride, W / stride, O)."""
    kernel = weight.shape[2]
    half = kernel // 2
    padded = np.pad(values, ((0, 0), (half, half), (half, half), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kernel, kernel), axis=(1, 2))
    windows = windows[:, ::stride, ::stride]  # (N, H', W', C, k, k)
    rows = windows.reshape(-1, weight[0].size)
    out = np.maximum(rows @ weight.reshape(len(weight), -1).T + bias, 0)
    shaped: np.ndarray = out.reshape(*windows.shape[:3], len(weight))
    return shaped


def shapes_of(classes: int) -> dict[str, tuple[int, ...]]:
    """Gives the shape of each of the weights.

    Args:
        classes: Concepts and one more.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    channels, side = 1, SIDE
    for number, (out, kernel, stride) in enumerate(CONVOLUTIONS):
        shapes[f"conv.{number}.weight"] = out, channels, kernel, kernel
        shapes[f"conv.{number}.bias"] = (out,)
        channels, side = out, side // stride
    shapes["hidden.weight"], shapes["hidden.bias"] = (HIDDEN, channels * side * side), (HIDDEN,)
    shapes["classes.weight"], shapes["classes.bias"] = (classes, HIDDEN), (classes,)
    return shapes


@cache
def icon_network(file: Path = NETWORK_FILE) -> IconNetwork:
    """Reads a network, by default the one that comes with the library.

    Args:
        file: A safetensors file of float16 tensors, with the vocabulary in its metadata.

    Returns:
        The network.

    Raises:
        CheckpointError: The file is missing, damaged, or of another network.
    """
    try:
        data = file.read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        vocabulary = Vocabulary.from_json(metadata["vocabulary"]).with_words(further_words())
        temperature = float(metadata["temperature"])
        weights = {name: _tensor(entry, data[8 + length :]) for name, entry in header.items()}
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise CheckpointError(
            f"{file} is no icon network ({type(error).__name__}: {error}); expected what "
            "python -m model.train.icons writes. Install molmo-act again."
        ) from error
    found = {name: tensor.shape for name, tensor in weights.items()}
    expected = shapes_of(len(vocabulary.concepts) + 1)
    if found != expected:
        raise CheckpointError(f"{file} has tensors {found}; expected {expected}. Install molmo-act again.")
    return IconNetwork(weights, vocabulary, temperature)


def _tensor(entry: Mapping[str, Any], data: bytes) -> np.ndarray:
    """One tensor of a safetensors file as float32."""
    if entry["dtype"] != "F16":
        raise ValueError(f"a tensor is {entry['dtype']}, expected F16")
    first, last = entry["data_offsets"]
    tensor: np.ndarray = np.frombuffer(data[first:last], np.float16).astype(np.float32)
    return tensor.reshape(entry["shape"])
