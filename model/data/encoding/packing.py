"""Packs examples into sequences that are full of tokens and of crops.

A sequence has room for so many tokens and so many crops. Out of a small buffer of examples the best set is
taken whenever the buffer is full (Molmo2 paper, "packing": a knapsack of two dimensions, solved exactly).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from molmo_act.errors import InputError

GRAINS = 512
"""Token counts are rounded up to so many steps of a full sequence."""

Example = TypeVar("Example")


@dataclass(frozen=True)
class Room:
    """The limits of one sequence, and how tokens and crops are weighed against each other.

    Attributes:
        tokens: Most tokens.
        crops: Most crops.
        buffer: Examples that are looked at together; more pack better and delay longer.
        crop_weight: What one crop is worth, in tokens: full sequences should be full of both.
    """

    tokens: int
    crops: int
    buffer: int = 32
    crop_weight: float = 30.0

    def fits(self, tokens: int, crops: int) -> bool:
        """Tells whether an example fits into a sequence at all.

        Args:
            tokens: Its tokens.
            crops: Its crops.
        """
        return tokens <= self.tokens and crops <= self.crops


def best_subset(sizes: Sequence[tuple[int, int]], room: Room) -> list[int]:
    """Chooses the examples that fill a sequence best; the first one is always among them.

    So no example waits longer than for as many sequences as the buffer holds examples.

    Args:
        sizes: (tokens, crops) of each example, each of which fits.
        room: Limits of the sequence. Tokens are rounded up to `GRAINS` steps of it, so the set surely fits.

    Returns:
        Indices into `sizes`, ascending.
    """
    grain = max(1, room.tokens // GRAINS)
    tokens = [-(-size // grain) for size, _ in sizes]
    crops = [count for _, count in sizes]
    most_tokens, most_crops = room.tokens // grain - tokens[0], room.crops - crops[0]
    if most_tokens < 0:  # only rounding says that the first example alone does not fit
        return [0]
    value = np.zeros((most_tokens + 1, most_crops + 1))
    taken = np.zeros((len(sizes), *value.shape), dtype=bool)
    for i in range(1, len(sizes)):
        t, c = tokens[i], crops[i]
        if t > most_tokens or c > most_crops:
            continue
        gained = value[: most_tokens + 1 - t, : most_crops + 1 - c] + sizes[i][0] + room.crop_weight * c
        better = gained > value[t:, c:]
        taken[i, t:, c:] = better
        value[t:, c:] = np.where(better, gained, value[t:, c:])
    chosen = [0]
    t, c = most_tokens, most_crops
    for i in range(len(sizes) - 1, 0, -1):
        if taken[i, t, c]:
            chosen.append(i)
            t, c = t - tokens[i], c - crops[i]
    return sorted(chosen)


class Packer(Generic[Example]):
    """Collects examples one by one and returns full sequences of them.

    Args:
        room: Limits of a sequence.
    """

    def __init__(self, room: Room) -> None:
        self.room = room
        self.waiting: list[tuple[tuple[int, int], Example]] = []

    def add(self, example: Example, tokens: int, crops: int) -> list[Example] | None:
        """Adds one example.

        Args:
            example: The example.
            tokens: Its tokens.
            crops: Its crops.

        Returns:
            The examples of a sequence when the buffer was full before; None otherwise.

        Raises:
            InputError: The example does not fit into any sequence.
        """
        if not self.room.fits(tokens, crops):
            raise InputError(
                f"An example of {tokens} tokens and {crops} crops does not fit into a sequence of "
                f"{self.room.tokens} and {self.room.crops}. Skip it, or make sequences longer."
            )
        packed = self.take() if len(self.waiting) >= self.room.buffer else None
        self.wait(example, tokens, crops)
        return packed

    def wait(self, example: Example, tokens: int, crops: int) -> None:
        """Adds one example without packing, as when a run is resumed.

        Args:
            example: The example.
            tokens: Its tokens.
            crops: Its crops.
        """
        self.waiting.append(((tokens, crops), example))

    def take(self) -> list[Example]:
        """Takes the best sequence out of the buffer.

        Returns:
            Its examples in the order they were added; empty when the buffer is.
        """
        if not self.waiting:
            return []
        chosen = set(best_subset([size for size, _ in self.waiting], self.room))
        packed = [example for i, (_, example) in enumerate(self.waiting) if i in chosen]
        self.waiting = [entry for i, entry in enumerate(self.waiting) if i not in chosen]
        return packed
