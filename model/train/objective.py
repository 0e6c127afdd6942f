"""A model with its losses, as the loop sees them; knows no layout of batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from molmo_act.modeling.molmo_point import MolmoPointForConditionalGeneration


@dataclass(frozen=True)
class Losses:
    """What one batch costs.

    Attributes:
        weighted: Summed over a step's batches and divided by the sum of their weights, it is minimised.
        sums: float (measures, 2), of each of `Objective.measures` the sum, and the count to divide it by.
    """

    weighted: Tensor
    sums: Tensor


class MeanLosses(Protocol):
    """Means over a batch, scalars in fields of their own; NaN where there is nothing to measure."""

    @property
    def total(self) -> Tensor:
        """What is minimised."""


class Objective(nn.Module):
    """Turns batches into `Losses` in `forward`, so that sharding wraps model and losses alike.

    Args:
        model: What learns.
    """

    measures: ClassVar[tuple[str, ...]]
    """Names of what is measured, as metrics show them."""

    def __init__(self, model: MolmoPointForConditionalGeneration) -> None:
        super().__init__()
        self.model = model


def of_equal_weight(losses: MeanLosses, measures: tuple[str, ...]) -> Losses:
    """What a batch costs that counts as much as any other; it measures what its fields say and no more."""
    missing = torch.full((), torch.nan, device=losses.total.device)
    values = torch.stack([getattr(losses, name, missing).detach().float() for name in measures])
    return Losses(losses.total, torch.stack((values.nan_to_num(), ~values.isnan()), dim=-1))


def means(measures: tuple[str, ...], sums: Tensor) -> dict[str, float]:
    """Means by name; what was not measured is left out."""
    pairs = zip(measures, sums.tolist(), strict=True)
    return {name: total / count for name, (total, count) in pairs if count}
