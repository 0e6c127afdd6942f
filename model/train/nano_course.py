"""nano, the bundled checkpoint, from scratch: sheets of names, then pictures with questions.

Needs the pictures, icons and words of `model/data/README.md`.
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

from model.data.encode import TreeEncoder
from model.data.scene_assets import load_library
from model.data.scenes import draw_scene
from model.data.screens import draw_screen
from model.data.sources import HTML, rendered_folder
from model.train.batch import TensorBatch
from model.train.course import Settings
from model.train.nano_config import GEOMETRY, make_processor, nano_config
from model.train.nano_recipe import NanoRecipe
from model.train.nano_tokenizer import train_tokenizer
from model.train.objective import Losses, MeanLosses, Objective, of_equal_weight
from model.train.optimizers import Optimizers, groups_by_part, warmup_stable_decay
from model.train.packed import PackedSequence, pack
from model.train.sheet_lesson import SheetBatch, SheetEncoder, SheetLosses, sheet_losses
from model.train.starting import fresh_model, make_ready
from model.train.stream import (
    Batch,
    BatchLoader,
    Curriculum,
    PointingLesson,
    SheetLesson,
    StreamConfig,
)
from model.train.tree_objective import TreeLosses, tree_losses
from model.train.world import World

WORD_TABLES = ("embed_tokens", "lm_head", "positional_embedding")
LOOKED_AT = 12
"""Held-out batches of each kind."""


class NanoObjective(Objective):
    """Losses of sheets and of trees, all batches of equal weight."""

    measures = tuple(field.name for kind in (TreeLosses, SheetLosses) for field in fields(kind))

    def forward(self, batch: Batch) -> Losses:
        """What the batch costs; a batch measures what its kind has, and only of what it holds."""
        losses: MeanLosses
        if isinstance(batch, SheetBatch):
            losses = sheet_losses(self.model, batch)
        else:
            losses = tree_losses(self.model, batch)
        return of_equal_weight(losses, self.measures)


class NanoCourse:
    """See `Course`. The run's folder keeps its tokenizer, which is made first of all.

    Args:
        recipe: What is learned, and how.
        settings: Where.
        world: Of one process.

    Raises:
        InputError: There are several processes.
        PlatformError: What pictures are drawn with has not been fetched.
    """

    batches = 1

    def __init__(self, recipe: NanoRecipe, settings: Settings, world: World) -> None:
        world.refuse_many(recipe.kind)
        self._recipe = recipe
        self._pages = rendered_folder(HTML, settings.data)
        self._workers = settings.workers
        tokenizer = make_tokenizer(recipe, settings.folder / "tokenizer")
        self.processor = make_processor(tokenizer, GEOMETRY)
        model = fresh_model(nano_config(tokenizer), recipe.seed)
        make_ready(model, self.processor, world.device)
        self.objective: Objective = NanoObjective(model)

    def optimizers(self) -> Optimizers:
        """Muon for the matrices of hidden layers, AdamW for tables, norms, biases and single vectors.

        Muon's steps are scaled to the size of AdamW's, so both share one learning rate.
        """
        recipe, model = self._recipe, self.objective.model
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
            groups_by_part(matrices, part_of),
            weight_decay=recipe.weight_decay,
            adjust_lr_fn="match_rms_adamw",
        )
        adamw = AdamW(groups_by_part(rest, part_of), betas=(0.9, 0.95), weight_decay=0.0, fused=True)
        return Optimizers((muon, adamw), rates, {"all": (list(model.parameters()), recipe.clip)})

    def loader(self, state: dict[str, Any] | None) -> BatchLoader:
        """Batches by their numbers, whatever the number of workers."""
        return BatchLoader(self._curriculum(self._shown()), self._workers, state)

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """A few batches of each kind with fonts, icons and drawings that training never shows."""
        kinds = {
            "sheets": self._unseen(sheets_until=LOOKED_AT),
            "plain windows": self._unseen(screens=1.0, plain=1.0, least_plain=1.0),
            "screens": self._unseen(screens=1.0),
            "scenes": self._unseen(screens=0.0),
        }
        if self._recipe.pages:
            kinds["pages"] = self._unseen(screens=1.0, pages=1.0)
        if self._recipe.clips:
            kinds["clips"] = self._unseen(screens=0.0, clips=1.0)
        lessons = {kind: self._curriculum(config) for kind, config in kinds.items()}
        return {kind: [lesson.draw(k) for k in range(LOOKED_AT)] for kind, lesson in lessons.items()}

    def packs(self, count: int, state: dict[str, Any] | None) -> list[PackedSequence]:
        """Batches that ask for points, each as one sequence."""
        points, config = self._points(self._shown()), self.objective.model.config
        first = max(state["number"] if state else 0, self._recipe.sheets_until)
        return [pack(points.trees(number), config) for number in range(first, first + count)]

    def _shown(self) -> StreamConfig:
        shared = {field.name for field in fields(self._recipe)} & {f.name for f in fields(StreamConfig)}
        return StreamConfig(
            pages_folder=self._pages, **{name: getattr(self._recipe, name) for name in shared}
        )

    def _unseen(self, **kind: Any) -> StreamConfig:
        seed = self._recipe.seed + 1
        unseen = StreamConfig(
            seed, "eval", pages_folder=self._pages, crops_per_batch=18, small_until=LOOKED_AT
        )
        return replace(unseen, **kind)

    def _curriculum(self, config: StreamConfig) -> Curriculum:
        sheets = SheetLesson(config, SheetEncoder(self.processor.tokenizer, GEOMETRY))
        return Curriculum(config, sheets, self._points(config))

    def _points(self, config: StreamConfig) -> PointingLesson:
        encoder = TreeEncoder(self.processor.tokenizer, GEOMETRY)
        return PointingLesson(config, self.objective.model.config, encoder)


def make_tokenizer(recipe: NanoRecipe, folder: Path) -> PreTrainedTokenizerBase:
    """The run's tokenizer; made once, from the words of pictures drawn for it, then read back."""
    if folder.exists():
        return PreTrainedTokenizerFast.from_pretrained(folder)
    rng = np.random.default_rng([recipe.seed, 2**31])
    library = load_library("train")
    texts: list[str] = []
    for _ in tqdm(range(recipe.tokenizer_pictures), desc="words", unit="picture"):
        for picture in (draw_screen(rng, 320, 320), draw_scene(rng, 320, 320, library)):
            texts += [f"<|im_start|>user\nPoint to {query.text}" for query in picture.queries]
            texts += [query.label for query in picture.queries]
    tokenizer = train_tokenizer(texts)
    partial = folder.with_suffix(".partial")
    tokenizer.save_pretrained(partial)
    partial.rename(folder)
    return tokenizer


def part_of(name: str) -> str:
    """The part a parameter belongs to, by its full name."""
    return "vision" if "vision_tower" in name else "rest"
