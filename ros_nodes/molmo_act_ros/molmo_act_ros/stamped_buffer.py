"""Items by the time they are about: the newest few seconds of them.

message_filters has a cache and a synchronizer. It is not on PyPI, and its synchronizer pairs what comes at
about the same moment; here the answer of a model comes seconds after the depth of its image.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np

Item = TypeVar("Item")

_USUAL = 0.2  # the quantile of the intervals that is the camera's
_HALF_FRAME_UNKNOWN_S = 0.02  # until the camera is known: half a frame at 25 Hz
_KNOWN = 6  # stamps; of fewer, the images between them may all be missing
_REMEMBERED_S = 60.0  # how long the shortest interval of a stream counts; a camera may be set to another rate


class WindowMinimum:
    """The least of the numbers of the last seconds.

    Args:
        seconds: How long a number counts.
    """

    def __init__(self, seconds: float) -> None:
        self._span = seconds
        self._rising: deque[tuple[float, float]] = deque()  # each is the least of all that came after it

    def add(self, time: float, value: float) -> float:
        """Takes a number, and gives the least that still counts.

        Args:
            time: When it was found, in seconds, not before the one before it.
            value: The number.
        """
        while self._rising and self._rising[-1][1] >= value:
            self._rising.pop()
        self._rising.append((time, value))
        while self._rising[0][0] < time - self._span:
            self._rising.popleft()
        return self._rising[0][1]


class StampedBuffer(Generic[Item]):
    """Keeps items of the last seconds by their stamps, in whatever order they come.

    Args:
        seconds: How long an item is kept, measured by the stamps.
        most: How many items are kept at most.
    """

    def __init__(self, seconds: float, most: int = 1000) -> None:
        self._span, self._most = int(seconds * 1e9), most
        self._stamps: list[int] = []
        self._items: list[Item] = []
        self._least_half = WindowMinimum(_REMEMBERED_S)

    def add(self, stamp: int, item: Item) -> bool:
        """Keeps an item, in place of one of the same time.

        Args:
            stamp: Its time in nanoseconds.
            item: The item.

        Returns:
            False where it is older than what is kept, and left out.
        """
        if self._stamps and stamp < self._stamps[-1] - self._span:
            return False
        place = bisect_left(self._stamps, stamp)
        if place < len(self._stamps) and self._stamps[place] == stamp:
            self._items[place] = item
            return True
        self._stamps.insert(place, stamp)
        self._items.insert(place, item)
        outdated = bisect_left(self._stamps, self._stamps[-1] - self._span)
        outdated = max(outdated, len(self._stamps) - self._most)
        del self._stamps[:outdated], self._items[:outdated]
        return True

    def clear(self) -> None:
        """Forgets everything."""
        self._stamps.clear()
        self._items.clear()
        self._least_half = WindowMinimum(_REMEMBERED_S)

    @property
    def newest(self) -> int | None:
        """The latest time of an item in nanoseconds; None while there is none."""
        return self._stamps[-1] if self._stamps else None

    @property
    def items(self) -> Sequence[Item]:
        """All that is kept, in the order of time."""
        return self._items

    def around(self, stamp: int) -> tuple[tuple[int, Item] | None, tuple[int, Item] | None]:
        """Finds the items next to a time.

        Args:
            stamp: The time in nanoseconds.

        Returns:
            Time and item of the last one that is not after it, and of the first one after it; None for each
            that is not there.
        """
        after = bisect_right(self._stamps, stamp)
        before = (self._stamps[after - 1], self._items[after - 1]) if after else None
        later = (self._stamps[after], self._items[after]) if after < len(self._stamps) else None
        return before, later

    def settled(self, stamp: int) -> bool:
        """Tells whether no later item can be nearer to a time than those that are here.

        Args:
            stamp: The time in nanoseconds.

        Returns:
            True once an item of that time or later has been added.
        """
        return bool(self._stamps) and self._stamps[-1] >= stamp

    def nearest(self, stamp: int) -> tuple[float, Item] | None:
        """Finds the item that is nearest to a time.

        Args:
            stamp: The time in nanoseconds.

        Returns:
            Seconds between the two, and the item; None while there is none.
        """
        if not self._stamps:
            return None
        after = bisect_left(self._stamps, stamp)
        places = range(max(0, after - 1), min(len(self._stamps), after + 1))
        best = min(places, key=lambda place: abs(self._stamps[place] - stamp))
        return abs(self._stamps[best] - stamp) / 1e9, self._items[best]

    def half_frame(self) -> float:
        """Estimates half the time between two items.

        Returns:
            Seconds: half the interval that 80 % of them exceed, as many items may be missing; the least that
            was found within the last minute, as most may be missing for a while; at most 0.02 before six
            items are known.
        """
        if len(self._stamps) < 2:
            return _HALF_FRAME_UNKNOWN_S
        half = float(np.quantile(np.diff(self._stamps), _USUAL)) / 2e9
        if len(self._stamps) < _KNOWN:
            return min(half, _HALF_FRAME_UNKNOWN_S)
        return self._least_half.add(self._stamps[-1] / 1e9, half)
