"""What the task of packed sequences is made of, for each family of models."""

from __future__ import annotations

from dataclasses import dataclass

from model.data.encoding.encoder import TreeEncoder
from model.data.encoding.percent_tree import PercentTreeEncoder
from model.train.config.mixture import MixtureRecipe
from model.train.config.packed import PackedRecipe
from model.train.config.video_molmo import VideoMolmoRecipe
from model.train.distributed import DistributedContext
from model.train.losses.packed import PackedLossModule
from model.train.losses.video_molmo import VideoMolmoLossModule
from model.train.models.init import init_model, make_encoders
from model.train.models.video_molmo import init_video_molmo
from molmo_act.models.molmo_point import MolmoPointConfig, MolmoPointProcessor


@dataclass(frozen=True)
class PackedParts:
    """A model with what it is trained by.

    Attributes:
        loss_module: Turns packed sequences into losses; `loss_module.model` is the model.
        processor: Its processor.
        encode: Turns samples into message trees.
        config: Its configuration; None if its answers are words alone.
    """

    loss_module: PackedLossModule | VideoMolmoLossModule
    processor: MolmoPointProcessor
    encode: TreeEncoder
    config: MolmoPointConfig | None


def packed_parts(recipe: MixtureRecipe, context: DistributedContext) -> PackedParts:
    """Initializes a run of packed sequences.

    Args:
        recipe: What is learned, and how.
        context: The processes.

    Returns:
        The parts.

    Raises:
        CheckpointError, InputError, MissingExtraError: See `init_model` and `init_video_molmo`.
    """
    if isinstance(recipe, VideoMolmoRecipe):
        model, own = init_video_molmo(recipe, context)
        losses = VideoMolmoLossModule(model, own.vision_ids.image_patch, recipe.z_loss)
        encode = PercentTreeEncoder(own, points=recipe.points, max_crops=recipe.max_crops)
        return PackedParts(losses, own, encode, None)
    assert isinstance(recipe, PackedRecipe)
    pointer, processor = init_model(recipe, context)
    encoders = make_encoders(processor, recipe, pointer.config)
    return PackedParts(PackedLossModule(pointer, recipe.z_loss), processor, encoders, pointer.config)
