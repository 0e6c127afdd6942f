"""Ends a run between two steps when somebody asks for it; knows signals only."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_requests() -> Iterator[Callable[[], bool]]:
    """Inside, SIGINT and SIGTERM end nothing; what is given says whether one has come."""
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


def leave_signals_to_the_run(_: int) -> None:
    """For loading processes, which terminals and schedulers signal too: the run ends them after its step."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
