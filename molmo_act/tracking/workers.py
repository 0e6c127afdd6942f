"""Who does the slow work on keyframes: a thread beside the stream, or the stream itself. Knows no models."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from molmo_act.tracking.grounding import Grounding, Keyframe

Work = Callable[[Keyframe], Grounding]


class Worker(Protocol):
    """Works on one keyframe at a time."""

    @property
    def idle(self) -> bool:
        """Whether it can take a keyframe: it has none, and its last result was taken."""

    def start(self, keyframe: Keyframe) -> None:
        """Takes a keyframe; only when idle."""

    def result(self, now: float) -> Grounding | None:
        """What came of the keyframe, once; None while there is nothing.

        Args:
            now: Seconds of the newest frame.

        Raises:
            Exception: What the work raised.
        """

    def forget(self) -> None:
        """Drops a keyframe that is not worked on yet."""

    def close(self) -> None:
        """Waits for the work in progress; nothing is taken afterwards."""


class Beside:
    """Works in a thread, so that the stream never waits; when a result comes is up to the machine."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="grounding")
        self._pending: Future[Grounding] | None = None

    @property
    def idle(self) -> bool:
        return self._pending is None

    def start(self, keyframe: Keyframe) -> None:
        self._pending = self._thread.submit(self._work, keyframe)

    def result(self, now: float) -> Grounding | None:
        if self._pending is None or not self._pending.done():
            return None
        done, self._pending = self._pending, None
        return done.result()

    def forget(self) -> None:
        if self._pending is not None and self._pending.cancel():
            self._pending = None

    def close(self) -> None:
        self._thread.shutdown(wait=True)


class InStep:
    """Works within the stream: the same frames give the same results, on any machine.

    Args:
        work: What to do.
        latency: Seconds of the stream until a result is given, as if the work had taken so long.
    """

    def __init__(self, work: Work, latency: float = 0.0) -> None:
        self._work, self._latency = work, latency
        self._waiting: Keyframe | None = None

    @property
    def idle(self) -> bool:
        return self._waiting is None

    def start(self, keyframe: Keyframe) -> None:
        self._waiting = keyframe

    def result(self, now: float) -> Grounding | None:
        if self._waiting is None or now - self._waiting.frame.timestamp < self._latency - 1e-9:
            return None
        keyframe, self._waiting = self._waiting, None
        return self._work(keyframe)

    def forget(self) -> None:
        self._waiting = None

    def close(self) -> None:
        self._waiting = None
