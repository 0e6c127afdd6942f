"""Speeds are those of a computer."""

from __future__ import annotations

import torch

from molmo_act.doctor import machine

CPU = torch.device("cpu")


def test_speeds_are_those_of_a_computer(monkeypatch) -> None:
    monkeypatch.setattr(machine, "SIDE", 256)
    monkeypatch.setattr(machine, "BYTES", 2**20)
    assert 1e8 < machine.flops_per_second(CPU, torch.float32) < 1e15
    assert 1e8 < machine.bytes_per_second(CPU) < 1e13
