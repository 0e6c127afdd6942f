"""The endless, seeded stream of packed sequences.

Each loading process is a stream of its own: it picks, reads, encodes and packs. What it yields carries the
state to go on from right behind it: how far its picks have come, and the numbers of the examples that wait to
be packed, which are read again. So a run resumes exactly. A run that is resumed with another number of
training processes deals the same streams to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import IterableDataset, get_worker_info

from model.data.encoding.encoder import TreeEncoder
from model.data.encoding.message_tree import MessageTree
from model.data.encoding.mixture import Group, Mixture, MixtureState, Pick
from model.data.encoding.packing import Packer, Room
from model.data.errors import SkippedRow
from model.data.registry import Source
from model.train.data.packed_sequence import PackedSequence, fit_tree, pack
from model.train.data.prefetch import prefetch
from molmo_act.errors import InputError
from molmo_act.models.molmo_point.configuration_molmo_point import MolmoPointConfig

EXAMPLE_SALT = 2
MOST_SKIPPED = 1000
"""Examples that may be skipped one after the other before the data are called unusable."""


@dataclass(frozen=True)
class Packed:
    """One sequence of a stream.

    Attributes:
        sequence: The tensors.
        skipped: How many examples of each kind of fault were left out since the sequence before.
        state: JSON from which the stream goes on behind it.
    """

    sequence: PackedSequence
    skipped: Mapping[str, int]
    state: dict[str, Any]


@dataclass(frozen=True)
class StreamPlan:
    """What a stream shows.

    Attributes:
        groups: The mixture.
        room: Largest number of tokens and crops of a sequence.
        seed: Seed of every choice.
        padded: Whether sequences are padded to the room's tokens, for compiled code.
    """

    groups: tuple[Group, ...]
    room: Room
    seed: int = 0
    padded: bool = False


class PackStream(IterableDataset):
    """Yields packed sequences without end.

    Args:
        plan: What is shown.
        sources: Data sets by name.
        encode: Turns samples into trees.
        config: See `pack`.
        rank, ranks: Number of this training process, and how many there are.
        states: `Packed.state` of each loading process of this rank, from which it goes on; None to begin.
        first: Number of the loading process that yields the first sequence.
    """

    def __init__(
        self,
        plan: StreamPlan,
        sources: Mapping[str, Source],
        encode: TreeEncoder,
        config: MolmoPointConfig | None,
        rank: int = 0,
        ranks: int = 1,
        states: Sequence[dict[str, Any] | None] = (None,),
        first: int = 0,
    ) -> None:
        super().__init__()
        self._plan, self._sources, self._encode, self._config = plan, sources, encode, config
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
        packer: Packer[tuple[Pick, MessageTree]] = Packer(self._plan.room)
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

    def _tree(self, pick: Pick, stream: int) -> MessageTree:
        """Makes the tree of a pick, always the same.

        Raises:
            SkippedRow: Nothing can be learned from it.
        """
        plan = self._plan
        rng = np.random.default_rng([plan.seed, EXAMPLE_SALT, stream, pick.number])
        sample = self._sources[pick.source].read(pick.index, rng)
        tree = fit_tree(self._encode(sample, rng), plan.room)
        if tree is None:
            raise SkippedRow("longer than a sequence")
        return tree

    def _packed(self, trees: list[MessageTree], skipped: dict[str, int], state: dict[str, Any]) -> Packed:
        length = self._plan.room.tokens if self._plan.padded else None
        return Packed(pack(trees, self._config, length), skipped, state)


def _size(tree: MessageTree) -> tuple[int, int]:
    return tree.tokens, tree.crops


class PackLoader:
    """Prefetches a stream in loading processes, and keeps the state of each of them.

    Args:
        make_stream: Makes the stream, given states of the loading processes, and which of them comes first.
        workers: Number of loading processes; 0 to draw in this one.
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
        self._batches = prefetch(stream, workers)

    def next(self) -> tuple[PackedSequence, Mapping[str, int]]:
        """Returns the next sequence, and the number of examples skipped before it, by reason."""
        packed = next(self._batches)
        self._streams[self._taken % len(self._streams)] = packed.state
        self._taken += 1
        return packed.sequence, packed.skipped

    @property
    def state(self) -> dict[str, Any]:
        """JSON from which a loader goes on behind the last sequence that was taken."""
        return {"streams": list(self._streams), "taken": self._taken}


def deal_streams(states: Sequence[dict[str, Any]], rank: int, ranks: int) -> dict[str, Any]:
    """Gives a training process its share of the streams of a run.

    Args:
        states: `PackLoader.state` of every process that saved the run, by rank.
        rank: Number of this process.
        ranks: Number of processes there are now.

    Returns:
        The state for the `PackLoader` of this process: its own if there are as many processes as before, else
            an
        equal share of all streams, in their order.

    Raises:
        InputError: The streams cannot be dealt equally.
    """
    if len(states) == ranks:
        return states[rank]
    streams = [stream for state in states for stream in state["streams"]]
    count, left = divmod(len(streams), ranks)
    if left:
        possible = [str(n) for n in range(1, len(streams) + 1) if len(streams) % n == 0]
        raise InputError(
            f"The run reads {len(streams)} streams of examples, which cannot be dealt to {ranks} processes. "
            f"Resume with {' or '.join(possible)}."
        )
    return {"streams": streams[rank * count : (rank + 1) * count], "taken": 0}
