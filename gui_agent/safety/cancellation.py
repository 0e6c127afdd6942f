"""Lets whoever asked for an action call it off from another thread, up to the press."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gui_agent.errors import ActionBlockedError

_CALLED_OFF: ContextVar[threading.Event | None] = ContextVar("called_off", default=None)


@contextmanager
def cancellable(called_off: threading.Event) -> Iterator[None]:
    """Makes every action of the block, in this thread, stop before its next press once the event is set.

    Args:
        called_off: Set by any thread.

    Yields:
        Nothing.
    """
    token = _CALLED_OFF.set(called_off)
    try:
        yield
    finally:
        _CALLED_OFF.reset(token)


def require_not_cancelled() -> None:
    """Checks that what this thread does was not called off.

    Raises:
        ActionBlockedError: It was.
    """
    called_off = _CALLED_OFF.get()
    if called_off is not None and called_off.is_set():
        raise ActionBlockedError("The call was cancelled.")
