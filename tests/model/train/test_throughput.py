"""The share of a machine's peak is a cost over a speed."""

from __future__ import annotations

import pytest
import torch

from model.train.throughput import StepCost, peak_flops


def test_a_step_costs_six_operations_for_each_weight_and_position(model):
    cost = StepCost.of(model)
    language = sum(p.numel() for n, p in model.named_parameters() if ".language_model.layers." in n)
    vision = sum(p.numel() for n, p in model.named_parameters() if ".vision_tower." in n)
    assert (cost.language, cost.vision) == (language, vision)
    assert cost.flops(10, 0) == 60 * language
    assert cost.flops(0, 3) == 18 * vision
    assert cost.flops(10, 3) == 60 * language + 18 * vision


def test_the_best_of_several_rounds_is_the_peak(monkeypatch):
    times = iter([0.0, 2.0, 10.0, 10.5, 20.0, 21.0])  # three rounds of 2, 0.5 and 1 seconds
    monkeypatch.setattr("model.train.throughput.time.perf_counter", lambda: next(times))
    monkeypatch.setattr("model.train.throughput.SIDE", 8)
    assert peak_flops(torch.device("cpu"), torch.float32) == pytest.approx(2 * 8**3 / 0.5)
