"""Optimizers of a run, with learning rates by param group, clipping and schedules."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer


@dataclass(frozen=True)
class Optimizers:
    """Makes one step out of gradients.

    Attributes:
        members: Optimizers; every trained parameter is in one group of one of them, which `group["name"]`
            names.
        rates: Learning rate of each group at a step, counted from 0.
        clips: Parameters whose gradients are clipped together, and their largest norm, by name.
    """

    members: tuple[Optimizer, ...]
    rates: Callable[[int], Mapping[str, float]]
    clips: Mapping[str, tuple[list[nn.Parameter], float]]

    def set_rates(self, step: int) -> dict[str, float]:
        """Sets the learning rates of a step.

        Args:
            step: The step, counted from 0.

        Returns:
            The rates by group.
        """
        rates, groups = self.rates(step), [group for member in self.members for group in member.param_groups]
        for group in groups:
            group["lr"] = rates[group["name"]]
        return {group["name"]: group["lr"] for group in groups}

    def clip(self) -> dict[str, Tensor]:
        """Clips the gradients.

        Returns:
            Their norms before that, scalars, by the names of `clips`.
        """
        norms = {}
        for name, (parameters, largest) in self.clips.items():
            norm = torch.nn.utils.clip_grad_norm_(parameters, largest)
            norms[name] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        return norms

    def step(self) -> None:
        """Takes one step and clears the gradients."""
        for member in self.members:
            member.step()
            member.zero_grad()


def group_parameters(
    named: Iterable[tuple[str, nn.Parameter]], group_of: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Groups parameters for an optimizer; those that are frozen are left out.

    Args:
        named: Parameters with their full names.
        group_of: Gives the group of a name.

    Returns:
        Groups that are not empty, with `params` and `name`.
    """
    groups: dict[str, list[nn.Parameter]] = {}
    for name, parameter in named:
        if parameter.requires_grad:
            groups.setdefault(group_of(name), []).append(parameter)
    return [{"params": found, "name": group} for group, found in groups.items()]


def cosine(step: int, steps: int, warmup: int, final: float) -> float:
    """Factor of a learning rate: linear warm-up, then half a cosine down to `final` at the last step.

    Args:
        step: The step, counted from 0.
        steps: Length of the run.
        warmup: Steps of the warm-up.
        final: The factor that the cosine ends at.
    """
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - 1 - warmup)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def warmup_stable_decay(step: int, steps: int, warmup: int, decay: float) -> float:
    """Factor of a learning rate: linear warm-up, flat, then linear to zero over the last `decay` share.

    Flat in the middle, so that the length of a run can be decided, and changed, while it runs.

    Args:
        step: The step, counted from 0.
        steps: Length of the run.
        warmup: Steps of the warm-up.
        decay: Share of the run over which the factor falls.
    """
    remaining = (steps - step) / max(1, decay * steps)
    return max(0.0, min(1.0, (step + 1) / warmup, remaining))
