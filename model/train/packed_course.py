"""A checkpoint taught further: packed sequences of a mixture of sources."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from model.data.mixture import parse_groups, source_names
from model.data.packing import Room
from model.data.screenspot import LAYOUTS
from model.data.sources import open_source
from model.train.batch import TensorBatch
from model.train.course import Settings
from model.train.objective import Objective
from model.train.optimizers import Optimizers
from model.train.pack_stream import PackLoader, PackStream, StreamPlan
from model.train.packed import PackedSequence
from model.train.packed_recipe import PackedRecipe
from model.train.parts import optimize_by_part
from model.train.starting import make_encoders, start
from model.train.world import World
from molmo_act.errors import InputError


class PackedCourse:
    """See `Course`.

    Args:
        recipe: What is learned, and how.
        settings: Where.
        world: Among whom.

    Raises:
        InputError: The batch cannot be dealt to the processes, or see `start`.
        CheckpointError, MissingExtraError: See `start`.
    """

    def __init__(self, recipe: PackedRecipe, settings: Settings, world: World) -> None:
        self.batches, left = divmod(recipe.batch, world.size)
        if left:
            raise InputError(
                f"A batch of {recipe.batch} sequences cannot be dealt to {world.size} processes; expected a "
                "multiple. Change batch."
            )
        self._recipe, self._settings, self._world = recipe, settings, world
        self.objective: Objective
        self.objective, self.processor = start(recipe, world)

    def optimizers(self) -> Optimizers:
        """One AdamW, each part of the model on its own terms."""
        return optimize_by_part(self.objective.model, self._recipe)

    def loader(self, state: dict[str, Any] | None) -> PackLoader:
        """Of sequences; padded to one length for compiled code, which flex attention is too.

        Raises:
            InputError: A source does not exist, is not there, or must not be learned from.
        """
        padded = self._recipe.compile or self._world.device.type == "cuda"

        return PackLoader(partial(self._stream, padded), self._settings.workers, state)

    def held_out(self) -> Mapping[str, Sequence[TensorBatch]]:
        """None: public sets are judged by `model.evaluation`."""
        return {}

    def packs(self, count: int, state: dict[str, Any] | None) -> list[PackedSequence]:
        """Those of the loading process whose turn it is, padded to their room."""
        streams, taken = (state["streams"], state["taken"]) if state else ([None], 0)
        stream = self._stream(True, streams, taken % len(streams))
        return [packed.sequence for packed in itertools.islice(stream, count)]

    def _stream(self, padded: bool, states: Sequence[dict[str, Any] | None], first: int) -> PackStream:
        recipe, world = self._recipe, self._world
        room = Room(recipe.tokens, recipe.crops, recipe.buffer, recipe.crop_weight)
        plan = StreamPlan(parse_groups(recipe.data), room, recipe.seed, padded)
        names = source_names(plan.groups)
        held_out = sorted(LAYOUTS.keys() & set(names))
        if held_out:
            raise InputError(f"{', '.join(held_out)} is for evaluation only; leave it out of data.")
        sides = (recipe.side_least, recipe.side_most)
        sources = {name: open_source(name, self._settings.data, sides, recipe.frames) for name in names}
        encoders = make_encoders(self.processor, recipe)
        config = self.objective.model.config
        return PackStream(plan, sources, encoders, config, world.rank, world.size, states, first)
