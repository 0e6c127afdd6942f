"""Ways take turns, and the first turn of each is not timed."""

from __future__ import annotations

from model.benchmarks._timing import alternate


def test_ways_take_turns_behind_one_untimed_call(monkeypatch):
    calls: list[str] = []
    clock = iter(range(100))
    monkeypatch.setattr("model.benchmarks._timing.time.perf_counter", lambda: next(clock) / 1000)
    ways = {"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}
    found = alternate(ways, rounds=3, name="test")
    assert calls == ["a", "b"] * 4
    assert found == {way: {"median": 1.0, "least": 1.0, "most": 1.0} for way in ways}
