"""Which inputs of a node are alive, how long each has been silent, and what to say about it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from molmo_act_ros import qos
from molmo_act_ros.diagnostics import ERROR, OK, WARN

_ERROR_FACTOR = 3.0  # an input that is silent for so many times its timeout is an error
_RECENT = 30  # arrivals that the rate is measured over
CLOCK = "/clock"  # as ROS names the topic of simulated time


@dataclass
class Input:
    """One input: one topic, or a few of which one suffices.

    Attributes:
        topics: Names before remapping, the usual one first.
        names: The same after remapping.
        patience: How many timeouts it may be silent for while somebody publishes on it.
        since: When the node began to listen, on the monotonic clock in seconds.
        last: When the newest message came; None before the first.
        count: How many messages came.
    """

    topics: tuple[str, ...]
    names: tuple[str, ...]
    patience: float
    since: float
    last: float | None = None
    count: int = 0
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=_RECENT))

    def rate(self) -> float:
        """Measures how many messages came per second lately; 0 before the second one."""
        passed = self.recent[-1] - self.recent[0] if len(self.recent) > 1 else 0.0
        return (len(self.recent) - 1) / passed if passed > 0 else 0.0


@dataclass(frozen=True)
class InputState:
    """What is to be said of one input.

    Attributes:
        topic: Its first topic before remapping.
        level: OK, WARN or ERROR.
        text: One line.
        values: Messages, seconds since the last one, messages per second.
    """

    topic: str
    level: int
    text: str
    values: dict[str, str]


class InputWatch:
    """Keeps when each input of a node last brought a message; messages may arrive in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inputs: list[Input] = []
        self._by_topic: dict[str, Input] = {}

    def expect(self, topics: tuple[str, ...], names: tuple[str, ...], patience: float, now: float) -> None:
        """Adds an input.

        Args:
            topics: See `Input`.
            names: See `Input`.
            patience: See `Input`.
            now: The monotonic clock in seconds.
        """
        expected = Input(topics, names, patience, now)
        with self._lock:
            self._inputs.append(expected)
            self._by_topic |= dict.fromkeys(topics, expected)

    def clear(self) -> None:
        """Forgets all inputs."""
        with self._lock:
            self._inputs.clear()
            self._by_topic.clear()

    def arrived(self, topic: str, now: float) -> None:
        """Notes a message.

        Args:
            topic: Its topic before remapping; one that is not expected makes no difference.
            now: The monotonic clock in seconds.
        """
        one = self._by_topic.get(topic)
        if one is not None:
            one.last = now
            one.count += 1
            one.recent.append(now)

    def states(self, now: float, timeout: float, is_published: Callable[[str], bool]) -> list[InputState]:
        """Judges all inputs.

        Args:
            now: The monotonic clock in seconds.
            timeout: Seconds of silence before a warning; an error comes after three times as many. 0: never.
            is_published: Whether somebody publishes on a topic, given its name after remapping.

        Returns:
            One item for each input, in the order in which they were added.
        """
        with self._lock:
            inputs = list(self._inputs)
        return [_judge(one, now, timeout, is_published) for one in inputs]


def _judge(one: Input, now: float, timeout: float, is_published: Callable[[str], bool]) -> InputState:
    silent = now - (one.since if one.last is None else one.last)
    topic = one.topics[0]
    values = {"messages": str(one.count), "messages per second": f"{one.rate():.1f}"}
    values["seconds since last message"] = "never" if one.last is None else f"{silent:.1f}"
    if timeout and silent >= timeout:
        published = any(map(is_published, one.names))
        limit = timeout * (one.patience if published else 1.0)
        if silent >= limit:
            text = qos.silence_text(
                topic, one.names, published=published, silent=None if one.last is None else silent
            )
            return InputState(topic, ERROR if silent >= _ERROR_FACTOR * limit else WARN, text, values)
    text = "waiting for the first message" if one.last is None else f"{one.rate():.1f} messages per second"
    return InputState(topic, OK, text, values)


class ClockWatch:
    """Keeps when a simulated clock last moved: a node whose time stands still waits for ever."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._moved = 0.0

    def state(self, simulated: int | None, now: float, timeout: float) -> InputState | None:
        """Judges the clock, whenever inputs are judged.

        Args:
            simulated: The clock in nanoseconds, 0 before its first message; None for a node by the wall's.
            now: The monotonic clock in seconds.
            timeout: As of `InputWatch.states`.

        Returns:
            What is to be said; None for a node by the wall's clock.
        """
        if simulated != self._seen:
            self._seen, self._moved = simulated, now
        if simulated is None:
            return None
        silent = now - self._moved
        values = {"simulated seconds": f"{simulated / 1e9:.3f}", "seconds since it moved": f"{silent:.1f}"}
        if not timeout or silent < timeout:
            return InputState(CLOCK, OK, "the simulated clock moves", values)
        if simulated:
            text = (
                f"The simulated clock has stood still for {silent:.0f} s. Is the simulation or the player "
                "paused, or has the publisher of /clock died?"
            )
        else:
            text = (
                f"use_sim_time is set, and nothing has come on /clock for {silent:.0f} s. Start the "
                "simulation, play the recording with --clock, or unset use_sim_time."
            )
        return InputState(CLOCK, ERROR if silent >= _ERROR_FACTOR * timeout else WARN, text, values)
