"""nano taught with clips whose frames are seen with those before them (VideoMolmo, arXiv 2506.05336).

Shape letters: N pooling windows of a clip, P of each of its T frames, K slots of a window, C width of
gathered ViT features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import torch
from torch import Tensor
from torch.optim import AdamW

from model.data.encode import TreeEncoder
from model.train.batch import TensorBatch, TreeBatch
from model.train.clip_lesson import HELD_OUT_SEED, SEED_STEP, TRAIN_SEED, ClipLesson
from model.train.course import Settings
from model.train.nano_config import GEOMETRY
from model.train.objective import Losses, Objective, of_equal_weight
from model.train.optimizers import Optimizers, cosine, groups_by_part
from model.train.packed import PackedSequence, pack
from model.train.starting import fresh_model, make_ready
from model.train.stream import BatchLoader
from model.train.temporal_recipe import TemporalRecipe
from model.train.tree_objective import TreeLosses, tree_losses
from model.train.world import World
from molmo_act.api import NANO
from molmo_act.modeling import MolmoPointConfig, MolmoPointForConditionalGeneration, MolmoPointProcessor
from molmo_act.modeling.core import Views
from molmo_act.modeling.tiling import normalize


class TemporalObjective(Objective):
    """Losses of clips, all of equal weight, the true answers fed. The vision tower does not learn."""

    measures = tuple(field.name for field in fields(TreeLosses))

    def forward(self, batch: TreeBatch) -> Losses:
        """What a clip costs, whose frames are the trees of the batch in their order."""
        return of_equal_weight(tree_losses(self.model, batch, self.see(batch)), self.measures)

    def see(self, batch: TreeBatch) -> Views:
        """The frames of a clip, each with the mean of those before it; nothing came before the first."""
        core, frames = self.model.model, len(batch.picture_BI)
        with torch.no_grad():
            windows_NKC = core.gather_windows(normalize(batch.patches), batch.pooling_NK).float()
        windows_TPKC = windows_NKC.unflatten(0, (frames, -1))
        valid_TPK = (batch.pooling_NK >= 0).unflatten(0, (frames, -1))
        means_TPKC = means_of_past(windows_TPKC, core.config.temporal_frames)
        first = core.view(windows_TPKC[0], valid_TPK[0])
        others = (windows_TPKC[1:], valid_TPK[1:], means_TPKC)
        later = core.view(*(part.flatten(0, 1) for part in others))
        return Views(*map(torch.cat, zip(first, later, strict=True)))


def means_of_past(windows_TPKC: Tensor, past: int) -> Tensor:
    """For every frame but the first the mean of up to `past` frames before it, (T - 1, P, K, C)."""
    return torch.stack([windows_TPKC[max(0, t - past) : t].mean(0) for t in range(1, len(windows_TPKC))])


class TemporalCourse:
    """See `Course`.

    Args:
        recipe: What is learned, and how.
        settings: Where.
        world: Of one process.

    Raises:
        InputError: There are several processes.
    """

    batches = 1

    def __init__(self, recipe: TemporalRecipe, settings: Settings, world: World) -> None:
        world.refuse_many(recipe.kind)
        self._recipe, self._workers = recipe, settings.workers
        self.processor = MolmoPointProcessor.from_pretrained(NANO)
        model = nano_with_module(recipe)
        make_ready(model, self.processor, world.device)
        model.model.vision_tower.requires_grad_(False)
        self.objective: Objective = TemporalObjective(model)

    def optimizers(self) -> Optimizers:
        """One AdamW, the module at a rate of its own, all clipped together."""
        recipe = self._recipe
        groups = groups_by_part(self.objective.model.named_parameters(), part_of)
        adamw = AdamW(groups, betas=(0.9, 0.95), eps=1e-6, weight_decay=0.0)

        def rates(step: int) -> dict[str, float]:
            share = cosine(step, recipe.steps, recipe.warmup, 0.0)
            return {"module": recipe.module_rate * share, "rest": recipe.rate * share}

        learning = [parameter for group in groups for parameter in group["params"]]
        return Optimizers((adamw,), rates, {"all": (learning, recipe.clip)})

    def loader(self, state: dict[str, Any] | None) -> BatchLoader:
        """Clips by their numbers, which are those of steps."""
        return BatchLoader(self._lesson(self._first), self._workers, state)

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """Every clip is a kind of its own, so that runs can be compared clip by clip."""
        lesson = self._lesson(HELD_OUT_SEED)
        return {f"clip {number}": [lesson.draw(number)] for number in range(self._recipe.held_out)}

    def packs(self, count: int, state: dict[str, Any] | None) -> list[PackedSequence]:
        """Clips as sequences, whose frames know nothing of one another."""
        lesson, config = self._lesson(self._first), self.objective.model.config
        first = state["number"] if state else 0
        return [pack(lesson.trees(number), config) for number in range(first, first + count)]

    @property
    def _first(self) -> int:
        return TRAIN_SEED + SEED_STEP * self._recipe.seed

    def _lesson(self, first: int) -> ClipLesson:
        encoder = TreeEncoder(self.processor.tokenizer, GEOMETRY)
        return ClipLesson(first, self.objective.model.config, encoder)


def nano_with_module(recipe: TemporalRecipe) -> MolmoPointForConditionalGeneration:
    """The bundled nano, and a fresh temporal module."""
    config = MolmoPointConfig.from_pretrained(NANO)
    config.temporal_module = None if recipe.module == "none" else recipe.module
    config.temporal_frames = recipe.past
    model = fresh_model(config, recipe.seed)
    trained = MolmoPointForConditionalGeneration.from_pretrained(NANO, dtype=torch.float32)
    missing, unexpected = model.load_state_dict(trained.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith("model.temporal.") for name in missing)
    return model


def part_of(name: str) -> str:
    """The part a parameter belongs to, by its full name."""
    return "module" if "model.temporal." in name else "rest"
