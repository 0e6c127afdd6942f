"""Initializes a run of VideoMolmo: a Molmo 1 with a fresh temporal module, or a VideoMolmo as it is."""

from __future__ import annotations

from typing import cast

import torch

from model.train.config.video_molmo import VideoMolmoRecipe
from model.train.distributed import DistributedContext
from model.train.models.init import refuse_stored_in_fewer_bits
from model.train.models.param_groups import freeze
from molmo_act.models.molmo import MolmoForConditionalGeneration, MolmoProcessor
from molmo_act.models.molmo.temporal import VideoMolmoTemporalModule
from molmo_act.models.molmo.weight_conversion import conversions_of


def init_video_molmo(
    recipe: VideoMolmoRecipe, context: DistributedContext
) -> tuple[MolmoForConditionalGeneration, MolmoProcessor]:
    """Loads the model of a recipe, and gives it a temporal module unless it has one.

    Args:
        recipe: Which checkpoint, and what of it is trained.
        context: The processes; the model is on this one's device, not yet sharded.

    Returns:
        The model, in float32, and its processor.

    Raises:
        CheckpointError: The checkpoint is missing, damaged, or no Molmo 1.
        InputError: It is stored in fewer bits.
    """
    refuse_stored_in_fewer_bits(recipe.model)
    processor = MolmoProcessor.from_pretrained(recipe.model)
    model = cast(
        "MolmoForConditionalGeneration",
        MolmoForConditionalGeneration.from_pretrained(recipe.model, dtype=torch.float32),
    )
    if not model.config.has_temporal_module:
        add_temporal_module(model, recipe.seed)
    model.generation_config.eos_token_id = processor.tokenizer.eos_token_id
    model.generation_config.pad_token_id = processor.tokenizer.pad_token_id
    model.to(context.device).train()
    freeze(model, recipe)
    if recipe.recompute:
        model.activation_checkpointing_enable({"use_reentrant": False})
    if recipe.compile:
        for layer in (*model.model.vision_tower.layers, *model.model.language_model.layers):
            layer.compile()
    return model, processor


def add_temporal_module(model: MolmoForConditionalGeneration, seed: int) -> None:
    """Makes a VideoMolmo of a Molmo 1: a module of fresh weights, and no embedding of padding.

    Args:
        model: Changed in place.
        seed: Seed of the weights.
    """
    config, core = model.config.with_temporal_module(), model.model
    model.config = core.config = config
    core.multi_modal_projector.config = config.adapter_config
    core.multi_modal_projector.pad_embed = None
    torch.manual_seed(seed)
    core.temporal = VideoMolmoTemporalModule(config.adapter_config)
    core.temporal.init_weights()
    model._weight_conversions = conversions_of(model)  # loading left those that it used, none of a module
