"""Sums and counts of metrics."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from model.train.losses.base import equally_weighted, mean_metrics


@dataclass(frozen=True)
class Some:
    a: Tensor
    b: Tensor

    @property
    def total(self) -> Tensor:
        return 2 * self.a


def test_a_batch_counts_once_for_every_metric_that_it_has():
    a = torch.tensor(3.0, requires_grad=True)
    losses = equally_weighted(Some(a, torch.tensor(torch.nan)), ("b", "c", "a"))
    assert losses.sums.tolist() == [[0, 0], [0, 0], [3, 1]]  # b is NaN, c is of another kind of batch
    assert not losses.sums.requires_grad
    losses.weighted.backward()
    assert float(a.grad) == 2.0


def test_what_was_not_counted_has_no_mean():
    sums = torch.tensor([[6.0, 3.0], [0.0, 0.0], [0.0, 2.0]])
    assert mean_metrics(("a", "b", "c"), sums) == {"a": 2.0, "c": 0.0}
