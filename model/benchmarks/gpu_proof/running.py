"""Runs the parts as processes of their own, each within its time, and tells what became of each at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from model.benchmarks.gpu_proof.parts import Part
from model.benchmarks.gpu_proof.rows import Row, read_rows

Status: TypeAlias = Literal["waiting", "running", "done", "failed", "cut off", "not run"]
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "WANDB_MODE": "offline"}
POLL_S = 0.1


@dataclass
class Outcome:
    """What became of a part.

    Attributes:
        part: The part.
        command: What ran, to be run again by hand.
        status: How it stands.
        detail: Why it is not done.
        seconds: How long it ran.
        rows: What it has measured, up to the moment at which it was cut off.
    """

    part: Part
    command: list[str]
    status: Status = "waiting"
    detail: str = ""
    seconds: float = 0.0
    rows: list[Row] = field(default_factory=list)


class _Process:
    """A part that runs, in a session of its own, so that what it starts ends with it."""

    def __init__(self, outcome: Outcome, folder: Path, threads: int | None) -> None:
        name = "".join(letter if letter.isalnum() else "_" for letter in outcome.part.name)
        self.outcome, self._log = outcome, folder / f"{name}.txt"
        self._errors = self._log.with_suffix(".errors.txt")
        self.began = time.monotonic()
        environment = os.environ | OFFLINE
        if threads is not None:
            environment |= {"OMP_NUM_THREADS": str(threads)}
        with self._log.open("wb") as out, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                outcome.command, stdout=out, stderr=errors, env=environment, start_new_session=True
            )
        outcome.status = "running"

    def settle(self, limit_s: float) -> bool:
        """Takes over what the part has printed; True when it has ended, or ran past so many seconds."""
        status = self._process.poll()
        elapsed = time.monotonic() - self.began
        self.outcome.seconds = round(elapsed, 1)
        if status is None and elapsed < limit_s:
            return False
        self._end()
        self.outcome.rows = read_rows(self._log)
        if status is None:
            self.outcome.status, self.outcome.detail = "cut off", f"after {limit_s:.0f} s"
        elif status:
            self.outcome.status, self.outcome.detail = "failed", self._last_words(status)
        elif not self.outcome.rows:
            self.outcome.status, self.outcome.detail = "failed", "it measured nothing"
        elif wrong := [row.measured for row in self.outcome.rows if row.passed is False]:
            self.outcome.status, self.outcome.detail = "failed", "; ".join(wrong)
        else:
            self.outcome.status = "done"
        return True

    def cut_off(self, why: str) -> None:
        """Ends the part, and keeps what it has measured."""
        self._end()
        self.outcome.seconds = round(time.monotonic() - self.began, 1)
        self.outcome.rows = read_rows(self._log)
        self.outcome.status, self.outcome.detail = "cut off", why

    def _end(self) -> None:
        with suppress(ProcessLookupError):  # the group is gone where the part and all it started have ended
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _last_words(self, status: int) -> str:
        lines = self._errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        by = f"signal {-status}" if status < 0 else f"exit status {status}"
        return f"{by}: {lines[-1].strip()[:300]}" if lines else by


def run_parts(
    parts: Sequence[Part],
    folder: Path,
    *,
    budget_s: float,
    jobs: int = 1,
    threads: int | None = None,
    tell: Callable[[Sequence[Outcome]], None],
) -> list[Outcome]:
    """Runs parts, and says how they stand whenever one has begun or ended.

    Args:
        parts: In their order.
        folder: For what they print: a file for its rows and one for its errors.
        budget_s: Seconds for all together; what is left then is cut off or not run.
        jobs: Parts at a time, of those that need not be alone.
        threads: Threads of each part; None leaves it to torch.
        tell: Called with all outcomes. Ctrl-C ends what runs, and is told as well.

    Returns:
        The outcomes, in the order of the parts.
    """
    outcomes = [Outcome(part, _command(part)) for part in parts]
    running: list[_Process] = []
    ends = time.monotonic() + budget_s
    try:
        while running or any(outcome.status == "waiting" for outcome in outcomes):
            left = ends - time.monotonic()
            begun = [_Process(outcome, folder, threads) for outcome in _ready(outcomes, jobs, left)]
            ended = [
                process
                for process in running
                if process.settle(min(process.outcome.part.limit_s, ends - process.began))
            ]
            running = [process for process in running if process not in ended] + begun
            if begun or ended:
                tell(outcomes)
            else:
                time.sleep(POLL_S)
    except KeyboardInterrupt:
        for process in running:
            process.cut_off("by Ctrl-C or SIGTERM")
        _leave_out(outcomes, "the proof was stopped")
    tell(outcomes)
    return outcomes


def _ready(outcomes: Sequence[Outcome], jobs: int, left_s: float) -> list[Outcome]:
    """Parts that may begin now; those that never can are marked."""
    if left_s <= 0:
        _leave_out(outcomes, "no time was left")
        return []
    status = {outcome.part.name: outcome.status for outcome in outcomes}
    together = [outcome for outcome in outcomes if outcome.status == "running"]
    ready: list[Outcome] = []
    for outcome in outcomes:
        before = status.get(outcome.part.needs or "", "done")
        if outcome.status != "waiting" or before in ("waiting", "running"):
            continue
        if before != "done":
            outcome.status, outcome.detail = "not run", f"needs {outcome.part.needs!r}, which is {before}"
        elif not together or not (outcome.part.alone or together[0].part.alone or len(together) >= jobs):
            ready.append(outcome)
            together.append(outcome)
    return ready


def _leave_out(outcomes: Sequence[Outcome], why: str) -> None:
    for outcome in outcomes:
        if outcome.status == "waiting":
            outcome.status, outcome.detail = "not run", why


def _command(part: Part) -> list[str]:
    return [sys.executable, "-m", f"model.benchmarks.gpu_proof.{part.module}", *part.words]
