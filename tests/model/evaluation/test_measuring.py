"""Measuring: which part of the cases is that of a process, and how long the rest takes."""

from __future__ import annotations

import pytest

from model.evaluation import measuring
from molmo_act.errors import InputError
from molmo_act.model_options import ModelOptions


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


def test_each_process_of_torchrun_takes_its_own_gpu(monkeypatch):
    import torch

    options = ModelOptions()
    assert measuring.on_own_device(options) is options
    monkeypatch.setenv("LOCAL_RANK", "3")
    assert measuring.on_own_device(options) is options
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert measuring.on_own_device(options).device == "cuda:1"
    named = ModelOptions(device="cpu")
    assert measuring.on_own_device(named) is named
