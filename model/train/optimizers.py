"""Optimisers of a run with their learning rates and clipping; knows parts by name, no recipe."""

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
    """All that makes one step out of gradients.

    Attributes:
        members: Every parameter that learns is in one group of one of them; `group["part"]` names its part.
        rates: Learning rate of each part at a step, counted from 0.
        clips: Parameters whose gradients are clipped together, and their largest norm, by name.
    """

    members: tuple[Optimizer, ...]
    rates: Callable[[int], Mapping[str, float]]
    clips: Mapping[str, tuple[list[nn.Parameter], float]]

    def set_rates(self, step: int) -> dict[str, float]:
        """Sets the learning rates of a step, and gives them by part."""
        rates, groups = self.rates(step), [group for member in self.members for group in member.param_groups]
        for group in groups:
            group["lr"] = rates[group["part"]]
        return {group["part"]: group["lr"] for group in groups}

    def clip(self) -> dict[str, Tensor]:
        """Clips gradients; gives their norms before that, as scalars."""
        norms = {}
        for name, (parameters, largest) in self.clips.items():
            norm = torch.nn.utils.clip_grad_norm_(parameters, largest)
            norms[name] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        return norms

    def step(self) -> None:
        """One step; gradients are gone behind it."""
        for member in self.members:
            member.step()
            member.zero_grad()


def groups_by_part(
    named: Iterable[tuple[str, nn.Parameter]], part_of: Callable[[str], str]
) -> list[dict[str, Any]]:
    """Groups for an optimiser, one for each part of which something learns.

    Args:
        named: Parameters by their full names.
        part_of: The part of a name.
    """
    parts: dict[str, list[nn.Parameter]] = {}
    for name, parameter in named:
        if parameter.requires_grad:
            parts.setdefault(part_of(name), []).append(parameter)
    return [{"params": found, "part": part} for part, found in parts.items()]


def cosine(step: int, steps: int, warmup: int, final: float) -> float:
    """Factor of a learning rate: linear warm-up, then half a cosine down to `final` at the last step.

    Args:
        step: Counted from 0.
        steps: Length of the run.
        warmup: Steps of the warm-up.
        final: Where the cosine ends.
    """
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - 1 - warmup)
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def warmup_stable_decay(step: int, steps: int, warmup: int, decay: float) -> float:
    """Factor of a learning rate: linear warm-up, flat, then linear to zero over the last `decay` share.

    Flat in the middle, so that the length of a run can be decided, and changed, while it runs.
    """
    remaining = (steps - step) / max(1, decay * steps)
    return max(0.0, min(1.0, (step + 1) / warmup, remaining))
