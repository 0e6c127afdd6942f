"""One thread that works on the newest item of each source."""

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
"""How long a thread that offers an item sleeps, so that the worker gets the interpreter and can begin: an
executor would otherwise hold it for its own work after each callback."""


class LatestWorker(Generic[Item]):
    """Works on the newest offered item of each source in turn, one at a time, in a thread of its own.

    An item that is offered while another one of its source waits replaces it, so a slow ``work`` skips
    items, nothing ever queues up, and a fast source does not delay the others. Items that are inserted come
    first, but after each of them an offered one whose time has come is worked on, so that neither kind waits
    for the other for ever. An exception in ``work`` is reported and the thread goes on.

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
        self._was_urgent = False  # the last item that was taken
        self._begun = -math.inf
        self._busy_since: float | None = None
        self._stopping = False
        self._idle = False  # nothing waits and the thread sleeps: who offers has to wake it
        self._lock = threading.Lock()
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()  # wakes faster than a Condition
        # A daemon, so that a model in the middle of a long computation cannot keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def period(self) -> float:
        """Shortest time between the starts of two items in seconds; a new value counts at once."""
        return self._period

    @period.setter
    def period(self, seconds: float) -> None:
        self._period = seconds
        self._wake.put(None)

    @property
    def busy_for(self) -> float:
        """Seconds since the item in progress was begun; 0 while there is none."""
        since = self._busy_since
        return 0.0 if since is None else time.monotonic() - since

    def start(self) -> None:
        """Starts the thread; a worker starts once and, once stopped, stays stopped."""
        self._thread.start()

    def offer(self, item: Item, source: Hashable = None) -> bool:
        """Has an item worked on, in place of one of the same source that still waits.

        Takes a millisecond when the thread was idle, so that it can begin, and no time otherwise.

        Args:
            item: What ``work`` gets.
            source: Where it comes from; sources take turns.

        Returns:
            Whether a waiting item was dropped for it.
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
        """Has an item worked on next, or after one that is offered; it is never replaced. Does not block.

        Args:
            item: What ``work`` gets.
        """
        with self._lock:
            self._urgent.append(item)
        self._wake.put(None)

    def stop(self, timeout: float | None = None) -> bool:
        """Drops the waiting items and waits for the one in progress.

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
            self._busy_since = time.monotonic()
            try:
                self._work(taken[0])
            except Exception as error:
                self._on_error(error)
            self._busy_since = None

    def _take(self) -> list[Item]:
        """Waits for an item and its time; returns it in a list, which is empty once the worker stops."""
        while True:
            with self._lock:
                self._idle = False
                if self._stopping:
                    return []
                now = time.monotonic()
                early = self._begun + self._period - now
                due = bool(self._waiting) and early <= 0
                if self._urgent and not (due and self._was_urgent):
                    self._was_urgent = True
                    return [self._urgent.popleft()]
                if due:
                    self._begun, self._was_urgent = now, False
                    return [self._waiting.pop(next(iter(self._waiting)))]
                self._idle = not self._waiting
                patience = min(early, threading.TIMEOUT_MAX) if self._waiting else None
            with suppress(queue.Empty):
                self._wake.get(timeout=patience)
