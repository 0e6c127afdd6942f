"""What recipes share that train a released checkpoint further on packed sequences of a mixture of sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from model.train.config.base import Recipe

Z_LOSS = 1e-4
"""Weight of the z-loss of words: of the squared logarithm of the softmax's denominator."""


@dataclass(frozen=True)
class ParamGroupConfig:
    """How one param group of the model learns.

    Attributes:
        rate: Highest learning rate; 0 freezes the group.
        warmup: Steps of linear warm-up.
        clip: Largest norm of the group's gradient.
    """

    rate: float
    warmup: int = 200
    clip: float = 1.0


@dataclass(frozen=True)
class MixtureRecipe(Recipe):
    """A checkpoint is trained further with packed sequences; each family of models adds its own keys.

    Attributes:
        model: Folder or hub name of the checkpoint to start from.
        data: Mixture, see `model.data.encoding.mixture.parse_groups`.
        batch: Sequences of one step, over all processes.
        tokens, crops: Room of a sequence.
        buffer: Number of examples out of which sequences are packed.
        crop_weight: What a crop is worth in packing, in tokens.
        max_crops: Most detailed crops of one image.
        frames: Most frames of one video.
        side_least, side_most: Range of the sides of generated images, pixels.
        points: Most pointing branches of an image.
        vision, connector, language: How each param group learns.
        final: Share of the learning rates that the cosine ends at.
        clip: Largest norm of the gradient of all groups together; 0 to clip each group on its own.
        beta1, beta2, epsilon, weight_decay: Parameters of AdamW.
        z_loss: Weight of the z-loss of words.
        recompute: Whether activations are computed again in the backward pass instead of kept.
        compile: Whether layers are compiled; pads all sequences to one length.
    """

    model: str = ""
    data: str = "0.5 screens; 0.5 scenes"
    batch: int = 128
    tokens: int = 16_384
    crops: int = 128
    buffer: int = 32
    crop_weight: float = 30.0
    max_crops: int = 8
    frames: int = 128
    side_least: int = 200
    side_most: int = 769
    points: int = 64
    vision: ParamGroupConfig = ParamGroupConfig(5e-6)
    connector: ParamGroupConfig = ParamGroupConfig(5e-6)
    language: ParamGroupConfig = ParamGroupConfig(1e-5)
    final: float = 0.1
    clip: float = 0.0
    beta1: float = 0.9
    beta2: float = 0.95
    epsilon: float = 1e-6
    weight_decay: float = 0.0
    z_loss: float = Z_LOSS
    recompute: bool = True
    compile: bool = False

    may_change: ClassVar[tuple[str, ...]] = (*Recipe.may_change, "recompute", "compile")
    counts: ClassVar[tuple[str, ...]] = (*Recipe.counts, "batch", "tokens", "crops", "buffer", "max_crops")
