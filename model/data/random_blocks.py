"""Cheap random choices: uniform numbers are drawn from numpy 512 at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class RandomBlocks:
    """Makes random choices from uniform numbers that are drawn in blocks of 512.

    One call of numpy costs as much for one number as for a hundred, and a screen needs thousands of choices.

    Args:
        rng: Where the numbers come from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._numbers: list[float] = []

    def chance(self) -> float:
        """Returns a uniform number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._rng.random(512).tolist()
        return self._numbers.pop()

    def below(self, count: int) -> int:
        """Returns a uniform whole number in [0, count).

        Args:
            count: At least 1.
        """
        return int(self.chance() * count)

    def between(self, low: float, high: float) -> float:
        """Returns a uniform number in [low, high).

        Args:
            low: Smallest number.
            high: Bound that is not reached.
        """
        return low + (high - low) * self.chance()

    def one_of(self, items: Sequence[Item]) -> Item:
        """Returns one of the items, all equally likely.

        Args:
            items: At least one.
        """
        return items[int(self.chance() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Returns the items in random order.

        Args:
            items: Any number of them; they stay as they are.
        """
        return sorted(items, key=lambda _: self.chance())
