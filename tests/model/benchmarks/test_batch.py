"""Batches of any size answer alike before anything is timed."""

from __future__ import annotations

import json

import pytest

from model.benchmarks import batch


@pytest.mark.slow
def test_sizes_are_timed_against_one_at_a_time(monkeypatch, capsys):
    monkeypatch.setattr(batch, "SIZES", (1, 2))
    monkeypatch.setattr(batch, "IMAGES", 2)
    monkeypatch.setattr("sys.argv", ["batch", "--threads", "1", "--rounds", "1"])
    batch.main()
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(lines[-1])
    assert set(found["nano, none"]) == {"1", "2"}
    assert {one["equal_answers"] for one in found["nano, none"].values()} == {1.0}
    assert lines[2].startswith("| nano, none | 1 |")
    assert lines[2].rstrip(" |").endswith("1.00")
