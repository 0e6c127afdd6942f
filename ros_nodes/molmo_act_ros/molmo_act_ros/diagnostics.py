"""Counts, durations and problems of a node, collected from any thread and summed up for /diagnostics.

diagnostic_updater would publish them, but is not on PyPI, where these nodes run without a ROS installation.
"""

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

_RECENT = 300  # durations of a stage that are kept
_FRESH_S = 5.0  # how long a problem is reported


@dataclass
class Diagnostics:
    """Collects what happens in a node; every method may be called from any thread.

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
            self._durations: dict[str, deque[float]] = {}  # milliseconds by stage
            self._published: float | None = None
            self._problems: dict[tuple[int, str], tuple[float, str]] = {}  # by level and kind

    def count(self, name: str, number: int = 1) -> None:
        """Adds to a count.

        Args:
            name: Of the count, such as "frames received".
            number: How many to add.
        """
        with self._lock:
            self._counts[name] += number

    def add_duration(self, stage: str, seconds: float) -> None:
        """Records how long a stage took; the last 300 of each stage are kept.

        Args:
            stage: Such as "model".
            seconds: How long it took.
        """
        with self._lock:
            self._durations.setdefault(stage, deque(maxlen=_RECENT)).append(1000 * seconds)

    def mark_published(self) -> None:
        """Records that an answer was published just now."""
        with self._lock:
            self._published = self.now()

    def add_problem(self, level: int, text: str, kind: str = "") -> None:
        """Records a problem in place of the last one of its level and kind.

        Args:
            level: WARN or ERROR.
            text: What was wrong.
            kind: What problems are the same.
        """
        with self._lock:
            self._problems[level, kind] = (self.now(), text)

    def summary(self) -> tuple[int, str]:
        """Sums up the problems of the last 5 s.

        Returns:
            The worst level, and all problems, those of the worst level first and the newest of a level first;
            OK and "working" without one.
        """
        with self._lock:
            now = self.now()
            fresh = [
                (level, when, text)
                for (level, _), (when, text) in self._problems.items()
                if now - when < _FRESH_S
            ]
        if not fresh:
            return OK, "working"
        fresh.sort(key=lambda one: (-one[0], -one[1]))
        return fresh[0][0], " | ".join(dict.fromkeys(text for _, _, text in fresh))

    def values(self) -> dict[str, str]:
        """Lists everything that is known.

        Returns:
            Text by name: facts, counts, p50 and p95 of each stage in milliseconds, seconds since the last
            answer, memory in MiB.
        """
        with self._lock:
            counts = dict(self._counts)
            stages = {stage: list(times) for stage, times in self._durations.items()}
            age = None if self._published is None else self.now() - self._published
        values = dict(self.about) | {name: str(number) for name, number in counts.items()}
        for stage, times in stages.items():
            p50, p95 = np.percentile(times, (50, 95))
            values[f"{stage} ms p50"], values[f"{stage} ms p95"] = f"{p50:.2f}", f"{p95:.2f}"
        values["seconds since last answer"] = "never" if age is None else f"{age:.2f}"
        return values | memory()


def memory() -> dict[str, str]:
    """Measures the memory of this process.

    Returns:
        MiB as text by name: resident memory on Linux, and memory that torch has allocated on a GPU.
    """
    status = Path("/proc/self/status")
    values = {}
    if status.exists():
        values["process memory MiB"] = str(int(status.read_text().partition("VmRSS:")[2].split()[0]) // 1024)
    torch = sys.modules.get("torch")  # a node without a model has no reason to import it
    if torch is not None and torch.cuda.is_initialized():
        values["device memory MiB"] = str(torch.cuda.memory_allocated() // 2**20)
    return values
