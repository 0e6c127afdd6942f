"""The four parts of a model that learn on their own terms: rate, warm-up, clipping."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW

from model.train.optimizers import Optimizers, cosine
from model.train.packed_recipe import PackedRecipe, Part

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


def freeze(model: nn.Module, recipe: PackedRecipe) -> None:
    """Freezes the parts whose rate is 0."""
    for name, parameter in model.named_parameters():
        if getattr(recipe, part_of(name)).rate == 0:
            parameter.requires_grad_(False)


def optimize_by_part(model: nn.Module, recipe: PackedRecipe) -> Optimizers:
    """AdamW over all that learns, one group for each part, each clipped on its own."""
    members: dict[str, list[nn.Parameter]] = {part: [] for part in PARTS}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            members[part_of(name)].append(parameter)
    learning = {part: found for part, found in members.items() if found}
    terms: dict[str, Part] = {part: getattr(recipe, part) for part in learning}
    optimizer = AdamW(
        [{"params": found, "part": part} for part, found in learning.items()],
        lr=0.0,
        betas=(recipe.beta1, recipe.beta2),
        eps=recipe.epsilon,
        weight_decay=recipe.weight_decay,
    )

    def rates(step: int) -> dict[str, float]:
        return {
            part: each.rate * cosine(step, recipe.steps, each.warmup, recipe.final)
            for part, each in terms.items()
        }

    clips = {part: (found, terms[part].clip) for part, found in learning.items()}
    return Optimizers((optimizer,), rates, clips)
