"""Parts are cut off, fail and are left out without losing what they had measured."""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import time
from contextlib import suppress

import pytest

from model.benchmarks.gpu_proof import running
from model.benchmarks.gpu_proof.parts import Part
from model.benchmarks.gpu_proof.running import run_parts

ROW = json.dumps({"row": {"measured": "a", "value": "1", "anchor": "", "passed": None}})
WRONG = ROW.replace("null", "false")


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Runs parts whose words are Python code."""
    monkeypatch.setattr(running, "_command", lambda part: [sys.executable, "-c", part.words[0]])

    def call(*parts: Part, budget_s: float = 60.0, jobs: int = 1, tell=lambda outcomes: None):
        return run_parts(parts, tmp_path, budget_s=budget_s, jobs=jobs, tell=tell)

    return call


def part(
    name: str, code: str, limit_s: float = 60.0, needs: str | None = None, *, alone: bool = False
) -> Part:
    return Part(name, "none", (code,), limit_s, needs, alone)


def test_what_was_measured_is_kept_whatever_happens(run):
    lingering = f"print({ROW!r}, flush=True); import time; time.sleep(60)"
    outcomes = run(
        part("done", f"print({ROW!r})"),
        part("wrong", f"print({WRONG!r})"),
        part("failed", f"print({ROW!r}); raise SystemExit('no card')"),
        part("crashed", f"print({ROW!r}, flush=True); import os; os.abort()"),
        part("slow", lingering, limit_s=2.0),
        part("silent", "pass"),
        part("after", f"print({ROW!r})", needs="failed"),
        part("behind", f"print({ROW!r})", needs="done"),
    )
    found = {outcome.part.name: (outcome.status, outcome.detail, len(outcome.rows)) for outcome in outcomes}
    assert found == {
        "done": ("done", "", 1),
        "wrong": ("failed", "a", 1),
        "failed": ("failed", "exit status 1: no card", 1),
        "crashed": ("failed", "signal 6", 1),
        "slow": ("cut off", "after 2 s", 1),
        "silent": ("failed", "it measured nothing", 0),
        "after": ("not run", "needs 'failed', which is failed", 0),
        "behind": ("done", "", 1),
    }


def test_the_time_of_all_parts_is_bounded(run):
    sleeping = "import time; time.sleep(60)"
    began = time.monotonic()
    one, other = run(part("one", sleeping), part("other", sleeping), budget_s=1.0)
    assert time.monotonic() - began < 30
    assert (one.status, other.status) == ("cut off", "not run")
    assert other.detail == "no time was left"


def test_parts_whose_times_count_run_alone(run):
    seen = []
    code = f"print({ROW!r}); import time; time.sleep(0.5)"
    run(
        *(part(name, code) for name in ("a", "b", "c")),
        part("timed", code, alone=True),
        part("d", code, needs="timed"),
        jobs=2,
        tell=lambda outcomes: seen.append({one.part.name for one in outcomes if one.status == "running"}),
    )
    assert {"a", "b"} in seen
    assert {"timed"} in seen
    assert all(len(together) <= 2 for together in seen)
    assert all(together == {"timed"} for together in seen if "timed" in together)


def test_children_of_a_part_end_with_it(run, tmp_path):
    told = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))"
    child = f"import os, time; {told}; time.sleep(60)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    [outcome] = run(part("parent", code, limit_s=5.0))
    assert outcome.status == "cut off"
    pid = int((tmp_path / "pid").read_text())
    ends = time.monotonic() + 10
    with suppress(ProcessLookupError, FileNotFoundError):
        while time.monotonic() < ends and not _is_zombie(pid):
            os.kill(pid, 0)
            time.sleep(0.05)
    assert time.monotonic() < ends


def test_ctrl_c_is_told_and_ends_what_runs(run, request):
    # rclpy puts handlers of its own in place, below Python, in tests that ran before.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    told = []

    def interrupt(outcomes) -> None:
        told.append([outcome.status for outcome in outcomes])
        if len(told) == 1:
            gc.collect()  # what other tests left: Python drops an exception in a destructor
            signal.raise_signal(signal.SIGINT)

    one, other = run(part("one", "import time; time.sleep(60)"), part("other", "pass"), tell=interrupt)
    assert (one.status, other.status) == ("cut off", "not run")
    assert told[-1] == ["cut off", "not run"]


def _is_zombie(pid: int) -> bool:
    """A killed process whose parent was killed too may wait for init to collect it."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "Z"
