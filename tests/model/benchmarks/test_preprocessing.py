"""The benchmark of preprocessing: both ways take their turns."""

from __future__ import annotations

from model.benchmarks.preprocessing import processor_ms


def test_ways_take_turns_and_are_warmed_up_first():
    said = []
    ways = {"a": lambda: said.append("a"), "b": lambda: said.append("b") or sum(range(300_000))}
    found = processor_ms(ways, rounds=3)
    assert said == ["a", "b"] * 4
    assert 0 <= found["a"] < found["b"]
