"""Waits in a coroutine of rclpy for another thread, without blocking the executor."""

from __future__ import annotations

import time
from collections.abc import Generator
from concurrent.futures import Future

_NAP_S = 0.001


class _Turn:
    """Lets the executor do something else before it comes back."""

    def __await__(self) -> Generator[None, None, None]:
        time.sleep(_NAP_S)  # rclpy comes back at once, again and again: without this it would burn a core
        yield


async def done(future: Future) -> None:
    """Returns when the future has a result, an exception, or was cancelled."""
    while not future.done():
        await _Turn()
