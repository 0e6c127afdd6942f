"""What tasks of one process have in common whose batches are drawn by their numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol

from model.data.encoding.message_tree import MessageTree
from model.train.config.base import Recipe
from model.train.data.curriculum import BatchLoader, CurriculumStage
from model.train.data.packed_sequence import PackedSequence, pack
from model.train.distributed import DistributedContext
from model.train.losses.base import LossModule
from model.train.models.init import prepare_model
from model.train.task import RunOptions
from molmo_act.models.molmo_point import MolmoPointForConditionalGeneration, MolmoPointProcessor


class TreeStage(Protocol):
    """Draws the trees of a batch by its number."""

    def trees(self, number: int) -> list[MessageTree]:
        """Draws the trees of batch `number`."""


class NumberedTask(ABC):
    """Base of tasks of one process whose batches are drawn by their numbers; see `Task`.

    Args:
        recipe: What is learned, and how.
        options: Number of loading processes.
        context: A single process.

    Raises:
        InputError: There are several processes.
    """

    batches = 1
    loss_module: LossModule
    processor: MolmoPointProcessor

    def __init__(self, recipe: Recipe, options: RunOptions, context: DistributedContext) -> None:
        context.require_single_process(recipe.kind)
        self._workers, self._device = options.workers, context.device

    @abstractmethod
    def stage(self) -> CurriculumStage:
        """What the run is trained on."""

    @abstractmethod
    def first_trees(self) -> tuple[int, TreeStage]:
        """Number of the first batch that is made of trees, and what draws them."""

    def loader(self, states: Sequence[dict[str, Any]] | None) -> BatchLoader:
        """Opens the data: batches by their numbers, whatever the number of workers.

        Args:
            states: `BatchLoader.state` of the process, to go on behind it; None to begin.
        """
        return BatchLoader(self.stage(), self._workers, states)

    def packs(self, count: int, states: Sequence[dict[str, Any]] | None) -> list[PackedSequence]:
        """Returns the next batches of trees, each as one sequence."""
        first, stage = self.first_trees()
        first = max(states[0]["number"] if states else 0, first)
        config = self.loss_module.model.config
        return [pack(stage.trees(number), config) for number in range(first, first + count)]

    def _prepare(
        self, model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor
    ) -> MolmoPointForConditionalGeneration:
        """Keeps the processor and puts the model on the device."""
        self.processor = processor
        prepare_model(model, processor, self._device)
        return model
