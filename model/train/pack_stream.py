"""The endless, seeded stream of packed sequences; knows pictures and tokens, no weights.

Each loading process is a stream of its own: it picks, reads, encodes and packs. What it gives carries the
state to go on from right behind it: how far its picks have come, and the numbers of the examples that wait to
be packed, which are read again. So a run resumes exactly, with as many processes as before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from model.data.encode import Tree
from model.data.encoders import Encoders
from model.data.mixture import Group, Mixture, MixtureState, Pick
from model.data.packing import Packer, Room
from model.data.skipping import SkippedRow
from model.data.sources import Source
from model.train.loading import draw_ahead
from model.train.packed import PackedSequence, fit_tree, pack
from molmo_act.errors import InputError
from molmo_act.modeling.configuration import MolmoPointConfig

EXAMPLE_SALT = 2
MOST_SKIPPED = 1000
"""Examples that may be skipped one after the other before the data are called unusable."""


@dataclass(frozen=True)
class Packed:
    """One sequence of a stream.

    Attributes:
        sequence: The tensors.
        skipped: How many examples of each kind of fault were left out since the sequence before.
        state: JSON to go on from behind it.
    """

    sequence: PackedSequence
    skipped: Mapping[str, int]
    state: dict[str, Any]


@dataclass(frozen=True)
class StreamPlan:
    """What a stream shows.

    Attributes:
        groups: The mixture.
        room: Of a sequence.
        seed: Of every choice.
        padded: Whether sequences are padded to the room's tokens, for compiled code.
    """

    groups: tuple[Group, ...]
    room: Room
    seed: int = 0
    padded: bool = False


class PackStream(IterableDataset):
    """Packed sequences, without end.

    Args:
        plan: What is shown.
        sources: By name.
        encoders: Turn samples into trees.
        config: Of the model.
        rank, ranks: Which of how many training processes this is.
        states: Where each loading process of this rank goes on, `Packed.state` by process.
        first: Which of them gives the first sequence.
    """

    def __init__(
        self,
        plan: StreamPlan,
        sources: Mapping[str, Source],
        encoders: Encoders,
        config: MolmoPointConfig,
        rank: int = 0,
        ranks: int = 1,
        states: Sequence[dict[str, Any] | None] = (None,),
        first: int = 0,
    ) -> None:
        super().__init__()
        self._plan, self._sources, self._encoders, self._config = plan, sources, encoders, config
        self._rank, self._ranks, self._states, self._first = rank, ranks, states, first

    def __iter__(self) -> Iterator[Packed]:
        worker = get_worker_info()
        own = self._first
        if worker is not None:
            torch.set_num_threads(1)
            own = (worker.id + self._first) % len(self._states)
        return self._sequences(self._rank * len(self._states) + own, self._states[own])

    def _sequences(self, stream: int, state: dict[str, Any] | None) -> Iterator[Packed]:
        saved = state or {"mixture": {}, "waiting": []}
        mixture = Mixture(
            self._plan.groups,
            {name: source.blocks for name, source in self._sources.items()},
            self._plan.seed,
            stream,
            self._ranks * len(self._states),
            MixtureState(**saved["mixture"]),
        )
        packer: Packer[tuple[Pick, Tree]] = Packer(self._plan.room)
        for waiting in saved["waiting"]:
            pick = Pick(*waiting)
            tree = self._tree(pick, stream)
            packer.wait((pick, tree), *_size(tree))
        skipped: Counter[str] = Counter()
        while True:
            pick = mixture.next()
            try:
                tree = self._tree(pick, stream)
            except SkippedRow as exc:
                skipped[f"{pick.source}: {exc}"] += 1
                if skipped.total() > MOST_SKIPPED:
                    raise InputError(
                        f"{skipped.total()} examples for one sequence cannot be used: {dict(skipped)}. Check "
                        "the data."
                    ) from exc
                continue
            taken = packer.add((pick, tree), *_size(tree))
            if taken:
                waiting = [list(astuple(waits)) for _, (waits, _) in packer.waiting]
                now = {"mixture": asdict(mixture.state), "waiting": waiting}
                yield self._packed([tree for _, tree in taken], dict(skipped), now)
                skipped.clear()

    def _tree(self, pick: Pick, stream: int) -> Tree:
        """The tree of a pick, always the same.

        Raises:
            SkippedRow: Nothing can be learned from it.
        """
        plan = self._plan
        rng = np.random.default_rng([plan.seed, EXAMPLE_SALT, stream, pick.number])
        sample = self._sources[pick.source].read(pick.index, rng)
        tree = fit_tree(self._encoders(sample, rng), plan.room)
        if tree is None:
            raise SkippedRow("longer than a sequence")
        return tree

    def _packed(self, trees: list[Tree], skipped: dict[str, int], state: dict[str, Any]) -> Packed:
        length = self._plan.room.tokens if self._plan.padded else None
        return Packed(pack(trees, self._config, length), skipped, state)


def _size(tree: Tree) -> tuple[int, int]:
    return tree.tokens, len(tree.patches)


class PackLoader:
    """Draws a stream ahead in loading processes, and knows where each of them stands.

    Args:
        make_stream: States of the loading processes, and which of them comes first → the stream.
        workers: Loading processes; 0 to draw in this one.
        state: `state` of an earlier loader, to go on behind its last sequence.

    Raises:
        InputError: The state is of another number of workers.
    """

    def __init__(
        self,
        make_stream: Callable[[Sequence[dict[str, Any] | None], int], PackStream],
        workers: int,
        state: dict[str, Any] | None = None,
    ) -> None:
        count = max(1, workers)
        self._streams: list[dict[str, Any] | None] = [None] * count if state is None else state["streams"]
        self._taken = 0 if state is None else state["taken"]
        if len(self._streams) != count:
            raise InputError(
                f"The run was loading with {len(self._streams)} workers, and now with {count}; the order of "
                f"examples depends on it. Resume with --workers {len(self._streams)}."
            )
        stream = make_stream(list(self._streams), self._taken % count)
        self._batches = draw_ahead(stream, workers)

    def next(self) -> tuple[PackedSequence, Mapping[str, int]]:
        """The next sequence, and what was skipped before it."""
        packed = next(self._batches)
        self._streams[self._taken % len(self._streams)] = packed.state
        self._taken += 1
        return packed.sequence, packed.skipped

    @property
    def state(self) -> dict[str, Any]:
        """JSON to go on behind the last sequence that was taken."""
        return {"streams": list(self._streams), "taken": self._taken}
