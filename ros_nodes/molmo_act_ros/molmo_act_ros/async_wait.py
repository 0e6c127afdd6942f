"""Waits in a coroutine of rclpy for another thread, without blocking the executor or burning a core."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future
from typing import Any


class _Turn:
    """Lets the executor do something else; it comes back whenever it has been woken."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def until_done(future: Future[Any], wake: Callable[[], None]) -> None:
    """Returns when the future has a result, an exception, or was cancelled.

    The callback that awaits this needs a reentrant callback group: others of its group would wait with it.

    Args:
        future: What to wait for.
        wake: Of the executor that runs the coroutine.
    """
    future.add_done_callback(lambda _: wake())
    while not future.done():
        await _Turn()
