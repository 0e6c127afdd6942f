"""Measures what this machine can do at best: how fast it copies memory, and how fast it multiplies."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.generation.free_memory import free_memory

if TYPE_CHECKING:
    import torch

ROUNDS = 7
SIDE, CUDA_SIDE = 2048, 6144  # of the matrices that are multiplied: a GPU is done too soon with small ones
BYTES = 256 * 2**20  # that are copied: more than any cache holds


@dataclass(frozen=True)
class Rates:
    """What a device can do at best.

    Attributes:
        device: "cpu" or "cuda".
        bytes_per_s: That a large copy reads and writes in a second.
        flops_per_s: Operations of a large product in a second, float32 on a CPU and bfloat16 on a GPU.
    """

    device: str
    bytes_per_s: float
    flops_per_s: float

    def __str__(self) -> str:
        """Says both in one line."""
        return f"{self.device}: {self.bytes_per_s / 1e9:.1f} GB/s, {self.flops_per_s / 1e9:.0f} GFLOPS"


def measure_here() -> Rates:
    """Measures the device that models run on here: the first GPU, or the CPU; there without torch by NumPy.

    Returns:
        Its rates.
    """
    if find_spec("torch") is None:
        one, other = np.random.default_rng(0).standard_normal((2, SIDE, SIDE)).astype(np.float32)
        source = np.zeros(BYTES, np.uint8)
        target = np.ones_like(source)
        return Rates(
            "cpu",
            2 * BYTES / _least(lambda: np.copyto(target, source)),
            2 * SIDE**3 / _least(lambda: np.matmul(one, other)),
        )
    import torch

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if device.type == "cpu" else torch.bfloat16
    return Rates(device.type, bytes_per_second(device), flops_per_second(device, dtype))


def memory_here() -> float:
    """Measures the memory that a model could take here: that of the first GPU, or what is free.

    Returns:
        Bytes; infinite where the system does not say.
    """
    if find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return float(torch.cuda.mem_get_info(0)[1])
    return free_memory()


def flops_per_second(device: torch.device, dtype: torch.dtype, side: int | None = None) -> float:
    """Measures floating-point operations a second of one large matrix product, the fastest of a few.

    Args:
        device: Where.
        dtype: Type of the numbers.
        side: Of the matrices; None for what keeps this device busy.

    Returns:
        Operations a second; a multiplication and an addition are two.
    """
    import torch

    if side is None:
        side = CUDA_SIDE if device.type == "cuda" else SIDE
    one, other = torch.randn(2, side, side, device=device, dtype=dtype)
    return 2 * side**3 / _least_seconds(lambda: torch.mm(one, other), device)


def bytes_per_second(device: torch.device) -> float:
    """Measures bytes a second that one large copy reads and writes, the fastest of a few.

    Args:
        device: Where.

    Returns:
        Bytes a second.
    """
    import torch

    source = torch.zeros(BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * BYTES / _least_seconds(lambda: target.copy_(source), device)


def synchronize(device: torch.device) -> None:
    """Waits until the device has finished its queued work.

    Args:
        device: The device.
    """
    if device.type == "cuda":
        import torch

        torch.cuda.synchronize(device)


def _least_seconds(call: Callable[[], object], device: torch.device) -> float:
    return _least(call, lambda: synchronize(device))


def _least(call: Callable[[], object], wait: Callable[[], object] = lambda: None) -> float:
    taken = []
    for _ in range(ROUNDS):
        wait()
        began = time.perf_counter()
        call()
        wait()
        taken.append(time.perf_counter() - began)
    return min(taken)
