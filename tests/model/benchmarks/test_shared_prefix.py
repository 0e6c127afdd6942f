"""An image read once answers what images read anew answer."""

from __future__ import annotations

import json

import pytest

from model.benchmarks import shared_prefix


@pytest.mark.slow
def test_both_ways_are_timed(monkeypatch, capsys):
    monkeypatch.setattr(shared_prefix, "COUNTS", (1, 2))
    monkeypatch.setattr("sys.argv", ["shared_prefix", "--threads", "1", "--rounds", "1"])
    shared_prefix.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])["queries"]
    assert set(found) == {"1", "2"}
    assert all(each["median"] > 0 for ways in found.values() for each in ways.values())
