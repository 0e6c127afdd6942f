"""How much of a machine a run uses; knows numbers of weights and seconds, no training."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from molmo_act.modeling import MolmoPointForConditionalGeneration

SIDE = 2048
ROUNDS = 3


def products_per_second(device: torch.device, dtype: torch.dtype) -> float:
    """Floating-point operations a second of large matrix products, measured here and now."""
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
    """What one training step multiplies: 6 products for each weight and position, attention left out.

    Attributes:
        language, vision: Weights of the language blocks and of the vision tower.
    """

    language: int
    vision: int

    @classmethod
    def of(cls, model: MolmoPointForConditionalGeneration) -> StepCost:
        """Of a model that is not sharded."""
        core = model.model
        blocks = (core.language_model.layers, core.vision_tower)
        return cls(*(sum(p.numel() for p in block.parameters()) for block in blocks))

    def products(self, tokens: int, patches: int) -> float:
        """Floating-point operations of a step over so many tokens and ViT patches."""
        return 6.0 * (self.language * tokens + self.vision * patches)
