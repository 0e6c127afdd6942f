"""Many cheap random choices from one generator; knows nothing of what is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Item = TypeVar("Item")


class Dice:
    """Draws uniform numbers in blocks, since one draw from numpy costs as much as a hundred together.

    Args:
        rng: Where the numbers come from.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._numbers: list[float] = []

    def chance(self) -> float:
        """A uniform number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._rng.random(512).tolist()
        return self._numbers.pop()

    def below(self, count: int) -> int:
        """A uniform whole number in [0, count)."""
        return int(self.chance() * count)

    def between(self, low: float, high: float) -> float:
        """A uniform number in [low, high)."""
        return low + (high - low) * self.chance()

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of the items, all equally likely."""
        return items[int(self.chance() * len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """The items in random order."""
        return sorted(items, key=lambda _: self.chance())
