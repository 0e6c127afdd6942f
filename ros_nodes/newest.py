"""One slot for the newest item and one thread that works on it; knows neither ROS nor what an item is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class NewestWorker(Generic[Item]):
    """Works on the newest offered item, one at a time, in a thread of its own.

    An item that is offered while another one waits replaces it, so a slow ``work`` skips items and
    nothing ever queues up. A fault in ``work`` is reported and the thread goes on.

    Args:
        work: Called in the thread with one item.
        on_error: Called in the thread with what ``work`` raised.
        period: Shortest time between the starts of two items, in seconds; 0 is no limit. May be
            assigned while the thread runs.
        name: Name of the thread.

    Attributes:
        dropped: How many items were replaced before their turn.
    """

    def __init__(
        self,
        work: Callable[[Item], None],
        on_error: Callable[[Exception], None],
        *,
        period: float = 0.0,
        name: str = "newest",
    ) -> None:
        self.period = period
        self.dropped = 0
        self._work = work
        self._on_error = on_error
        self._slot: list[Item] = []  # empty or one item: an item may itself be None
        self._stopping = False
        self._changed = threading.Condition()
        # A daemon, so that a model in the middle of a long computation cannot keep the process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread; a worker starts once and, once stopped, stays stopped."""
        self._thread.start()

    def offer(self, item: Item) -> None:
        """Makes ``item`` the next to be worked on, in place of one that still waits. Never blocks."""
        with self._changed:
            self.dropped += len(self._slot)
            self._slot = [item]
            self._changed.notify()

    def stop(self, timeout: float | None = None) -> bool:
        """Forgets the waiting item and waits for the one in progress.

        Args:
            timeout: Longest wait in seconds; None waits until the item in progress is done.

        Returns:
            Whether the thread has ended.
        """
        with self._changed:
            self._stopping = True
            self._slot = []
            self._changed.notify()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        not_before = 0.0
        while True:
            with self._changed:
                item = self._take(not_before)
                if self._stopping:
                    return
            not_before = time.monotonic() + self.period
            try:
                self._work(item[0])
            except Exception as error:
                self._on_error(error)

    def _take(self, not_before: float) -> list[Item]:
        """Waits, with the lock held, for an item and its time, or for the end."""
        while not self._stopping:
            early = not_before - time.monotonic()
            if self._slot and early <= 0:
                break
            self._changed.wait(early if self._slot else None)
        item, self._slot = self._slot, []
        return item
