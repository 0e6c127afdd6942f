"""Speeds are those of a computer."""

from __future__ import annotations

import pytest
import torch

from molmo_act.doctor import machine

CPU = torch.device("cpu")


def test_speeds_are_those_of_a_computer(monkeypatch) -> None:
    monkeypatch.setattr(machine, "SIDE", 256)
    monkeypatch.setattr(machine, "BYTES", 2**24)
    assert 1e8 < machine.flops_per_second(CPU, torch.float32) < 1e15
    assert 1e8 < machine.bytes_per_second(CPU) < 1e13


@pytest.mark.parametrize("has_torch", [True, False])
def test_this_machine_is_measured_with_and_without_torch(monkeypatch, has_torch) -> None:
    monkeypatch.setattr(machine, "SIDE", 256)
    monkeypatch.setattr(machine, "BYTES", 2**24)
    if not has_torch:
        monkeypatch.setattr(machine, "find_spec", lambda name: None)
    rates = machine.measure_here()
    assert 1e8 < rates.bytes_per_s < 1e13
    assert 1e8 < rates.flops_per_s < 1e15
    assert str(rates).startswith(f"{rates.device}: ")
    assert machine.memory_here() > 1e7
