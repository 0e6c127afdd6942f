"""One process of a test, and what it wrote."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from tests.support.paths import SOURCES

PROCESSES = Path(__file__).parent / "processes"
LONGEST = 120.0
"""Seconds after which a process is taken to hang; a machine may stand still for half as long."""
SETTINGS = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}


class Program:
    """One process of a test; what it wrote to stderr can be read while it runs.

    Attributes:
        expected_exit: The exit code that the end of the test asks for.
    """

    expected_exit = 0

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
        self._errors = folder / f"stderr-{time.monotonic_ns()}"
        path = os.pathsep.join([SOURCES, *filter(None, [os.environ.get("PYTHONPATH")])])
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": path, **SETTINGS} | environment,
                text=True,
            )
        os.set_blocking(self.process.stdout.fileno(), False)
        self._line = ""

    @property
    def stderr(self) -> str:
        return self._errors.read_text(errors="replace")

    def order(self, **order: object) -> None:
        """Sends a line of JSON."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict | None:
        """The next line of JSON, or None while there is none."""
        self._line += self.process.stdout.readline() or ""
        if not self._line.endswith("\n"):
            return None
        line, self._line = self._line, ""
        return json.loads(line)

    def anonymous_memory_mib(self) -> float:
        """Memory of its own: shared segments of the transport fill up over time and are left out."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) / 1024

    def waits(self) -> Counter[str]:
        """Seconds that each thread has waited for the processor, by its number."""
        found: Counter[str] = Counter()
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended
                found[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
        return found

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def send(self, number: signal.Signals) -> None:
        """Signals the process and closes its stdin: a signal just before a read does not end that."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        with contextlib.suppress(BrokenPipeError):  # of an order that it was too dead to read
            self.process.stdin.close()

    def wait(self) -> int:
        """Waits for the end of the process, and gives its exit code; one that hangs says where."""
        try:
            return self.process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(LONGEST)
            raise AssertionError(f"{self.process.args} did not end:\n{self.stderr}") from None
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def end(self, number: signal.Signals) -> int:
        """Signals the process and waits for its end."""
        self.send(number)
        return self.wait()
