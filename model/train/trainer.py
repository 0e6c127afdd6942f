"""The one training loop, for every recipe.

    for each step:  losses of the step's batches → gradients → clip → optimizers → metrics → save

The same code runs on a CPU, on one GPU, and on many under torchrun. Killed at any moment, a run is resumed
from its last save with the losses it would have had.
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

from model.train.checkpoint import Progress, restore, save
from model.train.config.base import Recipe
from model.train.config.run_config import refuse_another, write_recipe
from model.train.data.tree_batch import TensorBatch
from model.train.distributed import DistributedContext
from model.train.errors import TrainingError
from model.train.losses.base import mean_metrics
from model.train.metrics import MetricsWriter
from model.train.sharding import shard
from model.train.signals import stop_requests
from model.train.task import RunOptions
from model.train.tasks.build import build_task
from model.train.throughput import StepCost, peak_flops
from molmo_act.io.atomic import atomic_file
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration


class Trainer:
    """Trains one recipe in one folder.

    Args:
        recipe: What is learned, and how.
        options: Folder of the run, and what concerns the machine.
        context: The processes that train together.

    Raises:
        TrainingError: The folder holds a run of another recipe.
        InputError, CheckpointError, MissingExtraError, PlatformError: What the recipe asks for is not there.
    """

    def __init__(self, recipe: Recipe, options: RunOptions, context: DistributedContext) -> None:
        self.recipe, self.options, self.context = recipe, options, context
        if not options.new_recipe:
            refuse_another(options.folder, recipe)
        options.folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        self.task = build_task(recipe, options, context)
        self._cost = StepCost.of(self.model)
        shard(self.task.loss_module, context, recipe.precision)
        self.optimizers = self.task.optimizers()
        restored = restore(options.folder, self.task.loss_module, self.optimizers.members, context)
        self.progress = restored.progress if restored else Progress()
        self.loader = self.task.loader(restored.data if restored else None)
        self._peak = float("inf")  # until it is measured
        context.barrier()
        if context.is_main:
            write_recipe(options.folder, recipe)

    @property
    def model(self) -> MolmoPointForConditionalGeneration:
        """The model that is trained."""
        return self.task.loss_module.model

    def train(self) -> None:
        """Trains up to the last step, or until SIGINT or SIGTERM; saves either way.

        Raises:
            TrainingError: A loss or gradient is not finite, or a save cannot be written.
        """
        held_out = self.task.held_out()
        writer = self._metrics_writer()
        dtype = torch.bfloat16 if self.recipe.precision == "bfloat16" else torch.float32
        self._peak = peak_flops(self.context.device, dtype) * self.context.size
        try:
            with stop_requests() as asked:
                while self.progress.step < self.recipe.steps and not self.context.any(asked()):
                    values, skipped = self.step()
                    if writer:
                        writer.write(self.progress, values, skipped)
                    step = self.progress.step
                    if step % self.recipe.eval_every == 0 or step == self.recipe.steps:
                        for kind, batches in held_out.items():
                            means = self.evaluate(batches)
                            if writer:
                                writer.write_held_out(self.progress, kind, means)
                    if step % self.recipe.save_every == 0:
                        self.save()
                self.save()
        finally:
            if writer:
                writer.close()

    def step(self) -> tuple[dict[str, float], Counter[str]]:
        """Takes one step of the optimizers.

        Returns:
            Its metrics by name, and the number of examples that were skipped, by reason.

        Raises:
            TrainingError: A loss or a gradient is not finite; nothing has been changed, and the batches are
                saved.
        """
        began = time.perf_counter()
        rates = self.optimizers.set_rates(self.progress.step)
        drawn = [self.loader.next() for _ in range(self.task.batches)]
        batches = [batch for batch, _ in drawn]
        loss, sums = self._backward(batches)
        norms = self.optimizers.clip()
        self._check(batches, loss, norms)
        self.optimizers.step()
        skipped: Counter[str] = Counter()
        for _, left_out in drawn:
            skipped.update(left_out)
        values = {"loss": float(loss)} | mean_metrics(self.task.loss_module.metric_names, sums)
        values |= {f"gradient/{name}": float(norm) for name, norm in norms.items()}
        values |= {f"rate/{group}": rate for group, rate in rates.items()}
        return values | self._advance(batches, began), skipped

    @torch.no_grad()
    def evaluate(self, batches: Sequence[TensorBatch]) -> dict[str, float]:
        """Means of metrics over batches that are not trained on."""
        loss_module = self.task.loss_module.eval()
        with self._in_precision():
            sums = torch.stack([loss_module(batch.to(self.context.device)).sums for batch in batches]).sum(0)
        loss_module.train()
        return mean_metrics(loss_module.metric_names, self.context.sum(sums))

    def save(self) -> None:
        """Saves the run as it stands; see `model.train.checkpoint.save`."""
        save(
            self.options.folder,
            self.task.loss_module,
            self.optimizers.members,
            self.progress,
            self.loader.state,
            self.context,
        )

    def _in_precision(self) -> AbstractContextManager[None]:
        mixed = self.recipe.precision == "bfloat16"
        return torch.autocast(self.context.device.type, torch.bfloat16, enabled=mixed)

    def _backward(self, batches: list[TensorBatch]) -> tuple[Tensor, Tensor]:
        """Computes gradients of the weighted mean over all batches; gives the mean, and metric sums."""
        loss_module, device = self.task.loss_module, self.context.device
        weight = self.context.sum(torch.stack([batch.weight for batch in batches]).sum().to(device))
        total = torch.zeros((), device=device)
        sums = torch.zeros(len(loss_module.metric_names), 2, device=device)
        for batch in batches:
            with self._in_precision():
                losses = loss_module(batch.to(device))
            # Sharded gradients are averaged over processes; the loss is a sum over them.
            (losses.weighted * (self.context.size / weight)).backward()
            total += losses.weighted.detach() / weight
            sums += losses.sums
        return self.context.sum(total), self.context.sum(sums)

    def _check(self, batches: list[TensorBatch], loss: Tensor, norms: Mapping[str, Tensor]) -> None:
        if all(torch.isfinite(value) for value in (loss, *norms.values())):
            return
        step, rank = self.progress.step + 1, self.context.rank
        path = self.options.folder / f"failed_step_{step}_rank_{rank}.safetensors"
        tensors = {
            f"{number}.{field.name}": getattr(batch, field.name).clone()
            for number, batch in enumerate(batches)
            for field in fields(batch)
        }
        try:
            with atomic_file(path) as unfinished:
                save_file(tensors, unfinished)
            kept = f"its batches are in {path}"
        except (OSError, SafetensorError) as exc:
            kept = f"its batches could not be saved ({exc})"
        raise TrainingError(
            f"Loss {float(loss):.4g} or gradient norms { {k: float(v) for k, v in norms.items()} } of step "
            f"{step} are not finite. The step was not taken, {kept}, and the last save is whole. Look at "
            "them, or lower the learning rates."
        )

    def _advance(self, batches: list[TensorBatch], began: float) -> dict[str, float]:
        """Counts a step of all processes; gives its throughput."""
        counts = [(each.examples, each.tokens, each.patches.shape[:2].numel()) for each in batches]
        whole = self.context.sum(torch.tensor(counts, device=self.context.device).sum(0))
        examples, tokens, patches = whole.tolist()
        seconds = time.perf_counter() - began
        done = self.progress
        self.progress = Progress(
            done.step + 1, done.seconds + seconds, done.examples + examples, done.tokens + tokens
        )
        return {
            "tokens_per_second": tokens / seconds,
            "examples_per_second": examples / seconds,
            "share_of_peak": self._cost.flops(tokens, patches) / seconds / self._peak,
        }

    def _metrics_writer(self) -> MetricsWriter | None:
        if not self.context.is_main:
            return None
        return MetricsWriter(
            self.options.folder,
            self.progress.step,
            self.recipe.steps,
            self.task.loss_module.metric_names,
            self.options.wandb,
        )
