"""What a node knows of its own work: counts, times, troubles; knows neither ROS nor what the work is."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

OK, WARN, ERROR = 0, 1, 2  # as in diagnostic_msgs/DiagnosticStatus

_RECENT = 300  # how many times of a stage are kept
_FRESH_S = 5.0  # a trouble is told for so long


@dataclass
class Health:
    """Collects from any thread what happens, and sums it up.

    Attributes:
        about: Facts that do not change, such as the name of the model.
        now: The clock, in seconds.
    """

    about: dict[str, str] = field(default_factory=dict)
    now: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forgets everything but the facts."""
        with self._lock:
            self._counts: Counter[str] = Counter()
            self._stages: dict[str, deque[float]] = {}
            self._published: float | None = None
            self._troubles: dict[int, tuple[float, str]] = {}

    def count(self, what: str, number: int = 1) -> None:
        """Adds to a count."""
        with self._lock:
            self._counts[what] += number

    def took(self, stage: str, seconds: float) -> None:
        """Keeps how long a stage took this time."""
        with self._lock:
            self._stages.setdefault(stage, deque(maxlen=_RECENT)).append(1000 * seconds)

    def published(self) -> None:
        """Takes note that an answer went out just now."""
        with self._lock:
            self._published = self.now()

    def trouble(self, level: int, text: str) -> None:
        """Keeps the latest trouble of a level, WARN or ERROR."""
        with self._lock:
            self._troubles[level] = (self.now(), text)

    def summary(self) -> tuple[int, str]:
        """The worst recent level, and what was wrong."""
        with self._lock:
            fresh = {
                level: text for level, (when, text) in self._troubles.items() if self.now() - when < _FRESH_S
            }
        return (max(fresh), fresh[max(fresh)]) if fresh else (OK, "working")

    def values(self) -> dict[str, str]:
        """Everything known, by name, as text: counts, milliseconds p50 / p95 of stages, ages, memory."""
        with self._lock:
            counts = dict(self._counts)
            stages = {stage: list(times) for stage, times in self._stages.items()}
            age = None if self._published is None else self.now() - self._published
        told = dict(self.about) | {what: str(number) for what, number in counts.items()}
        for stage, times in stages.items():
            middle, high = np.percentile(times, (50, 95))
            told[f"{stage} ms p50"], told[f"{stage} ms p95"] = f"{middle:.2f}", f"{high:.2f}"
        told["seconds since last answer"] = "never" if age is None else f"{age:.2f}"
        return told | memory()


def memory() -> dict[str, str]:
    """MiB of this process, and of the device that torch computes on, where it is a GPU."""
    status = Path("/proc/self/status")
    told = {}
    if status.exists():
        told["process memory MiB"] = str(int(status.read_text().partition("VmRSS:")[2].split()[0]) // 1024)
    torch = sys.modules.get("torch")  # a node without a model has no reason to import it
    if torch is not None and torch.cuda.is_initialized():
        told["device memory MiB"] = str(torch.cuda.memory_allocated() // 2**20)
    return told
