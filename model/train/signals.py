"""Turns SIGINT and SIGTERM into a request to stop between two steps."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Keeps SIGINT and SIGTERM from ending the process while the context is open.

    Yields:
        A function that says whether one of them has arrived.
    """
    asked = False

    def ask(*_: object) -> None:
        nonlocal asked
        asked = True

    before = {number: signal.signal(number, ask) for number in SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ignore_stop_signals(_: int) -> None:
    """Initializes a loading process: terminals and schedulers signal it too, but the run ends it."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
