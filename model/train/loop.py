"""The one training loop: batches, losses, steps, saves; knows no data set and no recipe by name.

    for step in run:  losses of the step's sequences → gradients → clip by part → AdamW → metrics → save

The same code runs on a CPU, on one GPU, and on many under torchrun. Killed at any moment, it goes on from the
last save with the losses it would have had.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from model.data.mixture import parse_groups, source_names
from model.data.packing import Room
from model.data.screenspot import LAYOUTS
from model.data.sources import open_source
from model.train.errors import TrainingError
from model.train.monitor import Monitor
from model.train.pack_stream import Packed, PackLoader, PackStream, StreamPlan
from model.train.packed_objective import KINDS
from model.train.parts import LearningParts
from model.train.recipes import Recipe
from model.train.saved_run import Progress, restore, save
from model.train.sharding import shard
from model.train.starting import Start, start
from model.train.stopping import stop_requests
from model.train.throughput import StepCost, products_per_second
from model.train.world import World
from molmo_act.errors import InputError

RECIPE = "recipe.json"
MAY_CHANGE = ("save_every", "recompute", "compile")
"""What a resumed run may do otherwise without learning anything else."""


@dataclass(frozen=True)
class Settings:
    """What concerns the machine, and nothing that is learned.

    Attributes:
        folder: Of the run.
        data: Folder of public data sets.
        workers: Loading processes of each training process.
        wandb: Whether metrics go to W&B too.
    """

    folder: Path
    data: Path | None = None
    workers: int = 0
    wandb: bool = False


class Run:
    """One training run in its folder.

    Args:
        recipe: What is learned, and how.
        settings: Where.
        world: Among whom.

    Raises:
        TrainingError: The folder holds a run of another recipe.
        InputError, CheckpointError, MissingExtraError: What the recipe asks for is not there.
    """

    def __init__(self, recipe: Recipe, settings: Settings, world: World) -> None:
        self.recipe, self.settings, self.world = recipe, settings, world
        self._own_sequences, left = divmod(recipe.batch, world.size)
        if left:
            raise InputError(
                f"A batch of {recipe.batch} sequences cannot be dealt to {world.size} processes; expected a "
                "multiple. Change batch."
            )
        settings.folder.mkdir(parents=True, exist_ok=True)
        _claim(settings.folder, recipe, world)
        torch.manual_seed(recipe.seed)
        self.start: Start = start(recipe, world)
        self._cost = StepCost.of(self.start.model)
        shard(self.start.objective, world, recipe.precision)
        self.parts = LearningParts.of(self.start.model, recipe)
        restored = restore(settings.folder, self.start.objective, self.parts.optimizer, world)
        self.progress = restored.progress if restored else Progress()
        self.loader = PackLoader(
            partial(make_stream, recipe, self.start, settings.data, world),
            settings.workers,
            restored.data if restored else None,
        )
        self._peak = float("inf")  # until it is measured

    def train(self) -> None:
        """Trains up to the last step, or until SIGINT or SIGTERM; saves either way.

        Raises:
            TrainingError: A loss or gradient is not finite, or a save cannot be written.
        """
        monitor = self._monitor()
        dtype = torch.bfloat16 if self.recipe.precision == "bfloat16" else torch.float32
        self._peak = products_per_second(self.world.device, dtype) * self.world.size
        try:
            with stop_requests() as asked:
                while self.progress.step < self.recipe.steps and not self.world.any(asked()):
                    values, skipped = self.step()
                    if monitor:
                        monitor.write(self.progress.step, values, skipped)
                    if self.progress.step % self.recipe.save_every == 0:
                        self.save()
                self.save()
        finally:
            if monitor:
                monitor.close()

    def step(self) -> tuple[dict[str, float], Counter[str]]:
        """One step of the optimiser; gives its metrics, and what was skipped on the way.

        Raises:
            TrainingError: A loss or a gradient is not finite; nothing has been changed, and the sequences are
                saved.
        """
        began = time.perf_counter()
        recipe, step = self.recipe, self.progress.step
        rates = self.parts.set_rates(step, recipe.steps, recipe.final)
        packs = [self.loader.next() for _ in range(self._own_sequences)]
        loss, sums = self._backward(packs)
        norms = self.parts.clip()
        self._check(packs, loss, norms)
        self.parts.step()
        skipped: Counter[str] = Counter()
        for pack in packs:
            skipped.update(pack.skipped)
        examples, tokens, patches = self._shown(packs)
        seconds = time.perf_counter() - began
        self._advance(seconds, examples, tokens)
        values = _metrics(loss, sums, norms, rates)
        values |= {
            "tokens_per_second": tokens / seconds,
            "examples_per_second": examples / seconds,
            "share_of_peak": self._cost.products(tokens, patches) / seconds / self._peak,
        }
        return values, skipped

    def save(self) -> None:
        """Saves the run as it stands."""
        save(
            self.settings.folder,
            self.start.objective,
            self.parts.optimizer,
            self.progress,
            self.loader.state,
            self.world,
        )

    def _backward(self, packs: list[Packed]) -> tuple[Tensor, Tensor]:
        """Gradients of the weighted mean over the tokens of all processes; gives it, and sums by kind."""
        device = self.world.device
        weight = torch.stack([pack.sequence.weight_S.sum() for pack in packs]).sum().to(device)
        weight = self.world.sum(weight)
        total = torch.zeros((), device=device)
        sums = torch.zeros(len(KINDS), 3, device=device)
        for pack in packs:
            with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
                losses = self.start.objective(pack.sequence.to(device))
            # Sharded gradients are averaged over processes; the loss is a sum over them.
            (losses.weighted * (self.world.size / weight)).backward()
            total += losses.weighted.detach() / weight
            sums += losses.sums
        return self.world.sum(total), self.world.sum(sums)

    def _check(self, packs: list[Packed], loss: Tensor, norms: dict[str, Tensor]) -> None:
        if all(torch.isfinite(value) for value in (loss, *norms.values())):
            return
        path = (
            self.settings.folder / f"failed_step_{self.progress.step + 1}_rank_{self.world.rank}.safetensors"
        )
        tensors = {
            f"{number}.{field.name}": getattr(pack.sequence, field.name).clone()
            for number, pack in enumerate(packs)
            for field in fields(pack.sequence)
        }
        save_file(tensors, path)
        raise TrainingError(
            f"Loss {float(loss):.4g} or gradient norms { {k: float(v) for k, v in norms.items()} } of step "
            f"{self.progress.step + 1} are not finite. The step was not taken, its sequences are in {path}, "
            "and the last save is whole. Look at them, or lower the learning rates."
        )

    def _shown(self, packs: list[Packed]) -> tuple[int, int, int]:
        """Examples, tokens and ViT patches of a step, over all processes."""
        counts = [(p.examples, p.tokens, p.sequence.patches.shape[:2].numel()) for p in packs]
        whole = self.world.sum(torch.tensor(counts, device=self.world.device).sum(0)).tolist()
        return whole[0], whole[1], whole[2]

    def _advance(self, seconds: float, examples: int, tokens: int) -> None:
        done = self.progress
        self.progress = Progress(
            done.step + 1, done.seconds + seconds, done.examples + examples, done.tokens + tokens
        )

    def _monitor(self) -> Monitor | None:
        if not self.world.leads:
            return None
        settings = self.settings
        return Monitor(settings.folder, self.progress.step, self.recipe.steps, settings.wandb)


def make_stream(
    recipe: Recipe,
    made: Start,
    data: Path | None,
    world: World,
    states: Sequence[dict[str, Any] | None] = (None,),
    first: int = 0,
) -> PackStream:
    """The sequences of a recipe.

    Args:
        recipe: Says what is shown.
        made: Encodes it.
        data: Folder of public data sets.
        world: Of which this process draws its part.
        states, first: See `PackStream`.

    Raises:
        InputError: A source does not exist, is not there, or must not be learned from.
    """
    plan = StreamPlan(
        groups=parse_groups(recipe.data),
        room=Room(recipe.tokens, recipe.crops, recipe.buffer, recipe.crop_weight),
        seed=recipe.seed,
        padded=recipe.compile or world.device.type == "cuda",  # compiled attention likes one length
    )
    held_out = sorted(LAYOUTS.keys() & set(source_names(plan.groups)))
    if held_out:
        raise InputError(f"{', '.join(held_out)} is for evaluation only; leave it out of data.")
    sides = (recipe.side_least, recipe.side_most)
    sources = {name: open_source(name, data, sides, recipe.frames) for name in source_names(plan.groups)}
    return PackStream(plan, sources, made.encoders, made.model.config, world.rank, world.size, states, first)


def _claim(folder: Path, recipe: Recipe, world: World) -> None:
    """Writes the recipe into a new folder, or checks that it is the one of the run that lies there."""
    path, now = folder / RECIPE, asdict(recipe)
    if path.exists():
        before = json.loads(path.read_text())
        changed = [
            f"{key} was {before.get(key)!r} and is {now.get(key)!r}"
            for key in sorted(before.keys() | now.keys())
            if before.get(key) != now.get(key) and key not in MAY_CHANGE
        ]
        if changed:
            raise TrainingError(
                f"{folder} holds a run of another recipe: {'; '.join(changed)}. Go on with the same one, or "
                "give another folder."
            )
    world.wait()
    if world.leads:
        path.write_text(json.dumps(now, indent=2) + "\n")


def _metrics(
    loss: Tensor, sums: Tensor, norms: dict[str, Tensor], rates: dict[str, float]
) -> dict[str, float]:
    values = {"loss": float(loss)}
    for kind, (losses, hits, count) in zip(KINDS, sums.tolist(), strict=True):
        if count:
            values |= {f"loss/{kind}": losses / count, f"hits/{kind}": hits / count}
    values |= {f"gradient/{part}": float(norm) for part, norm in norms.items()}
    return values | {f"rate/{part}": rate for part, rate in rates.items()}
