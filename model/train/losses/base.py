"""A model with its losses, as the trainer sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from molmo_act.models.molmo_point.modeling_molmo_point import MolmoPointForConditionalGeneration


@dataclass(frozen=True)
class Losses:
    """The losses of one batch.

    Attributes:
        weighted: Scalar; its sum over the batches of a step, divided by the sum of their weights, is
            minimized.
        sums: float (metrics, 2): for each of `LossModule.metric_names` the sum, and the count to divide it
            by.
    """

    weighted: Tensor
    sums: Tensor


class MeanLosses(Protocol):
    """Means over a batch, scalars in fields of their own; NaN where there is nothing to average."""

    @property
    def total(self) -> Tensor:
        """The scalar that is minimized."""


class LossModule(nn.Module):
    """Turns batches into `Losses` in `forward`, so that sharding wraps model and losses alike.

    Args:
        model: The model that is trained.
    """

    metric_names: ClassVar[tuple[str, ...]]

    def __init__(self, model: MolmoPointForConditionalGeneration) -> None:
        super().__init__()
        self.model = model


def equally_weighted(losses: MeanLosses, metric_names: tuple[str, ...]) -> Losses:
    """The losses of a batch that counts as much as any other.

    Args:
        losses: Means over the batch; fields named as metrics are reported.
        metric_names: Names of all metrics; those that the losses lack or that are NaN are not counted.

    Returns:
        The losses, with a count of 0 or 1 for every metric.
    """
    missing = torch.full((), torch.nan, device=losses.total.device)
    values = torch.stack([getattr(losses, name, missing).detach().float() for name in metric_names])
    return Losses(losses.total, torch.stack((values.nan_to_num(), ~values.isnan()), dim=-1))


def mean_metrics(metric_names: tuple[str, ...], sums: Tensor) -> dict[str, float]:
    """Means by name; metrics that nothing was counted for are left out.

    Args:
        metric_names: Names of the rows.
        sums: float (metrics, 2), see `Losses`.
    """
    pairs = zip(metric_names, sums.tolist(), strict=True)
    return {name: total / count for name, (total, count) in pairs if count}
