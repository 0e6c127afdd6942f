"""Estimates the share of a machine's peak that training reaches."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration

SIDE = 2048
ROUNDS = 3


def peak_flops(device: torch.device, dtype: torch.dtype) -> float:
    """Measures floating-point operations per second of large matrix products, here and now."""
    one = torch.randn(SIDE, SIDE, device=device, dtype=dtype)
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.perf_counter()
        product = one @ one
        float(product[0, 0])  # waits for the device
        best = min(best, time.perf_counter() - began)
    return 2 * SIDE**3 / best


@dataclass(frozen=True)
class StepCost:
    """The cost of a training step: 6 operations for each weight and position, without attention.

    Attributes:
        language, vision: Number of weights of the language blocks and of the vision tower.
    """

    language: int
    vision: int

    @classmethod
    def of(cls, model: MolmoPointForConditionalGeneration) -> StepCost:
        """Counts the weights of a model that is not sharded."""
        core = model.model
        blocks = (core.language_model.layers, core.vision_tower)
        return cls(*(sum(p.numel() for p in block.parameters()) for block in blocks))

    def flops(self, tokens: int, patches: int) -> float:
        """Floating-point operations of a step over a number of tokens and ViT patches."""
        return 6.0 * (self.language * tokens + self.vision * patches)
