"""A checkpoint trained further on packed sequences of a mixture of sources."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from model.data.datasets.screenspot import LAYOUTS
from model.data.encoding.mixture import parse_groups, source_names
from model.data.encoding.packing import Room
from model.data.registry import open_source
from model.train.config.mixture import MixtureRecipe
from model.train.data.packed_sequence import PackedSequence
from model.train.data.packed_stream import PackLoader, PackStream, StreamPlan, deal_streams
from model.train.data.tree_batch import TensorBatch
from model.train.distributed import DistributedContext
from model.train.losses.base import LossModule
from model.train.models.param_groups import build_optimizers
from model.train.optim import Optimizers
from model.train.task import RunOptions
from model.train.tasks.parts import packed_parts
from molmo_act.errors import InputError


class PackedTask:
    """A checkpoint trained further; see `build_task` for arguments, and `Task`.

    Raises:
        InputError: The batch cannot be dealt to the processes, or see `packed_parts`.
        CheckpointError, MissingExtraError: See `packed_parts`.
    """

    def __init__(self, recipe: MixtureRecipe, options: RunOptions, context: DistributedContext) -> None:
        self.batches, left = divmod(recipe.batch, context.size)
        if left:
            raise InputError(
                f"A batch of {recipe.batch} sequences cannot be dealt to {context.size} processes; "
                "expected a multiple. Change batch."
            )
        self._recipe, self._options, self._context = recipe, options, context
        self._parts = packed_parts(recipe, context)
        self.processor = self._parts.processor
        self.loss_module: LossModule = self._parts.loss_module

    def optimizers(self) -> Optimizers:
        """Makes one AdamW, every param group with its own schedule."""
        return build_optimizers(self.loss_module.model, self._recipe)

    def loader(self, states: Sequence[dict[str, Any]] | None) -> PackLoader:
        """Opens the data: sequences, padded to one length for compiled code, which flex attention is too.

        Args:
            states: `PackLoader.state` of every process of the run, by rank, to go on behind them; None to
                begin.

        Raises:
            InputError: A source does not exist, is not there, or must not be learned from.
        """
        padded = self._recipe.compile or self._context.device.type == "cuda"
        state = deal_streams(states, self._context.rank, self._context.size) if states else None
        return PackLoader(partial(self._stream, padded), self._options.workers, state)

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """None: public data sets are evaluated by `model.evaluation`."""
        return {}

    def packs(self, count: int, states: Sequence[dict[str, Any]] | None) -> list[PackedSequence]:
        """Returns the next sequences of the loading process whose turn it is, padded to their room."""
        streams, taken = (states[0]["streams"], states[0]["taken"]) if states else ([None], 0)
        stream = self._stream(True, streams, taken % len(streams))
        return [packed.sequence for packed in itertools.islice(stream, count)]

    def _stream(self, padded: bool, states: Sequence[dict[str, Any] | None], first: int) -> PackStream:
        recipe, context = self._recipe, self._context
        room = Room(recipe.tokens, recipe.crops, recipe.buffer, recipe.crop_weight)
        plan = StreamPlan(parse_groups(recipe.data), room, recipe.seed, padded)
        names = source_names(plan.groups)
        held_out = sorted(LAYOUTS.keys() & set(names))
        if held_out:
            raise InputError(f"{', '.join(held_out)} is for evaluation only; leave it out of data.")
        sides = (recipe.side_least, recipe.side_most)
        sources = {name: open_source(name, self._options.data, sides, recipe.frames) for name in names}
        encode, config = self._parts.encode, self._parts.config
        return PackStream(plan, sources, encode, config, context.rank, context.size, states, first)
