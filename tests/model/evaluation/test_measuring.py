"""Measuring: which part of the cases is that of a process, and how long the rest takes."""

from __future__ import annotations

import pytest

from model.evaluation import measuring
from molmo_act.errors import InputError


def test_torchrun_numbers_its_processes(monkeypatch):
    assert measuring.own_shard((1, 3)) == (1, 3)
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert measuring.own_shard(None) == (2, 4)
    with pytest.raises(InputError, match="leave it out"):
        measuring.own_shard((0, 2))


@pytest.mark.parametrize(
    ("seconds", "text"), [(float("nan"), "?"), (59.6, "1 min 00 s"), (3720, "1 h 02 min")]
)
def test_durations(seconds, text):
    assert measuring.duration(seconds) == text
