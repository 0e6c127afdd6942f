"""The cache of the language model: buffers on its device, into which the graph writes where they lie.

Rows of the buffers that hold nothing valid are masked, so that nothing is moved when a draft is dropped: what
is fed next is written over it. Shape letters: S valid rows, R rows of the buffers, H key heads, D width of a
head, W fed tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from molmo_act.embedded.providers import onnxruntime

BLOCK = 64
"""Rows by which buffers grow."""
SPARE = 32
"""Rows beyond those that are needed when buffers are made: room for the next steps."""


@dataclass(frozen=True, eq=False)
class DeviceCache:
    """Keys and values of all layers.

    Attributes:
        values: Values of ONNX Runtime (H, R, D): keys and values of the first layer, then of the second …
        rows: int64 (S,), where in the buffers each row lies that was read, in order.
        memory: What the buffers of a CPU lie in; it lives as long as they do.
    """

    values: Sequence[Any]
    rows: np.ndarray
    memory: Sequence[np.ndarray] = ()

    @property
    def capacity(self) -> int:
        """R."""
        return int(self.values[0].shape()[1])

    def place(self, keep: np.ndarray, fed: int) -> tuple[np.ndarray, np.ndarray]:
        """Finds room for what is fed.

        Args:
            keep: int64 (S,), which of `rows` stay valid, in order.
            fed: W.

        Returns:
            The rows of the buffers that stay valid, and W that are free; fewer where there are not so many.
        """
        kept = self.rows[keep]
        free = np.ones(self.capacity, bool)
        free[kept] = False
        return kept, np.flatnonzero(free)[:fed]


def empty_cache(
    layers: int, heads: int, width: int, rows: int, dtype: Any, device: tuple[str, int]
) -> DeviceCache:
    """Makes buffers.

    Args:
        layers: Number of layers.
        heads: H.
        width: D.
        rows: How many are needed at once.
        dtype: Type of the numbers.
        device: Name and number of the device.

    Returns:
        A cache without a valid row. Its numbers are 0: what is masked is multiplied by 0, too.
    """
    capacity = -(-(rows + SPARE) // BLOCK) * BLOCK
    memory = [np.zeros((heads, capacity, width), dtype) for _ in range(2 * layers)]
    return _on_device(memory, np.empty(0, np.int64), device)


def grown_cache(cache: DeviceCache, kept: np.ndarray, fed: int, device: tuple[str, int]) -> DeviceCache:
    """Copies a cache into larger buffers.

    Args:
        cache: The cache; it stays as it is.
        kept: int64 (S,), rows of its buffers that are copied.
        fed: How many more are needed at once.
        device: Name and number of the device.

    Returns:
        A cache with these rows, in order, in front.
    """
    heads, _, width = cache.values[0].shape()
    capacity = -(-(len(kept) + fed + SPARE) // BLOCK) * BLOCK
    memory = []
    for value in cache.values:
        old = value.numpy()
        new = np.zeros((heads, capacity, width), old.dtype)
        new[:, : len(kept)] = old[:, kept]
        memory.append(new)
    return _on_device(memory, np.arange(len(kept)), device)


def _on_device(memory: list[np.ndarray], rows: np.ndarray, device: tuple[str, int]) -> DeviceCache:
    values = [onnxruntime.OrtValue.ortvalue_from_numpy(each, *device) for each in memory]
    return DeviceCache(values, rows, memory if device[0] == "cpu" else ())
