"""Two ways to take the steps of a batch: narrow ones, or the same one again and again, as a graph on a GPU.

Shape letters: B rows of the batch, P image tokens of a prompt.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from molmo_act.decoding.cache import TreeCache
from molmo_act.decoding.decoder import Decoder
from molmo_act.decoding.rows import Block, Rows
from molmo_act.modeling.grounding_state import GroundingState

LOOK_EVERY = 4  # repeated steps between looks at what a GPU has done; looking waits for it
WARM_UP = 2  # steps before a capture, in which libraries choose their kernels
KEPT = 2  # shapes of batches, and steps for each
SIZES = 256  # places and patches are rounded up to a multiple of this

T = TypeVar("T")


class Stepping(Protocol):
    """Takes steps until all rows have stopped.

    Attributes:
        rows: Where the answers stand.
        look_every: Steps between two looks at the rows; looking may wait for the device.
    """

    rows: Rows
    look_every: int

    def step(self) -> Block:
        """One step of all rows."""

    def drop(self, stopped_B: Tensor) -> Rows | None:
        """Lets go of rows that have stopped, where that saves work; returns those let go."""


class NarrowSteps:
    """Every step as small as what is pending allows, without the rows that have stopped: best on a CPU."""

    look_every = 1

    def __init__(self, decoder: Decoder, rows: Rows, state: GroundingState, cache: TreeCache) -> None:
        self._decoder, self.rows, self._state, self._cache = decoder, rows, state, cache

    def step(self) -> Block:
        """One step of all rows."""
        return self._decoder.step(self.rows, self._state)

    def drop(self, stopped_B: Tensor) -> Rows | None:
        """Lets go of all rows that have stopped."""
        if not bool(stopped_B.any()):
            return None
        gone, kept = self.rows.select(stopped_B), torch.nonzero(~stopped_B)[:, 0]
        self.rows, self._state = self.rows.select(kept), self._state.select(kept)
        self._cache.select(kept)
        return gone


class RepeatedSteps:
    """The same step again and again on tensors that stay where they are.

    On CUDA the step is captured once as a graph and replayed, without any work of the host in between. Rows
    that have stopped stand still and cost next to nothing there: a step reads the weights, whatever the rows.

    Args:
        decoder: With steps of fixed shapes.
        rows, state: Of the first batch; later ones of the same shapes are taken over by `begin`.
        capture: Whether to make a graph of the step; else it is run as it is.
    """

    look_every = LOOK_EVERY

    def __init__(self, decoder: Decoder, rows: Rows, state: GroundingState, *, capture: bool) -> None:
        self._decoder = decoder
        self.rows, self._state = rows.clone(), state.clone()
        self._replay = self._captured() if capture else self._advance

    def begin(self, rows: Rows, state: GroundingState) -> None:
        """Takes over the next batch."""
        self.rows.copy_(rows)
        self._state.copy_(state)

    def step(self) -> Block:
        """One step of all rows."""
        block = self._replay()
        return Block(*(value.clone() for value in vars(block).values()))

    def drop(self, stopped_B: Tensor) -> None:
        """Keeps all rows: they are part of the graph."""

    def _advance(self) -> Block:
        moved = self.rows.clone()
        block = self._decoder.step(moved, self._state)
        self.rows.copy_(moved)
        return block

    def _captured(self) -> Callable[[], Block]:
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP):
                self._decoder.step(self.rows.clone(), self._state)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            block = self._advance()

        def replay() -> Block:
            graph.replay()
            return block

        return replay


class Stages:
    """Caches of a model and repeated steps over them, kept for the shapes that were used last.

    Args:
        capture: Whether steps are captured as CUDA graphs.
    """

    def __init__(self, *, capture: bool) -> None:
        self._capture = capture
        self._stages: OrderedDict[Hashable, tuple[TreeCache, OrderedDict[Hashable, RepeatedSteps]]] = (
            OrderedDict()
        )

    def cache(self, batch: int, places: int, make: Callable[[int, int], TreeCache]) -> TreeCache:
        """A cache with at least so many places; what lies in it is of no more use to anybody.

        Args:
            batch: Rows.
            places: Least number of places.
            make: Makes one of a number of rows and of places.
        """
        shape = batch, _rounded(places)
        return _recall(self._stages, shape, lambda: (make(*shape), OrderedDict()))[0]

    def steps(
        self, rules: Hashable, decoder: Decoder, rows: Rows, state: GroundingState, cache: TreeCache
    ) -> RepeatedSteps:
        """Steps at the beginning of a batch, of another decoder with the same rules where there was one.

        Args:
            rules: What the decoder depends on besides the cache.
            decoder: Over the cache.
            rows, state: Of the batch.
            cache: Given by `cache`.
        """
        patches = _rounded(state.indexable_BP.shape[1])
        state, rows = state.padded(patches), rows.padded(patches)
        kept = self._stages[len(rows.rows_B), cache.places][1]
        key = (rules, state.vit_features_BPKC.shape)
        steps = _recall(kept, key, lambda: RepeatedSteps(decoder, rows, state, capture=self._capture))
        steps.begin(rows, state)
        return steps


def _rounded(size: int) -> int:
    """A few sizes instead of many, so that captured steps can be used again."""
    return -(-size // SIZES) * SIZES


def _recall(kept: OrderedDict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    """What is kept under a key, made where it is not; the one that was used longest ago has to go."""
    if key not in kept:
        while len(kept) >= KEPT:
            kept.popitem(last=False)
        kept[key] = make()
    kept.move_to_end(key)
    return kept[key]
