"""The newest item of each source and one thread that works on them; knows neither ROS nor what an item is."""

from __future__ import annotations

import math
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")

_GIVE_WAY_S = 0.001
"""So long a thread that offers lets the interpreter go, which it would else hold for work of its own, as an
executor has after each callback, before the worker could begin."""


class NewestWorker(Generic[Item]):
    """Works on the newest offered item of each source in turn, one at a time, in a thread of its own.

    An item that is offered while another one of its source waits takes that one's place, so a slow ``work``
    skips items, nothing ever queues up, and no source is kept waiting by a faster one. A fault in ``work``
    is reported and the thread goes on.

    Args:
        work: Called in the thread with one item.
        on_error: Called in the thread with what ``work`` raised.
        period: Shortest time between the starts of two items, in seconds; 0 is no limit.
        name: Name of the thread.
    """

    def __init__(
        self,
        work: Callable[[Item], None],
        on_error: Callable[[Exception], None],
        *,
        period: float = 0.0,
        name: str = "newest",
    ) -> None:
        self._period = period
        self._work = work
        self._on_error = on_error
        self._waiting: dict[Hashable, Item] = {}  # by source, the one that has waited longest first
        self._urgent: deque[Item] = deque()
        self._begun = -math.inf
        self._stopping = False
        self._idle = False  # nothing waits and the thread sleeps: who offers has to wake it
        self._lock = threading.Lock()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # wakes faster than a Condition
        # A daemon, so that a model in the middle of a long computation cannot keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def period(self) -> float:
        """Of the constructor; may be assigned while the thread runs, and counts at once."""
        return self._period

    @period.setter
    def period(self, seconds: float) -> None:
        self._period = seconds
        self._wake.put(None)

    def start(self) -> None:
        """Starts the thread; a worker starts once and, once stopped, stays stopped."""
        self._thread.start()

    def offer(self, item: Item, source: Hashable = None) -> bool:
        """Has ``item`` worked on, in place of one of the same source that still waits.

        Returns at once, or a millisecond later where the thread had nothing to do and begins with it.

        Returns:
            Whether one was dropped for it.
        """
        with self._lock:
            replaces = source in self._waiting
            self._waiting[source] = item  # in the place of the other: its turn comes no later
            begins, self._idle = self._idle, False
        if begins:
            self._wake.put(None)
            time.sleep(_GIVE_WAY_S)
        return replaces

    def insert(self, item: Item) -> None:
        """Has ``item`` worked on before all that are offered, and never replaced. Never blocks."""
        with self._lock:
            self._urgent.append(item)
        self._wake.put(None)

    def stop(self, timeout: float | None = None) -> bool:
        """Forgets the waiting items and waits for the one in progress.

        Args:
            timeout: Longest wait in seconds; None waits until the item in progress is done.

        Returns:
            Whether the thread has ended.
        """
        with self._lock:
            self._stopping = True
            self._waiting.clear()
            self._urgent.clear()
        self._wake.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while taken := self._take():
            try:
                self._work(taken[0])
            except Exception as error:
                self._on_error(error)

    def _take(self) -> list[Item]:
        """Waits for an item and its time; nothing at the end."""
        while True:
            with self._lock:
                self._idle = False
                if self._stopping:
                    return []
                if self._urgent:
                    return [self._urgent.popleft()]
                now = time.monotonic()
                early = self._begun + self._period - now
                if self._waiting and early <= 0:
                    self._begun = now
                    return [self._waiting.pop(next(iter(self._waiting)))]
                self._idle = not self._waiting
                patience = min(early, threading.TIMEOUT_MAX) if self._waiting else None
            with suppress(queue.Empty):
                self._wake.get(timeout=patience)
