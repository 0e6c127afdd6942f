"""nano trained on clips whose frames are encoded with those before them (VideoMolmo, arXiv 2506.05336).

Shape letters: N pooling windows of a clip, P of each of its T frames, K slots of a window, C width of
gathered ViT features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import torch
from torch import Tensor
from torch.optim import AdamW

from model.data.encoding.message_tree import ImageTreeEncoder
from model.train.config.temporal import TemporalRecipe
from model.train.data.clips import HELD_OUT_SEED, SEED_STEP, TRAIN_SEED, ClipStage
from model.train.data.tree_batch import TensorBatch, TreeBatch
from model.train.distributed import DistributedContext
from model.train.losses.base import Losses, LossModule, equally_weighted
from model.train.losses.tree import TreeLosses, tree_losses
from model.train.models.init import fresh_model, load_for_training
from model.train.optim import Optimizers, cosine, group_parameters
from model.train.task import RunOptions
from model.train.tasks.numbered import NumberedTask
from molmo_act.models.molmo_point import (
    MolmoPointConfig,
    MolmoPointForConditionalGeneration,
    MolmoPointProcessor,
)
from molmo_act.models.molmo_point.core import ImageFeatures
from molmo_act.models.molmo_point.tiling import normalize
from molmo_act.pointing.load import NANO


class TemporalLossModule(LossModule):
    """Losses of clips, all of equal weight, the true answers fed. The vision tower is frozen."""

    metric_names = tuple(field.name for field in fields(TreeLosses))

    def forward(self, batch: TreeBatch) -> Losses:
        """Computes the losses of a clip, whose frames are the trees of the batch in their order."""
        return equally_weighted(tree_losses(self.model, batch, self.encode_images(batch)), self.metric_names)

    def encode_images(self, batch: TreeBatch) -> ImageFeatures:
        """Encodes the frames of a clip, each with the mean of those before it, if there are any."""
        core, frames = self.model.model, len(batch.image_BI)
        with torch.no_grad():
            windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK).float()
        windows_TPKC = windows_NKC.unflatten(0, (frames, -1))
        valid_TPK = (batch.pooling_NK >= 0).unflatten(0, (frames, -1))
        means_TPKC = means_of_past(windows_TPKC, core.config.temporal_frames)
        first = core.pool_windows(windows_TPKC[0], valid_TPK[0])
        others = (windows_TPKC[1:], valid_TPK[1:], means_TPKC)
        later = core.pool_windows(*(part.flatten(0, 1) for part in others))
        return ImageFeatures(*map(torch.cat, zip(first, later, strict=True)))


def means_of_past(windows_TPKC: Tensor, past: int) -> Tensor:
    """Averages earlier frames.

    Args:
        windows_TPKC: ViT features of the frames.
        past: Largest number of frames that are averaged.

    Returns:
        (T - 1, P, K, C): for every frame but the first the mean of up to `past` frames before it.
    """
    return torch.stack([windows_TPKC[max(0, t - past) : t].mean(0) for t in range(1, len(windows_TPKC))])


class TemporalTask(NumberedTask):
    """The bundled nano with a temporal module; see `NumberedTask` for arguments."""

    def __init__(self, recipe: TemporalRecipe, options: RunOptions, context: DistributedContext) -> None:
        super().__init__(recipe, options, context)
        self._recipe = recipe
        processor = MolmoPointProcessor.from_pretrained(NANO)
        model = self._prepare(nano_with_module(recipe), processor)
        model.model.vision_tower.requires_grad_(False)
        self.loss_module = TemporalLossModule(model)

    def optimizers(self) -> Optimizers:
        """Makes one AdamW, with a rate of its own for the module; all gradients are clipped together."""
        recipe = self._recipe
        groups = group_parameters(self.loss_module.model.named_parameters(), group_of)
        adamw = AdamW(groups, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.0)

        def rates(step: int) -> dict[str, float]:
            share = cosine(step, recipe.steps, recipe.warmup, 0.0)
            return {"module": recipe.module_rate * share, "rest": recipe.rate * share}

        learning = [parameter for group in groups for parameter in group["params"]]
        return Optimizers((adamw,), rates, {"all": (learning, recipe.clip)})

    def stage(self) -> ClipStage:
        """Clips by their numbers, which are those of steps."""
        return self._clips(TRAIN_SEED + SEED_STEP * self._recipe.seed)

    def first_trees(self) -> tuple[int, ClipStage]:
        """All batches are made of trees, whose frames know nothing of one another."""
        return 0, self.stage()

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """Draws held-out clips, every one a kind of its own, so that runs can be compared clip by clip."""
        stage = self._clips(HELD_OUT_SEED)
        return {f"clip {number}": [stage.draw(number)] for number in range(self._recipe.held_out)}

    def _clips(self, first: int) -> ClipStage:
        config = self.loss_module.model.config
        return ClipStage(first, config, ImageTreeEncoder(self.processor, config=config))


def nano_with_module(recipe: TemporalRecipe) -> MolmoPointForConditionalGeneration:
    """Loads the bundled nano and adds a fresh temporal module."""
    config = MolmoPointConfig.from_pretrained(NANO)
    config.temporal_module = None if recipe.module == "none" else recipe.module
    config.temporal_frames = recipe.past
    model = fresh_model(config, recipe.seed)
    trained = load_for_training(NANO)
    missing, unexpected = model.load_state_dict(trained.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith("model.temporal.") for name in missing)
    if model.model.temporal is not None:
        model.model.temporal.begin_unheard()  # two hundred clips do not repair what Xavier's rule disturbs
    return model


def group_of(name: str) -> str:
    """The param group that a parameter belongs to, by its full name."""
    return "module" if "model.temporal." in name else "rest"
