"""Runs the decode steps of a batch: eagerly, or the same step again and again, as a CUDA graph on a GPU.

Shape letters: B rows of the batch, P image tokens of a prompt.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from molmo_act.generation.decode import Decoder
from molmo_act.generation.decode_state import DecodeState, StepOutput
from molmo_act.generation.kv_cache import TreeCache
from molmo_act.models.molmo_point.grounding_state import GroundingState

CHECK_EVERY = 4  # steps of a graph between checks of what a GPU has done; a check waits for it
WARM_UP_STEPS = 2  # steps before a capture, in which libraries choose their kernels
MAX_KEPT = 2  # shapes of batches, and steppers for each
SIZE_MULTIPLE = 256  # capacities and numbers of patches are rounded up to a multiple of this

T = TypeVar("T")


class Stepper(Protocol):
    """Takes decode steps until all rows have stopped.

    Attributes:
        rows: The answers so far.
        check_every: Steps between two checks of the rows; a check may wait for the device.
    """

    rows: DecodeState
    check_every: int

    def step(self) -> StepOutput:
        """Takes one step of all rows.

        Returns:
            The ids that the answers take.
        """

    def drop_stopped(self, stopped_B: Tensor) -> DecodeState | None:
        """Drops rows that have stopped, where that saves work.

        Args:
            stopped_B: bool, which rows have stopped.

        Returns:
            The rows that were dropped; None where none was.
        """


class EagerStepper:
    """Takes every step as small as what is pending allows, without the rows that have stopped: best on a CPU.

    Args:
        decoder: Takes the steps.
        rows: The answers at the beginning.
        state: Grounding state of their prompts.
        cache: Cache of the decoder.
    """

    check_every = 1

    def __init__(self, decoder: Decoder, rows: DecodeState, state: GroundingState, cache: TreeCache) -> None:
        self._decoder, self.rows, self._state, self._cache = decoder, rows, state, cache

    def step(self) -> StepOutput:
        """Takes one step, as narrow as the rows allow.

        Returns:
            The ids that the answers take.
        """
        return self._decoder.step(self.rows, self._state)

    def drop_stopped(self, stopped_B: Tensor) -> DecodeState | None:
        """Drops all rows that have stopped.

        Args:
            stopped_B: bool, which rows have stopped.

        Returns:
            The rows that were dropped; None where none was.
        """
        if not bool(stopped_B.any()):
            return None
        dropped, kept = self.rows.select(stopped_B), torch.nonzero(~stopped_B)[:, 0]
        self.rows, self._state = self.rows.select(kept), self._state.select(kept)
        self._cache.select(kept)
        return dropped


class GraphStepper:
    """Takes the same step again and again on tensors that stay where they are.

    On CUDA the step is captured once as a graph and replayed, without any work of the host in between. Rows
    that have stopped stand still and cost next to nothing there: a step reads the weights, whatever the rows.

    Args:
        decoder: A decoder with static shapes.
        rows: Answers of the first batch; later ones of the same shapes are taken over by `begin`.
        state: Grounding state of their prompts.
        capture: Whether to capture the step as a graph; else it is run as it is.
    """

    check_every = CHECK_EVERY

    def __init__(self, decoder: Decoder, rows: DecodeState, state: GroundingState, *, capture: bool) -> None:
        self._decoder = decoder
        self.rows, self._state = rows.clone(), state.clone()
        self._replay = self._captured() if capture else self._advance

    def begin(self, rows: DecodeState, state: GroundingState) -> None:
        """Takes over the next batch.

        Args:
            rows: Its answers at the beginning.
            state: Grounding state of its prompts.
        """
        self.rows.copy_(rows)
        self._state.copy_(state)

    def step(self) -> StepOutput:
        """Takes one step of all rows, or replays it.

        Returns:
            The ids that the answers take, in tensors that later steps leave alone.
        """
        output = self._replay()
        return StepOutput(*(value.clone() for value in vars(output).values()))

    def drop_stopped(self, stopped_B: Tensor) -> None:
        """Keeps all rows, since they are part of the graph.

        Args:
            stopped_B: Makes no difference.
        """

    def _advance(self) -> StepOutput:
        moved = self.rows.clone()
        output = self._decoder.step(moved, self._state)
        self.rows.copy_(moved)
        return output

    def _captured(self) -> Callable[[], StepOutput]:
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UP_STEPS):
                self._decoder.step(self.rows.clone(), self._state)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            output = self._advance()

        def replay() -> StepOutput:
            graph.replay()
            return output

        return replay


class GraphCache:
    """Keeps key-value caches of a model, and the steppers over them, for the shapes that were used last.

    Args:
        capture: Whether steps are captured as CUDA graphs.
    """

    def __init__(self, *, capture: bool) -> None:
        self._capture = capture
        self._kept: OrderedDict[Hashable, tuple[TreeCache, OrderedDict[Hashable, GraphStepper]]] = (
            OrderedDict()
        )

    def __len__(self) -> int:
        return len(self._kept)

    def kv_cache(self, batch: int, capacity: int, make: Callable[[int, int], TreeCache]) -> TreeCache:
        """Gives a key-value cache to a batch; whatever another batch left in it is lost.

        Args:
            batch: Rows.
            capacity: Least number of positions.
            make: Makes a cache of a number of rows and a capacity.

        Returns:
            The cache.
        """
        shape = batch, _rounded(capacity)
        return _recall(self._kept, shape, lambda: (make(*shape), OrderedDict()))[0]

    def stepper(
        self, key: Hashable, decoder: Decoder, rows: DecodeState, state: GroundingState, cache: TreeCache
    ) -> GraphStepper:
        """Gives a stepper at the beginning of a batch, an earlier one with the same key where there is one.

        Args:
            key: What the decoder depends on besides the cache.
            decoder: The decoder over the cache.
            rows: Answers of the batch.
            state: Grounding state of its prompts.
            cache: Given by `kv_cache`.

        Returns:
            The stepper.
        """
        patches = _rounded(state.indexable_BP.shape[1])
        state, rows = state.padded(patches), rows.padded(patches)
        steppers = self._kept[len(rows.prompt_index_B), cache.capacity][1]
        key = (key, state.vit_features_BPKC.shape)
        stepper = _recall(steppers, key, lambda: GraphStepper(decoder, rows, state, capture=self._capture))
        stepper.begin(rows, state)
        return stepper


def _rounded(size: int) -> int:
    """A few sizes instead of many, so that captured steps can be used again."""
    return -(-size // SIZE_MULTIPLE) * SIZE_MULTIPLE


def _recall(kept: OrderedDict[Hashable, T], key: Hashable, make: Callable[[], T]) -> T:
    """What is kept under a key, made where it is not; the one that was used longest ago has to go."""
    if key not in kept:
        while len(kept) >= MAX_KEPT:
            kept.popitem(last=False)
        kept[key] = make()
    kept.move_to_end(key)
    return kept[key]
