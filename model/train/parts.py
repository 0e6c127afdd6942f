"""The four parts of a model that learn on their own terms: optimiser, schedule, clipping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from model.train.recipes import Part, Recipe

PARTS = ("vision", "connector", "grounding", "language")
PLACES = {
    "vision": ("vision_tower.",),
    "connector": ("multi_modal_projector.", "temporal."),
    "grounding": ("point_predictor.", "build_vit_embedding."),
}
"""What names of parameters contain; everything else is language."""


def part_of(name: str) -> str:
    """The part a parameter belongs to, by its full name."""
    for part, places in PLACES.items():
        if any(place in name for place in places):
            return part
    return "language"


@dataclass(frozen=True)
class LearningParts:
    """Parameters that learn, with their optimiser.

    Attributes:
        optimizer: One group for each part that learns, named by `group["part"]`.
        terms: How each part learns.
    """

    optimizer: AdamW
    terms: dict[str, Part]

    @classmethod
    def of(cls, model: nn.Module, recipe: Recipe) -> LearningParts:
        """Makes an optimiser for all that learns, and freezes the rest.

        Args:
            model: Parameters that are frozen already stay so.
            recipe: Says how parts learn.
        """
        freeze(model, recipe)
        members: dict[str, list[nn.Parameter]] = {part: [] for part in PARTS}
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                members[part_of(name)].append(parameter)
        optimizer = AdamW(
            [{"params": found, "part": part} for part, found in members.items() if found],
            lr=0.0,
            betas=(recipe.beta1, recipe.beta2),
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        )
        return cls(optimizer, {part: getattr(recipe, part) for part in PARTS})

    def set_rates(self, step: int, steps: int, final: float) -> dict[str, float]:
        """Sets the learning rates of a step, and gives them by part."""
        for group in self.optimizer.param_groups:
            terms = self.terms[group["part"]]
            group["lr"] = terms.rate * cosine(step, steps, terms.warmup, final)
        return {group["part"]: group["lr"] for group in self.optimizer.param_groups}

    def clip(self) -> dict[str, Tensor]:
        """Clips the gradient of each part to its norm; gives the norms before that, as scalars."""
        norms = {}
        for group in self.optimizer.param_groups:
            largest = self.terms[group["part"]].clip
            norm = torch.nn.utils.clip_grad_norm_(group["params"], largest)
            norms[group["part"]] = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
        return norms

    def step(self) -> None:
        """One step of the optimiser; gradients are gone behind it."""
        self.optimizer.step()
        self.optimizer.zero_grad()


def freeze(model: nn.Module, recipe: Recipe) -> None:
    """Freezes the parts whose rate is 0."""
    for name, parameter in model.named_parameters():
        if getattr(recipe, part_of(name)).rate == 0:
            parameter.requires_grad_(False)


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
