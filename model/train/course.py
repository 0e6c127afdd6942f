"""What a recipe becomes for the loop: what learns, how, and from what; knows no kind of recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from model.train.batch import TensorBatch
from model.train.objective import Objective
from model.train.optimizers import Optimizers
from model.train.packed import PackedSequence
from molmo_act.modeling import MolmoPointProcessor


@dataclass(frozen=True)
class Settings:
    """What concerns the machine, and nothing that is learned.

    Attributes:
        folder: Of the run.
        data: Folder of data sets, each in a folder of its name.
        workers: Loading processes of each training process.
        wandb: Whether metrics go to W&B too.
        new_recipe: Whether a run may go on with another recipe than its own.
    """

    folder: Path
    data: Path | None = None
    workers: int = 0
    wandb: bool = False
    new_recipe: bool = False


class Loader(Protocol):
    """Batches in an order that depends on the recipe alone."""

    def next(self) -> tuple[TensorBatch, Mapping[str, int]]:
        """The next batch, and how many examples of each kind of fault were skipped before it."""

    @property
    def state(self) -> dict[str, Any]:
        """JSON to go on behind the last batch that was taken."""


class Course(Protocol):
    """A recipe in one process.

    Attributes:
        objective: Turns batches into losses; `objective.model` is the model.
        processor: Of the checkpoint that becomes of it.
        batches: How many this process takes in a step.
    """

    objective: Objective
    processor: MolmoPointProcessor
    batches: int

    def optimizers(self) -> Optimizers:
        """For the model as it is now, sharded or not."""

    def loader(self, state: dict[str, Any] | None) -> Loader:
        """Batches from the first on, or from a `Loader.state` on."""

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """Batches to look at from time to time, by kind, which are never learned from."""

    def packs(self, count: int, state: dict[str, Any] | None) -> list[PackedSequence]:
        """What a loader of this state would give, as packed sequences, to be looked at by people."""
