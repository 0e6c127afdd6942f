"""What a machine can do at best, and how much of its memory was used; knows no model."""

from __future__ import annotations

import platform
import time
from pathlib import Path
from typing import Any

import torch

ROUNDS = 7
SIDE = 2048  # of the matrices that are multiplied
BYTES = 256 * 2**20  # that are copied: more than any cache holds


def about(device: torch.device) -> dict[str, Any]:
    """Name of the machine, for the last line of a benchmark."""
    if device.type == "cuda":
        return {"machine": torch.cuda.get_device_name(device), "torch": torch.__version__}
    return {"machine": _cpu(), "threads": torch.get_num_threads(), "torch": torch.__version__}


def _cpu() -> str:
    """The processor's own name where the system tells."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def flops_per_second(device: torch.device, dtype: torch.dtype) -> float:
    """Of one large product of matrices, the fastest of a few."""
    one, other = torch.randn(2, SIDE, SIDE, device=device, dtype=dtype)
    return 2 * SIDE**3 / _least_seconds(lambda: torch.mm(one, other), device)


def bytes_per_second(device: torch.device) -> float:
    """Read and written by one large copy, the fastest of a few."""
    source = torch.zeros(BYTES, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * BYTES / _least_seconds(lambda: target.copy_(source), device)


def _least_seconds(call: Any, device: torch.device) -> float:
    taken = []
    for _ in range(ROUNDS):
        synchronize(device)
        began = time.perf_counter()
        call()
        synchronize(device)
        taken.append(time.perf_counter() - began)
    return min(taken)


def synchronize(device: torch.device) -> None:
    """Waits until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def forget_peak(device: torch.device) -> None:
    """Lets `peak_mb` begin anew; on Linux also for a CPU."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb(device: torch.device) -> float:
    """Most memory in use since `forget_peak`: of the device, or of this process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return _status_mb("VmHWM")


def used_mb(device: torch.device) -> float:
    """Memory in use now."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 1e6
    return _status_mb("VmRSS")


def _status_mb(entry: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{entry}:")]
    return int(line.split()[1]) * 1024 / 1e6
