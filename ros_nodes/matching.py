"""Items by the time they are about: the newest few seconds of them; knows neither ROS nor what an item is."""

from __future__ import annotations

from bisect import bisect_left
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")

_HALF_FRAME_UNKNOWN_S = 0.02  # until two stamps are known: half a frame at 25 Hz


class RecentItems(Generic[Item]):
    """Keeps items of the last seconds by their stamps, which must not go backwards.

    Args:
        seconds: How long an item is kept, in the time of the stamps themselves.
        most: How many are kept at most.
    """

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self._span, self._most = int(seconds * 1e9), most
        self._stamps: list[int] = []
        self._items: list[Item] = []

    def add(self, stamp: int, item: Item) -> bool:
        """Keeps an item of a time in nanoseconds, in place of one of the same time.

        Returns:
            False where time went back and all was forgotten.
        """
        in_order = not self._stamps or stamp >= self._stamps[-1]
        if not in_order:
            self.clear()
        elif self._stamps and stamp == self._stamps[-1]:
            self._items[-1] = item
            return True
        self._stamps.append(stamp)
        self._items.append(item)
        outdated = bisect_left(self._stamps, stamp - self._span)
        outdated = max(outdated, len(self._stamps) - self._most)
        del self._stamps[:outdated], self._items[:outdated]
        return in_order

    def clear(self) -> None:
        """Forgets everything."""
        self._stamps.clear()
        self._items.clear()

    def settled(self, stamp: int) -> bool:
        """Whether nothing that is still to come can be nearer to this time than what is here."""
        return bool(self._stamps) and self._stamps[-1] >= stamp

    def nearest(self, stamp: int) -> tuple[float, Item] | None:
        """Seconds off, and the item, that is nearest to a time; None when there is none."""
        if not self._stamps:
            return None
        after = bisect_left(self._stamps, stamp)
        places = range(max(0, after - 1), min(len(self._stamps), after + 1))
        best = min(places, key=lambda place: abs(self._stamps[place] - stamp))
        return abs(self._stamps[best] - stamp) / 1e9, self._items[best]

    def half_frame(self) -> float:
        """Half the usual time between two items, in seconds."""
        if len(self._stamps) < 2:
            return _HALF_FRAME_UNKNOWN_S
        return float(np.median(np.diff(self._stamps))) / 2e9
