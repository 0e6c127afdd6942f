"""The param groups of a model, each with its own rate, warm-up and clipping."""

from __future__ import annotations

from torch import nn
from torch.optim import AdamW

from model.train.config.mixture import MixtureRecipe, ParamGroupConfig
from model.train.optim import Optimizers, cosine, group_parameters

PLACES = {
    "vision": ("vision_tower.",),
    "connector": ("multi_modal_projector.", "temporal."),
    "grounding": ("point_predictor.", "build_vit_embedding."),
}
"""Parts of parameter names by group; everything else is language."""


def group_of(name: str) -> str:
    """The group that a parameter belongs to, by its full name."""
    for group, places in PLACES.items():
        if any(place in name for place in places):
            return group
    return "language"


def freeze(model: nn.Module, recipe: MixtureRecipe) -> None:
    """Freezes the groups whose rate is 0.

    Args:
        model: Changed in place.
        recipe: The rates.
    """
    for name, parameter in model.named_parameters():
        if getattr(recipe, group_of(name)).rate == 0:
            parameter.requires_grad_(False)


def build_optimizers(model: nn.Module, recipe: MixtureRecipe) -> Optimizers:
    """Makes one AdamW over all trained parameters, every group with its own schedule.

    Args:
        model: The model, sharded or not.
        recipe: Rate and warm-up of every group, what is clipped together, and the parameters of AdamW.
    """
    groups = group_parameters(model.named_parameters(), group_of)
    terms: dict[str, ParamGroupConfig] = {group["name"]: getattr(recipe, group["name"]) for group in groups}
    optimizer = AdamW(
        groups,
        lr=0.0,
        betas=(recipe.beta1, recipe.beta2),
        eps=recipe.epsilon,
        weight_decay=recipe.weight_decay,
    )

    def rates(step: int) -> dict[str, float]:
        return {
            group: each.rate * cosine(step, recipe.steps, each.warmup, recipe.final)
            for group, each in terms.items()
        }

    clips = {group["name"]: (group["params"], terms[group["name"]].clip) for group in groups}
    if recipe.clip:
        clips = {"all": ([each for group in groups for each in group["params"]], recipe.clip)}
    return Optimizers((optimizer,), rates, clips)
