"""Low-rank adapters on the language blocks: put in before training, merged into the weights after it."""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import nn

from model.train.packed_recipe import PackedRecipe
from model.train.parts import part_of
from molmo_act.errors import MissingExtraError
from molmo_act.modeling import MolmoPointForConditionalGeneration

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
ADAPTER = "lora_"
"""What names of an adapter's parameters contain."""


def add_adapters(model: MolmoPointForConditionalGeneration, recipe: PackedRecipe) -> None:
    """Puts adapters into the language blocks and freezes everything else of the language part.

    The other parts learn in full, or not at all where their rate is 0. Frozen weights are stored in the
    recipe's precision, those that learn in float32.

    Raises:
        MissingExtraError: peft is not installed.
    """
    if find_spec("peft") is None:
        raise MissingExtraError("peft", "train", f"adapters={recipe.adapters}")
    from peft import LoraConfig, inject_adapter_in_model

    settings = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(PROJECTIONS))
    frozen = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32
    inject_adapter_in_model(settings, model.model.language_model)
    for name, parameter in model.named_parameters():
        part = part_of(name)
        learns = getattr(recipe, part).rate > 0 and (part != "language" or ADAPTER in name)
        if parameter.is_floating_point():
            parameter.requires_grad_(learns)
            parameter.data = parameter.data.to(torch.float32 if learns else frozen)


def merge_adapters(model: nn.Module) -> None:
    """Adds every adapter to the weights it sits on, and takes it away; nothing where there is none."""
    if not any(ADAPTER in name for name, _ in model.named_parameters()):
        return
    from peft.tuners.tuners_utils import BaseTunerLayer

    for name, module in list(model.named_modules()):
        if isinstance(module, BaseTunerLayer):
            module.merge()
            parent, _, child = name.rpartition(".")
            setattr(model.get_submodule(parent), child, module.get_base_layer())
