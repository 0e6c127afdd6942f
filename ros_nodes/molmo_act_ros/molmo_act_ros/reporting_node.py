"""A node that reports: its topics, and its problems and theirs, in the log and on /diagnostics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType, ROSClock
from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.publisher import Publisher
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from rclpy.subscription import Subscription

from molmo_act.errors import MolmoActError
from molmo_act_ros import diagnostics, qos
from molmo_act_ros.inputs import ClockWatch, InputState, InputWatch

_REPEAT_AFTER_S = 5.0  # the same problem is logged at most this often
_REPORT_S = 1.0  # /diagnostics is published once in this time, and when an input dies or comes back
_LOOK_S = 0.25  # how often inputs are looked at
_LEVELS = {
    diagnostics.OK: DiagnosticStatus.OK,
    diagnostics.WARN: DiagnosticStatus.WARN,
    diagnostics.ERROR: DiagnosticStatus.ERROR,
}


class ReportingNode(LifecycleNode):
    """A lifecycle node that says on /diagnostics once a second how it and its inputs are.

    Args:
        name: Name of the node.
        task: What it does, in a word: its diagnostics are named "node: task".

    Attributes:
        diagnostics: Counts, durations and problems that /diagnostics reports.
        active: Whether the node is active.
    """

    def __init__(self, name: str, task: str) -> None:
        super().__init__(name)
        self.diagnostics = diagnostics.Diagnostics()
        self.active = False
        self._task = task
        self._logged: dict[str, float] = {}  # when, by kind of problem
        self._reporting: Publisher | None = None
        # By the steady clock: a simulated clock that stands still is a problem worth reporting. For ever: a
        # timer that is destroyed may end an executor of several threads.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._timer = self.create_timer(_LOOK_S, self._report_when_due, clock=steady)
        self._timer.cancel()
        self._inputs: list[tuple[str, type, Subscription]] = []
        self._outputs: list[tuple[str, LifecyclePublisher]] = []
        self._told_apart: list[str] = []  # topics on which every node needs a name of its own
        self._watch, self._clock_watch = InputWatch(), ClockWatch()
        self._silent: set[str] = set()  # inputs that the log has reported
        self._reported = 0.0  # when, on the monotonic clock in seconds
        self._reported_levels: list[int] = []  # of the inputs

    # For subclasses

    def idle_reason(self) -> str | None:
        """Says why the node does nothing though it is active; overridden by subclasses.

        Returns:
            One line; None where it works.
        """
        return None

    def input_timeout(self) -> float:
        """How long an input may be silent before that is a problem; overridden by subclasses.

        Returns:
            Seconds; 0 for any time.
        """
        return 2.0

    def subscribe(self, kind: type, topic: str, take: Callable[[Any], None], profile: QoSProfile) -> None:
        """Subscribes until the node is deactivated.

        What ``take`` raises is reported and costs that message only: errors of this project as a warning, as
        the message is at fault, others as an error. A publisher with an incompatible QoS
        profile or another type is logged with what would make it compatible.

        Args:
            kind: Message class.
            topic: Name before remapping.
            take: Called with each message, in the executor.
            profile: QoS profile; parameters ``qos_overrides`` may change it.
        """

        def take_or_report(message: Any) -> None:
            self._watch.arrived(topic, time.monotonic())
            try:
                take(message)
            except MolmoActError as error:
                self.diagnostics.count("messages refused")
                self.log_warning(f"refused {topic}", f"A message of '{topic}' is left out: {error}")
            except Exception as error:
                self.log_error(f"fault {topic}", f"A message of '{topic}' is lost: {describe_error(error)}")

        # No event callbacks: rclpy's executor of several threads ends when one of theirs is destroyed.
        silent = SubscriptionEventCallbacks(use_default_callbacks=False)
        subscription = self.create_subscription(
            kind,
            topic,
            take_or_report,
            copy(profile),  # rclpy writes the parameters into it
            event_callbacks=silent,
            qos_overriding_options=qos.overridable(),
        )
        self._inputs.append((topic, kind, subscription))

    def expect_input(self, *topics: str, patience: float = 1.0) -> None:
        """Has /diagnostics tell of an input, and warn while it brings nothing.

        Args:
            *topics: Topics that the node subscribes to, of which one suffices.
            patience: How many times `input_timeout` it may be silent for while somebody publishes on it.
        """
        names = tuple(map(self.resolve_topic_name, topics))
        self._watch.expect(topics, names, patience, time.monotonic())

    def tell_nodes_apart(self, topic: str) -> None:
        """Has the log and /diagnostics warn where several publishers of a topic have one name of a node.

        Args:
            topic: Name before remapping; its messages are joined by the name of the node that they are of.
        """
        self._told_apart.append(topic)

    @staticmethod
    def is_wanted(publisher: Publisher) -> bool:
        """Tells whether a message that costs something to make would reach anybody.

        Args:
            publisher: Of the message.

        Returns:
            Whether somebody listens now, or will get it later, as the topic is latched.
        """
        latched = publisher.qos_profile.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL
        return latched or publisher.get_subscription_count() > 0

    def advertise(self, kind: type, topic: str, profile: QoSProfile) -> LifecyclePublisher:
        """Creates a publisher that is enabled while the node is active, and destroyed on cleanup.

        A subscriber with an incompatible QoS profile is logged with what would make it compatible.

        Args:
            kind: Message class.
            topic: Name before remapping.
            profile: QoS profile.

        Returns:
            The publisher.
        """
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        publisher = self.create_lifecycle_publisher(
            kind, topic, copy(profile), event_callbacks=silent, qos_overriding_options=qos.overridable()
        )
        self._outputs.append((topic, publisher))
        return publisher

    def log_warning(self, kind: str, text: str) -> None:
        """Reports a minor problem: as WARN on /diagnostics, and in the log at most every 5 s.

        Args:
            kind: What problems are the same, for the 5 s.
            text: What was wrong and what to do.
        """
        self.diagnostics.add_problem(diagnostics.WARN, text, kind)
        if self._due(kind):
            self.get_logger().warning(text)

    def log_error(self, kind: str, text: str) -> None:
        """Reports a fault: as ERROR on /diagnostics, and in the log at most every 5 s.

        Args:
            kind: What faults are the same, for the 5 s.
            text: What was lost and why.
        """
        self.diagnostics.add_problem(diagnostics.ERROR, text, kind)
        if self._due(kind) and self.context.ok():
            self.get_logger().error(text)

    def _due(self, kind: str) -> bool:
        now = time.monotonic()
        due = now - self._logged.get(kind, -_REPEAT_AFTER_S) >= _REPEAT_AFTER_S
        if due:
            self._logged[kind] = now
        return due

    # Diagnostics

    @property
    def is_configured(self) -> bool:
        """Whether the node reports, which it does from configure to cleanup."""
        return self._reporting is not None

    def start_reporting(self) -> None:
        """Forgets what was reported before, and begins."""
        self.diagnostics.reset()
        self._logged.clear()
        self._reported, self._reported_levels = 0.0, []
        silent = PublisherEventCallbacks(use_default_callbacks=False)
        self._reporting = self.create_publisher(DiagnosticArray, "/diagnostics", 10, event_callbacks=silent)
        self._timer.reset()

    def stop_reporting(self) -> None:
        """Destroys the publishers, that of diagnostics too."""
        for _, output in self._outputs:
            self.destroy_lifecycle_publisher(output)
        self._outputs = []
        if self._reporting is not None:
            self._timer.cancel()
            self.destroy_publisher(self._reporting)
            self._reporting = None

    def unsubscribe(self) -> None:
        """Ends all subscriptions, and expects no input any more."""
        for _, _, subscription in self._inputs:
            self.destroy_subscription(subscription)
        self._inputs, self._told_apart = [], []
        self._watch.clear()
        self._silent.clear()

    def _report_when_due(self) -> None:
        if self._reporting is None:
            return
        states, now = self._input_states(), time.monotonic()
        levels = [state.level for state in states]
        if now - self._reported >= _REPORT_S - _LOOK_S / 2 or levels != self._reported_levels:
            self._reported, self._reported_levels = now, levels
            self._reporting.publish(self._report(states))

    def _input_states(self) -> list[InputState]:
        now, timeout = time.monotonic(), self.input_timeout()
        states = self._watch.states(now, timeout, lambda name: bool(self.count_publishers(name)))
        clock = self.get_clock()
        simulated = (
            clock.now().nanoseconds if isinstance(clock, ROSClock) and clock.ros_time_is_active else None
        )
        state = self._clock_watch.state(simulated, now, timeout)
        return states if state is None else [*states, state]

    def _log_mismatches(self) -> None:
        """Warns of publishers that are not heard, and of subscribers that hear nothing."""
        for topic, kind, subscription in self._inputs:
            name, requested = subscription.topic_name, subscription.qos_profile
            for other in self.get_publishers_info_by_topic(name):
                expected = f"{kind.__module__.partition('.')[0]}/msg/{kind.__name__}"
                text = qos.mismatch_of_type(topic, name, other.topic_type, expected)
                text = text or qos.mismatch_of_publisher(topic, other.qos_profile, requested)
                if text:
                    self.log_warning(f"qos {topic}", text)
        for topic, publisher in self._outputs:
            for other in self.get_subscriptions_info_by_topic(publisher.topic_name):
                text = qos.mismatch_of_subscriber(topic, publisher.qos_profile, other.qos_profile)
                if text:
                    self.log_warning(f"qos {topic}", text)

    def _log_namesakes(self) -> None:
        """Warns of nodes of one name where that tells whose a message is."""
        for topic in self._told_apart:
            publishers = self.get_publishers_info_by_topic(self.resolve_topic_name(topic))
            text = qos.namesakes(topic, [(one.node_namespace, one.node_name) for one in publishers])
            if text:
                self.log_warning(f"namesakes {topic}", text)

    def _log_silence(self, states: Sequence[InputState]) -> None:
        """Logs once that an input has become silent, and once that it is back."""
        for state in states:
            if state.level != diagnostics.OK:
                self.diagnostics.add_problem(state.level, state.text, f"silence {state.topic}")
                if state.topic not in self._silent:
                    self.get_logger().warning(state.text)
                    self._silent.add(state.topic)
            elif state.topic in self._silent:
                self.get_logger().info(f"'{state.topic}' brings messages again.")
                self._silent.discard(state.topic)

    def _summary(self) -> tuple[int, str]:
        if not self.active:
            return diagnostics.WARN, "inactive"
        level, text = self.diagnostics.summary()
        idle = self.idle_reason()
        return (diagnostics.WARN, idle) if idle is not None and level < diagnostics.ERROR else (level, text)

    def _report(self, states: Sequence[InputState]) -> DiagnosticArray:
        self._log_mismatches()
        self._log_namesakes()
        self._log_silence(states)
        level, text = self._summary()
        report = DiagnosticArray(status=[self._status(self._task, level, text, self.diagnostics.values())])
        for state in states:
            report.status.append(self._status(state.topic, state.level, state.text, state.values))
        report.header.stamp = self.get_clock().now().to_msg()
        return report

    def _status(self, task: str, level: int, text: str, values: Mapping[str, str]) -> DiagnosticStatus:
        name = f"{self.get_fully_qualified_name().removeprefix('/')}: {task}"
        pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
        hardware = self.diagnostics.about.get("model", "none")
        return DiagnosticStatus(
            name=name, level=_LEVELS[level], message=text, hardware_id=hardware, values=pairs
        )


def describe_error(error: Exception) -> str:
    """Describes an error in one line.

    Args:
        error: Any exception.

    Returns:
        Its text, after the name of its type where it is not an error of this project.
    """
    text = " ".join(str(error).split())
    return text if isinstance(error, MolmoActError) else f"{type(error).__name__}: {text}"
