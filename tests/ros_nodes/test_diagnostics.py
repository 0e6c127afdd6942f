"""What /diagnostics reports, with a clock of the test's own."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from molmo_act_ros import diagnostics
from molmo_act_ros.diagnostics import ERROR, OK, WARN, Diagnostics


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_worst_recent_problem_comes_first_and_hides_no_other(clock):
    kept = Diagnostics(now=clock)
    assert kept.summary() == (OK, "working")
    kept.add_problem(ERROR, "lost")
    kept.add_problem(WARN, "odd")
    assert kept.summary() == (ERROR, "lost | odd")
    clock.time += 3
    kept.add_problem(WARN, "odd again")
    clock.time += 2
    assert kept.summary() == (WARN, "odd again"), "an error is reported for 5 s"
    kept.add_problem(WARN, "strange", "another kind")
    assert kept.summary() == (WARN, "strange | odd again")
    clock.time += 3
    kept.add_problem(WARN, "strange still", "another kind")
    assert kept.summary() == (WARN, "strange still")
    clock.time += 5
    assert kept.summary() == (OK, "working")


def test_counts_facts_and_ages_are_text(clock):
    kept = Diagnostics({"model": "nano"}, now=clock)
    kept.count("frames received")
    kept.count("frames received", 2)
    assert kept.values()["seconds since last answer"] == "never"
    kept.mark_published()
    clock.time += 1.5
    values = kept.values()
    assert (values["model"], values["frames received"]) == ("nano", "3")
    assert values["seconds since last answer"] == "1.50"
    kept.reset()
    values = kept.values()
    assert values["model"] == "nano"
    assert "frames received" not in values
    assert values["seconds since last answer"] == "never"


def test_durations_are_percentiles_of_the_last_300():
    kept = Diagnostics()
    for _ in range(50):
        kept.add_duration("model", 100.0)  # forgotten
    for milliseconds in range(1, 301):
        kept.add_duration("model", milliseconds / 1000)
    values = kept.values()
    assert float(values["model ms p50"]) == pytest.approx(150.5)
    assert float(values["model ms p95"]) == pytest.approx(285.05)


def test_memory_of_a_gpu_is_reported_once_torch_uses_one(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert "device memory MiB" not in diagnostics.memory()
    cuda = SimpleNamespace(is_initialized=lambda: True, memory_allocated=lambda: 5 * 2**20)
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    assert diagnostics.memory()["device memory MiB"] == "5"
    assert int(diagnostics.memory()["process memory MiB"]) > 1
