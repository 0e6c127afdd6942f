"""Low-rank adapters on the language blocks: added before training, merged into the weights after it."""

from __future__ import annotations

import torch
from torch import nn

from model.train.config.packed import PackedRecipe
from model.train.models.param_groups import group_of
from molmo_act._optional import require_optional
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ADAPTER = "lora_"
"""Part of the names of an adapter's parameters."""


def add_adapters(model: MolmoPointForConditionalGeneration, recipe: PackedRecipe) -> None:
    """Adds adapters to the language blocks and freezes everything else of the language group.

    The other groups learn in full, or not at all where their rate is 0. Frozen weights are stored in the
    recipe's precision, those that are trained in float32.

    Args:
        model: Changed in place.
        recipe: Size of the adapters, rates and precision.

    Raises:
        MissingExtraError: peft is not installed.
    """
    require_optional("peft", extra="train", purpose=f"adapters={recipe.adapters}")
    from peft import LoraConfig, inject_adapter_in_model

    settings = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(PROJECTIONS))
    frozen = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32
    inject_adapter_in_model(settings, model.model.language_model)
    for name, parameter in model.named_parameters():
        group = group_of(name)
        learns = getattr(recipe, group).rate > 0 and (group != "language" or ADAPTER in name)
        if parameter.is_floating_point():
            parameter.requires_grad_(learns)
            parameter.data = parameter.data.to(torch.float32 if learns else frozen)


def merge_adapters(model: nn.Module) -> None:
    """Adds every adapter to the weights it belongs to and removes it; does nothing without adapters.

    Args:
        model: Changed in place.
    """
    if not any(ADAPTER in name for name, _ in model.named_parameters()):
        return
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, module.get_base_layer())
