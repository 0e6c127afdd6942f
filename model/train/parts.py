"""The four parts of a model that learn on their own terms: rate, warm-up, clipping."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW

from model.train.optimizers import Optimizers, cosine, groups_by_part
from model.train.packed_recipe import PackedRecipe, Part

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
    groups = groups_by_part(model.named_parameters(), part_of)
    terms: dict[str, Part] = {group["part"]: getattr(recipe, group["part"]) for group in groups}
    optimizer = AdamW(
        groups,
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

    clips = {group["part"]: (group["params"], terms[group["part"]].clip) for group in groups}
    return Optimizers((optimizer,), rates, clips)
