"""Waits in a coroutine of rclpy for another thread, without blocking the executor or burning a core."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import Future
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.executors import Executor


class _Turn:
    """Lets the executor do something else; it comes back whenever it has been woken."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def done(future: Future, executor: Executor) -> None:
    """Returns when the future has a result, an exception, or was cancelled.

    The callback that awaits this needs a reentrant callback group: others of its group would wait with it.
    """
    future.add_done_callback(lambda _: executor.wake())
    while not future.done():
        await _Turn()
