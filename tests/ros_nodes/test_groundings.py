"""What is new in the counts of a tracker."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.diagnostics import Diagnostics
from molmo_act_ros.groundings import Groundings


def stats(done: int, failed: int = 0, error: Exception | None = None) -> SimpleNamespace:
    return SimpleNamespace(
        groundings=done, grounding_errors=failed, last_error=error, latency=0.25, failing={}
    )


def test_answers_and_failures_are_counted_once_and_an_answer_ends_a_failure():
    diagnostics, groundings = Diagnostics(), Groundings()
    begun = groundings.answered
    assert not groundings.update(stats(0), diagnostics)
    assert groundings.answered == begun
    assert not groundings.update(stats(2), diagnostics)
    assert groundings.answered > begun
    assert groundings.update(stats(2, 1, RuntimeError("out of\nmemory")), diagnostics)
    assert groundings.failure == "RuntimeError: out of memory"
    assert not groundings.update(stats(2, 1, RuntimeError("out of\nmemory")), diagnostics), "known already"
    assert groundings.failure is not None
    assert not groundings.update(stats(3, 1), diagnostics)
    assert groundings.failure is None
    told = diagnostics.values()
    assert (told["groundings"], told["groundings failed"]) == ("3", "1")
    assert told["grounding to tracks ms p50"] == "250.00"


def test_a_query_that_the_model_keeps_failing_on_is_told_while_others_are_answered():
    groundings, answered = Groundings(), stats(3, 1)
    answered.failing = {"trouble": RuntimeError("no\nmemory")}
    groundings.update(answered, Diagnostics())
    assert groundings.failing == {"trouble": "RuntimeError: no memory"}
    groundings.update(stats(4, 1), Diagnostics())
    assert groundings.failing == {}
