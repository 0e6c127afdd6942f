"""The one training loop: batches, losses, steps, saves; knows no data set, no layout and no kind of recipe.

    for step in run:  losses of the step's batches → gradients → clip → optimisers → metrics → save

The same code runs on a CPU, on one GPU, and on many under torchrun. Killed at any moment, it goes on from the
last save with the losses it would have had.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import fields

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from model.train.batch import TensorBatch
from model.train.course import Settings
from model.train.courses import open_course
from model.train.errors import TrainingError
from model.train.monitor import Monitor
from model.train.objective import means
from model.train.recipe import Recipe
from model.train.recipe_file import refuse_another, write_recipe
from model.train.saved_run import Progress, restore, save
from model.train.sharding import shard
from model.train.stopping import stop_requests
from model.train.throughput import StepCost, products_per_second
from model.train.world import World
from molmo_act.modeling import MolmoPointForConditionalGeneration


class Run:
    """One training run in its folder.

    Args:
        recipe: What is learned, and how.
        settings: Where.
        world: Among whom.

    Raises:
        TrainingError: The folder holds a run of another recipe.
        InputError, CheckpointError, MissingExtraError, PlatformError: What the recipe asks for is not there.
    """

    def __init__(self, recipe: Recipe, settings: Settings, world: World) -> None:
        self.recipe, self.settings, self.world = recipe, settings, world
        if not settings.new_recipe:
            refuse_another(settings.folder, recipe)
        settings.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        self.course = open_course(recipe, settings, world)
        self._cost = StepCost.of(self.model)
        shard(self.course.objective, world, recipe.precision)
        self.optimizers = self.course.optimizers()
        restored = restore(settings.folder, self.course.objective, self.optimizers.members, world)
        self.progress = restored.progress if restored else Progress()
        self.loader = self.course.loader(restored.data if restored else None)
        self._peak = float("inf")  # until it is measured
        world.wait()
        if world.leads:
            write_recipe(settings.folder, recipe)

    @property
    def model(self) -> MolmoPointForConditionalGeneration:
        """What learns."""
        return self.course.objective.model

    def train(self) -> None:
        """Trains up to the last step, or until SIGINT or SIGTERM; saves either way.

        Raises:
            TrainingError: A loss or gradient is not finite, or a save cannot be written.
        """
        held_out = self.course.held_out()
        monitor = self._monitor()
        dtype = torch.bfloat16 if self.recipe.precision == "bfloat16" else torch.float32
        self._peak = products_per_second(self.world.device, dtype) * self.world.size
        try:
            with stop_requests() as asked:
                while self.progress.step < self.recipe.steps and not self.world.any(asked()):
                    values, skipped = self.step()
                    if monitor:
                        monitor.write(self.progress, values, skipped)
                    step = self.progress.step
                    if step % self.recipe.look_every == 0 or step == self.recipe.steps:
                        for kind, batches in held_out.items():
                            seen = self.look(batches)
                            if monitor:
                                monitor.write_held_out(self.progress, kind, seen)
                    if step % self.recipe.save_every == 0:
                        self.save()
                self.save()
        finally:
            if monitor:
                monitor.close()

    def step(self) -> tuple[dict[str, float], Counter[str]]:
        """One step of the optimisers; gives its metrics, and what was skipped on the way.

        Raises:
            TrainingError: A loss or a gradient is not finite; nothing has been changed, and the batches are
                saved.
        """
        began = time.perf_counter()
        rates = self.optimizers.set_rates(self.progress.step)
        drawn = [self.loader.next() for _ in range(self.course.batches)]
        batches = [batch for batch, _ in drawn]
        loss, sums = self._backward(batches)
        norms = self.optimizers.clip()
        self._check(batches, loss, norms)
        self.optimizers.step()
        skipped: Counter[str] = Counter()
        for _, left_out in drawn:
            skipped.update(left_out)
        values = {"loss": float(loss)} | means(self.course.objective.measures, sums)
        values |= {f"gradient/{name}": float(norm) for name, norm in norms.items()}
        values |= {f"rate/{part}": rate for part, rate in rates.items()}
        return values | self._advance(batches, began), skipped

    @torch.no_grad()
    def look(self, batches: Sequence[TensorBatch]) -> dict[str, float]:
        """Means over batches that are not learned from."""
        objective = self.course.objective.eval()
        with self._in_precision():
            sums = torch.stack([objective(batch.to(self.world.device)).sums for batch in batches]).sum(0)
        objective.train()
        return means(objective.measures, self.world.sum(sums))

    def save(self) -> None:
        """Saves the run as it stands."""
        save(
            self.settings.folder,
            self.course.objective,
            self.optimizers.members,
            self.progress,
            self.loader.state,
            self.world,
        )

    def _in_precision(self) -> AbstractContextManager[None]:
        mixed = self.recipe.precision == "bfloat16"
        return torch.autocast(self.world.device.type, torch.bfloat16, enabled=mixed)

    def _backward(self, batches: list[TensorBatch]) -> tuple[Tensor, Tensor]:
        """Gradients of the weighted mean over the batches of all processes; gives it, and sums by measure."""
        objective, device = self.course.objective, self.world.device
        weight = self.world.sum(torch.stack([batch.weight for batch in batches]).sum().to(device))
        total = torch.zeros((), device=device)
        sums = torch.zeros(len(objective.measures), 2, device=device)
        for batch in batches:
            with self._in_precision():
                losses = objective(batch.to(device))
            # Sharded gradients are averaged over processes; the loss is a sum over them.
            (losses.weighted * (self.world.size / weight)).backward()
            total += losses.weighted.detach() / weight
            sums += losses.sums
        return self.world.sum(total), self.world.sum(sums)

    def _check(self, batches: list[TensorBatch], loss: Tensor, norms: Mapping[str, Tensor]) -> None:
        if all(torch.isfinite(value) for value in (loss, *norms.values())):
            return
        step, rank = self.progress.step + 1, self.world.rank
        path = self.settings.folder / f"failed_step_{step}_rank_{rank}.safetensors"
        tensors = {
            f"{number}.{field.name}": getattr(batch, field.name).clone()
            for number, batch in enumerate(batches)
            for field in fields(batch)
        }
        try:
            save_file(tensors, path)
            kept = f"its batches are in {path}"
        except (OSError, SafetensorError) as exc:
            path.unlink(missing_ok=True)
            kept = f"its batches could not be saved ({exc})"
        raise TrainingError(
            f"Loss {float(loss):.4g} or gradient norms { {k: float(v) for k, v in norms.items()} } of step "
            f"{step} are not finite. The step was not taken, {kept}, and the last save is whole. Look at "
            "them, or lower the learning rates."
        )

    def _advance(self, batches: list[TensorBatch], began: float) -> dict[str, float]:
        """Counts a step of all processes; gives what it used of the machine."""
        counts = [(each.examples, each.tokens, each.patches.shape[:2].numel()) for each in batches]
        whole = self.world.sum(torch.tensor(counts, device=self.world.device).sum(0))
        examples, tokens, patches = whole.tolist()
        seconds = time.perf_counter() - began
        done = self.progress
        self.progress = Progress(
            done.step + 1, done.seconds + seconds, done.examples + examples, done.tokens + tokens
        )
        return {
            "tokens_per_second": tokens / seconds,
            "examples_per_second": examples / seconds,
            "share_of_peak": self._cost.products(tokens, patches) / seconds / self._peak,
        }

    def _monitor(self) -> Monitor | None:
        if not self.world.leads:
            return None
        return Monitor(
            self.settings.folder,
            self.progress.step,
            self.recipe.steps,
            self.course.objective.measures,
            self.settings.wandb,
        )
