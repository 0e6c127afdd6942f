"""Measures the memory that a process could take, by the tables of the kernel."""

from __future__ import annotations

from pathlib import Path


def free_memory() -> float:
    """Measures the memory that could be allocated now, by the machine and by the limits of this process.

    Returns:
        Bytes; infinite where the system does not say.
    """
    bounds = [float("inf")]
    status = _table(Path("/proc/self/status"))
    if "VmSize" in status:
        import resource  # not on every platform, but wherever /proc is

        bounds.append(_table(Path("/proc/meminfo"))["MemAvailable"])
        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            bounds.append(max(0, limit - status["VmSize"]))
    return min(bounds)


def _table(path: Path) -> dict[str, float]:
    """Entries in kB of a table of the kernel, in bytes."""
    if not path.exists():
        return {}
    entries = (line.split() for line in path.read_text().splitlines() if line.endswith(" kB"))
    return {name.rstrip(":"): 1024 * float(value) for name, value, _ in entries}
