"""ManagedNode: lifecycle, troubles and /diagnostics, the same for every node; knows no topic of theirs."""

from __future__ import annotations

import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile
from rclpy.time import Time

from molmo_act.errors import MolmoActError
from ros_nodes import health, qos

_REPEAT_AFTER_S = 5.0  # the same trouble is not told more often than this
_SILENCE_S = 5.0  # an input that has brought nothing for so long is worth a word
_GRACE_S = 2.0  # work in progress may delay the end of the process by this
_LEVELS = {
    health.OK: DiagnosticStatus.OK,
    health.WARN: DiagnosticStatus.WARN,
    health.ERROR: DiagnosticStatus.ERROR,
}


class ManagedNode(LifecycleNode):
    """A lifecycle node that tells how it is once a second.

    A subclass says what the transitions do: `prepare` on configure, `begin` on activate, `halt` on
    deactivate, `release` on cleanup; the last two must be able to follow whatever has happened before.

    Attributes:
        health: What is told on /diagnostics.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.health = health.Health()
        self._told: dict[str, float] = {}
        self._diagnostics: Any = None
        self._inputs: list[Any] = []
        self._unheard: dict[tuple[str, ...], float] = {}  # since when, by topics of which one will do

    # For subclasses

    def prepare(self) -> None:
        """Reads parameters and makes what is expensive; what it raises leaves the node unconfigured."""

    def begin(self) -> None:
        """Starts to work."""

    def halt(self, timeout: float | None = None) -> None:
        """Stops working; waits for what is in progress, at most so many seconds."""

    def release(self) -> None:
        """Lets go of what `prepare` made."""

    def subscribe(self, kind: type, topic: str, take: Any, profile: QoSProfile) -> None:
        """Subscribes until the node is deactivated; warns of publishers that cannot be heard.

        What `take` raises costs that message only.
        """

        def take_or_tell(message: Any) -> None:
            if self._unheard:
                self._unheard = {each: since for each, since in self._unheard.items() if topic not in each}
            try:
                take(message)
            except Exception as error:
                self.fail(f"fault {topic}", f"A message of '{topic}' is lost: {in_words(error)}")

        events = qos.told_publishers(topic, lambda text: self.warn(f"qos {topic}", text))
        self._inputs.append(
            self.create_subscription(kind, topic, take_or_tell, profile, event_callbacks=events)
        )

    def rely_on(self, *topics: str) -> None:
        """Has the node say so when none of these topics, which it subscribes to, has brought anything yet."""
        self._unheard[topics] = time.monotonic()

    def advertise(self, kind: type, topic: str, profile: QoSProfile) -> Any:
        """A publisher that speaks while the node is active; warns of subscribers that will get nothing."""
        events = qos.told_subscribers(topic, lambda text: self.warn(f"qos {topic}", text))
        return self.create_lifecycle_publisher(kind, topic, profile, event_callbacks=events)

    def withdraw(self, publishers: Any) -> None:
        """Destroys what `advertise` made."""
        for publisher in publishers:
            self.destroy_lifecycle_publisher(publisher)

    def warn(self, kind: str, text: str) -> None:
        """Tells of a trouble that costs little; each kind at most every few seconds."""
        self.health.trouble(health.WARN, text)
        if self._due(kind):
            self.get_logger().warning(text)

    def fail(self, kind: str, text: str) -> None:
        """Tells of a fault; each kind at most every few seconds."""
        self.health.trouble(health.ERROR, text)
        if self._due(kind) and self.context.ok():
            self.get_logger().error(text)

    def age_of(self, stamp: Any) -> float:
        """Seconds from a stamp to now, by the node's clock, which may be a simulated one."""
        return (self.get_clock().now() - Time.from_msg(stamp)).nanoseconds / 1e9

    def _due(self, kind: str) -> bool:
        now = time.monotonic()
        due = now - self._told.get(kind, -_REPEAT_AFTER_S) >= _REPEAT_AFTER_S
        if due:
            self._told[kind] = now
        return due

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Prepares; stays unconfigured on a fault."""
        try:
            self.prepare()
        except Exception as error:
            self.get_logger().fatal(f"Cannot configure: {in_words(error)}")
            self.release()
            return TransitionCallbackReturn.FAILURE
        self.health.reset()
        self._told.clear()
        self._start_telling()
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enables the publishers, then begins; stays inactive on a fault."""
        done = super().on_activate(state)
        try:
            self.begin()
        except Exception as error:
            self.get_logger().fatal(f"Cannot activate: {in_words(error)}")
            self._stop()
            super().on_deactivate(state)
            return TransitionCallbackReturn.FAILURE
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Halts, then disables the publishers."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Releases everything."""
        done = super().on_cleanup(state)
        self._let_go()
        return done

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Does both of the above from any state."""
        self._stop()
        done = super().on_shutdown(state)
        self._let_go()
        return done

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Goes back to unconfigured with nothing held."""
        self._stop()
        self._let_go()
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Halts, waiting only briefly for work in progress, and destroys the node."""
        self._stop(_GRACE_S)
        super().destroy_node()

    def _stop(self, timeout: float | None = None) -> None:
        for subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs = []
        self._unheard = {}
        self.halt(timeout)

    def _let_go(self) -> None:
        self.release()
        if self._diagnostics is not None:
            publisher, timer = self._diagnostics
            self.destroy_timer(timer)
            self.destroy_publisher(publisher)
            self._diagnostics = None

    # Diagnostics

    def _start_telling(self) -> None:
        publisher = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        # On the machine's own clock: a simulated one that stands still is itself worth telling.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        timer = self.create_timer(1.0, lambda: publisher.publish(self._report()), clock=steady)
        self._diagnostics = (publisher, timer)

    def _tell_of_silence(self) -> None:
        for topics, since in self._unheard.items():
            if time.monotonic() - since < _SILENCE_S:
                continue
            names = [self.resolve_topic_name(topic) for topic in topics]
            text = qos.silence(topics[0], names, published=any(self.count_publishers(name) for name in names))
            self.health.trouble(health.WARN, text)
            if f"silence {topics}" not in self._told:  # once in the log, while it lasts on /diagnostics
                self.warn(f"silence {topics}", text)

    def _report(self) -> DiagnosticArray:
        self._tell_of_silence()
        level, text = self.health.summary()
        status = DiagnosticStatus(name=self.get_fully_qualified_name(), message=text, level=_LEVELS[level])
        status.values = [KeyValue(key=key, value=value) for key, value in self.health.values().items()]
        report = DiagnosticArray(status=[status])
        report.header.stamp = self.get_clock().now().to_msg()
        return report


def in_words(error: Exception) -> str:
    """One line: our own errors speak for themselves, others need their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, MolmoActError) else f"{type(error).__name__}: {text}"
