"""Runs groundings of keyframes: in a thread beside the stream, or synchronously within it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from molmo_act.tracking.keyframe import Grounding, Keyframe

GroundKeyframe = Callable[[Keyframe], Grounding]


class GroundingExecutor(Protocol):
    """Grounds one keyframe at a time."""

    @property
    def idle(self) -> bool:
        """Whether it can take a keyframe: it has none, and its last result was collected."""

    def submit(self, keyframe: Keyframe) -> None:
        """Takes a keyframe.

        Args:
            keyframe: The keyframe to ground; allowed only while the executor is idle.
        """

    def poll(self, now: float) -> Grounding | None:
        """Collects the result, once.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            The grounding of the submitted keyframe, or None while there is none.

        Raises:
            Exception: Whatever grounding the keyframe raised.
        """

    def cancel(self) -> None:
        """Drops a keyframe whose grounding has not begun."""

    def close(self) -> None:
        """Waits for the grounding in progress; nothing may be submitted afterwards."""


class ThreadedExecutor:
    """Grounds in a thread, so that the stream never waits; when a result comes depends on the machine.

    Args:
        ground: Grounds a keyframe; called in the thread.
    """

    def __init__(self, ground: GroundKeyframe) -> None:
        self._ground = ground
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="grounding")
        self._pending: Future[Grounding] | None = None

    @property
    def idle(self) -> bool:
        """See `GroundingExecutor.idle`."""
        return self._pending is None

    def submit(self, keyframe: Keyframe) -> None:
        """Starts grounding in the thread, see `GroundingExecutor.submit`."""
        self._pending = self._thread.submit(self._ground, keyframe)

    def poll(self, now: float) -> Grounding | None:
        """Collects the result once the thread has it, see `GroundingExecutor.poll`.

        Args:
            now: Makes no difference.

        Returns:
            The grounding, or None while the thread works.
        """
        if self._pending is None or not self._pending.done():
            return None
        done, self._pending = self._pending, None
        return done.result()

    def cancel(self) -> None:
        """See `GroundingExecutor.cancel`; a keyframe that the thread works on stays."""
        if self._pending is not None and self._pending.cancel():
            self._pending = None

    def close(self) -> None:
        """See `GroundingExecutor.close`."""
        self._thread.shutdown(wait=True)


class SynchronousExecutor:
    """Grounds within the stream: the same frames give the same results on any machine.

    Args:
        ground: Grounds a keyframe; called by `poll`.
        latency: Seconds of the stream until a result is given, as if grounding had taken this long.
    """

    def __init__(self, ground: GroundKeyframe, latency: float = 0.0) -> None:
        self._ground, self._latency = ground, latency
        self._waiting: Keyframe | None = None

    @property
    def idle(self) -> bool:
        """See `GroundingExecutor.idle`."""
        return self._waiting is None

    def submit(self, keyframe: Keyframe) -> None:
        """Keeps the keyframe until `poll` grounds it, see `GroundingExecutor.submit`."""
        self._waiting = keyframe

    def poll(self, now: float) -> Grounding | None:
        """Grounds the keyframe once `latency` has passed, see `GroundingExecutor.poll`.

        Args:
            now: Timestamp of the newest frame in seconds.

        Returns:
            The grounding, or None before that.
        """
        if self._waiting is None or now - self._waiting.frame.timestamp < self._latency - 1e-9:
            return None
        keyframe, self._waiting = self._waiting, None
        return self._ground(keyframe)

    def cancel(self) -> None:
        """See `GroundingExecutor.cancel`."""
        self._waiting = None

    def close(self) -> None:
        """See `GroundingExecutor.close`; there is never anything to wait for."""
        self._waiting = None
