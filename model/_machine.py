"""Names a machine, and measures how much memory a process uses."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch


def machine_info(device: torch.device) -> dict[str, Any]:
    """Returns the name of the machine and its settings, for the last line of a benchmark."""
    if device.type == "cuda":
        return {"machine": torch.cuda.get_device_name(device), "torch": torch.__version__}
    return {"machine": _cpu(), "threads": torch.get_num_threads(), "torch": torch.__version__}


def _cpu() -> str:
    """The processor's own name where the system tells."""
    table = Path("/proc/cpuinfo")
    lines = table.read_text().splitlines() if table.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def reset_peak(device: torch.device) -> None:
    """Resets what `peak_mb` reports; for a CPU on Linux only."""
    if device.type == "cuda":
        torch.cuda.init()  # else there are no statistics yet, which is an error
        torch.cuda.reset_peak_memory_stats(device)
    else:
        Path("/proc/self/clear_refs").write_text("5")


def peak_mb(device: torch.device) -> float:
    """Returns the most memory in use since `reset_peak`, in MB: of the device, or of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return _status_mb("VmHWM")


def used_mb(device: torch.device) -> float:
    """Returns the memory in use now, in MB: of the device, or of this process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device) / 1e6
    return _status_mb("VmRSS")


def _status_mb(entry: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"{entry}:")]
    return int(line.split()[1]) * 1024 / 1e6
