"""Bytes of tensors are counted while they live, views and kernels in place for nothing."""

from __future__ import annotations

import torch

from model.benchmarks._tensor_memory import TensorBytes


def test_the_most_bytes_of_tensors_are_counted_while_they_live():
    with torch.inference_mode(), TensorBytes() as made:
        kept = torch.zeros(1000)
        for _ in range(5):
            kept = kept + 1  # the old one lives until the new one is there
        view = kept.view(10, 100)
        assert made.most == 2 * kept.nbytes
        both = torch.cat((view, view, view))
    assert made.most == kept.nbytes + both.nbytes


def test_tensors_of_before_and_changes_in_place_cost_nothing():
    before = torch.zeros(1000)
    with torch.inference_mode(), TensorBytes() as made:
        before.add_(1)
        before[:10].mul_(2)
    assert made.most == 0
