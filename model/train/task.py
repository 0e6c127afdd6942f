"""What a recipe becomes for the trainer: a model with its losses, optimizers and batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from model.train.data.packed_sequence import PackedSequence
from model.train.data.tree_batch import TensorBatch
from model.train.losses.base import LossModule
from model.train.optim import Optimizers
from molmo_act.models.molmo_point import MolmoPointProcessor


@dataclass(frozen=True)
class RunOptions:
    """What concerns the machine, and nothing that is learned.

    Attributes:
        folder: Folder of the run.
        data: Folder of data sets, each in a folder of its name.
        workers: Loading processes of each training process.
        wandb: Whether metrics go to W&B too.
        new_recipe: Whether a run may be resumed with another recipe than its own.
    """

    folder: Path
    data: Path | None = None
    workers: int = 0
    wandb: bool = False
    new_recipe: bool = False


class Loader(Protocol):
    """Batches in an order that depends on the recipe alone."""

    def next(self) -> tuple[TensorBatch, Mapping[str, int]]:
        """Returns the next batch, and the number of examples skipped before it, by reason."""

    @property
    def state(self) -> dict[str, Any]:
        """JSON from which a loader goes on behind the last batch that was taken."""


class Task(Protocol):
    """A recipe in one process.

    Attributes:
        loss_module: Turns batches into losses; `loss_module.model` is the model.
        processor: The processor of the checkpoint that the run becomes.
        batches: Number of batches that this process takes in a step.
    """

    loss_module: LossModule
    processor: MolmoPointProcessor
    batches: int

    def optimizers(self) -> Optimizers:
        """Makes optimizers for the model as it is now, sharded or not."""

    def loader(self, states: Sequence[dict[str, Any]] | None) -> Loader:
        """Opens the data.

        Args:
            states: `Loader.state` of every process of the run, by rank, to go on behind them; None to begin.
        """

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """Batches to evaluate on, by kind, which are never trained on."""

    def packs(self, count: int, states: Sequence[dict[str, Any]] | None) -> list[PackedSequence]:
        """Returns the next examples of `loader(states)` as packed sequences, for people to look at."""
