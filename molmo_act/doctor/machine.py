"""Measures what this machine can do at best: how fast it copies memory, and how fast it multiplies."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

ROUNDS = 7
SIDE, CUDA_SIDE = 2048, 6144  # of the matrices that are multiplied: a GPU is done too soon with small ones
BYTES = 256 * 2**20  # that are copied: more than any cache holds


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
    taken = []
    for _ in range(ROUNDS):
        synchronize(device)
        began = time.perf_counter()
        call()
        synchronize(device)
        taken.append(time.perf_counter() - began)
    return min(taken)
