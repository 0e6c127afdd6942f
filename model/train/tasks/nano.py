"""nano, the bundled checkpoint, from scratch: glyph sheets, then images with questions.

Needs the images, icons and words of `model/data/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from torch.optim import AdamW, Muon
from tqdm import tqdm
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from model.data.encoding.message_tree import ImageTreeEncoder
from model.data.registry import HTML, rendered_folder
from model.data.scenes.generate import draw_scene
from model.data.scenes.sprite_library import load_library
from model.data.screens.generate import draw_screen
from model.train.config.nano import NanoRecipe
from model.train.data.curriculum import (
    Batch,
    Curriculum,
    CurriculumConfig,
    GlyphSheetStage,
    PointingStage,
)
from model.train.data.glyph_sheet_batch import GlyphSheetBatch, GlyphSheetEncoder
from model.train.data.tree_batch import TensorBatch
from model.train.distributed import DistributedContext
from model.train.losses.base import Losses, LossModule, MeanLosses, equally_weighted
from model.train.losses.glyph_sheets import GlyphSheetLosses, glyph_sheet_losses
from model.train.losses.tree import TreeLosses, tree_losses
from model.train.models.init import fresh_model, load_for_training
from model.train.models.nano import GEOMETRY, make_processor, nano_config
from model.train.models.nano_tokenizer import train_tokenizer
from model.train.optim import Optimizers, group_parameters, warmup_stable_decay
from model.train.task import RunOptions
from model.train.tasks.numbered import NumberedTask
from molmo_act.io.atomic import atomic_folder

WORD_TABLES = ("embed_tokens", "lm_head", "positional_embedding")
EVAL_BATCHES = 12
"""Number of held-out batches of each kind."""


class NanoLossModule(LossModule):
    """Losses of glyph sheets and of trees, all batches of equal weight."""

    metric_names = tuple(field.name for kind in (TreeLosses, GlyphSheetLosses) for field in fields(kind))

    def forward(self, batch: Batch) -> Losses:
        """Computes the losses; a batch reports the metrics of its kind only."""
        losses: MeanLosses
        if isinstance(batch, GlyphSheetBatch):
            losses = glyph_sheet_losses(self.model, batch)
        else:
            losses = tree_losses(self.model, batch)
        return equally_weighted(losses, self.metric_names)


class NanoTask(NumberedTask):
    """nano from scratch. The run's folder keeps its tokenizer, which is trained first of all.

    See `NumberedTask` for arguments.

    Raises:
        InputError: There are several processes.
        PlatformError: The assets that images are drawn with have not been fetched.
    """

    def __init__(self, recipe: NanoRecipe, options: RunOptions, context: DistributedContext) -> None:
        super().__init__(recipe, options, context)
        self._recipe = recipe
        self._pages = rendered_folder(HTML, options.data)
        if recipe.model:
            model = load_for_training(recipe.model)
            tokenizer = PreTrainedTokenizerFast.from_pretrained(recipe.model)
        else:
            tokenizer = make_tokenizer(recipe, options.folder / "tokenizer")
            model = fresh_model(nano_config(tokenizer), recipe.seed)
        self.loss_module = NanoLossModule(self._prepare(model, make_processor(tokenizer, GEOMETRY)))

    def optimizers(self) -> Optimizers:
        """Makes Muon for the matrices of hidden layers, AdamW for tables, norms, biases and single vectors.

        Muon's steps are scaled to the size of AdamW's, so both share one learning rate.
        """
        recipe, model = self._recipe, self.loss_module.model
        matrices: list[tuple[str, nn.Parameter]] = []
        rest: list[tuple[str, nn.Parameter]] = []
        for name, parameter in model.named_parameters():
            is_table = any(table in name for table in WORD_TABLES)
            (rest if parameter.ndim != 2 or is_table else matrices).append((name, parameter))

        def rates(step: int) -> dict[str, float]:
            rate = recipe.learning_rate * warmup_stable_decay(step, recipe.steps, recipe.warmup, recipe.decay)
            slow = recipe.vision_rate if step >= recipe.sheets_until else 1.0
            return {"vision": rate * slow, "rest": rate}

        muon = Muon(
            group_parameters(matrices, group_of),
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        adamw = AdamW(group_parameters(rest, group_of), betas=(0.9, 0.95), weight_decay=0.0, fused=True)
        return Optimizers((muon, adamw), rates, {"all": (list(model.parameters()), recipe.clip)})

    def stage(self) -> Curriculum:
        """Glyph sheets first, then points."""
        return self._curriculum(self._shown())

    def first_trees(self) -> tuple[int, PointingStage]:
        """The first batch that asks for points."""
        return self._recipe.sheets_until, self._points(self._shown())

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """Draws a few batches of each kind, with fonts, icons and drawings that training never shows."""
        kinds = {
            "sheets": self._unseen(sheets_until=EVAL_BATCHES),
            "plain windows": self._unseen(screens=1.0, plain=1.0, least_plain=1.0),
            "screens": self._unseen(screens=1.0),
            "scenes": self._unseen(screens=0.0),
        }
        if self._recipe.pages:
            kinds["pages"] = self._unseen(screens=1.0, pages=1.0)
        if self._recipe.clips:
            kinds["clips"] = self._unseen(screens=0.0, clips=1.0)
        stages = {kind: self._curriculum(config) for kind, config in kinds.items()}
        return {kind: [stage.draw(k) for k in range(EVAL_BATCHES)] for kind, stage in stages.items()}

    def _shown(self) -> CurriculumConfig:
        shared = {field.name for field in fields(self._recipe)} & {f.name for f in fields(CurriculumConfig)}
        return CurriculumConfig(
            pages_folder=self._pages, **{name: getattr(self._recipe, name) for name in shared}
        )

    def _unseen(self, **kind: Any) -> CurriculumConfig:
        seed = self._recipe.seed + 1
        unseen = CurriculumConfig(
            seed, "eval", pages_folder=self._pages, crops_per_batch=18, small_until=EVAL_BATCHES
        )
        return replace(unseen, **kind)

    def _curriculum(self, config: CurriculumConfig) -> Curriculum:
        processor = self.processor
        encoder = GlyphSheetEncoder(processor.tokenizer, processor.image_processor.geometry)
        sheets = GlyphSheetStage(config, encoder)
        return Curriculum(config, sheets, self._points(config))

    def _points(self, config: CurriculumConfig) -> PointingStage:
        model_config = self.loss_module.model.config
        encoder = ImageTreeEncoder(self.processor, config=model_config)
        return PointingStage(config, model_config, encoder)


def make_tokenizer(recipe: NanoRecipe, folder: Path) -> PreTrainedTokenizerBase:
    """Trains the run's tokenizer on the words of images drawn for it, or reads it if it is there.

    Args:
        recipe: Seed, and number of images.
        folder: Where the tokenizer is kept.
    """
    if folder.exists():
        return PreTrainedTokenizerFast.from_pretrained(folder)
    rng = np.random.default_rng([recipe.seed, 2**31])
    library = load_library("train")
    texts: list[str] = []
    for _ in tqdm(range(recipe.tokenizer_images), desc="words", unit="image"):
        for image in (draw_screen(rng, 320, 320), draw_scene(rng, 320, 320, library)):
            texts += [f"<|im_start|>user\nPoint to {query.text}" for query in image.queries]
            texts += [query.label for query in image.queries]
    tokenizer = train_tokenizer(texts)
    with atomic_folder(folder) as partial:
        tokenizer.save_pretrained(partial)
    return tokenizer


def group_of(name: str) -> str:
    """The param group that a parameter belongs to, by its full name."""
    return "vision" if "vision_tower" in name else "rest"
