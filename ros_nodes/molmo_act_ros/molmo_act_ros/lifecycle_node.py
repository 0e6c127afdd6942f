"""Base class of the nodes: lifecycle, parameters, and time that may begin anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial, wraps
from typing import TypeVar

from builtin_interfaces.msg import Time as Stamp
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import JumpHandle, JumpThreshold
from rclpy.duration import Duration
from rclpy.lifecycle import LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.time import Time

from molmo_act_ros import parameter_fields, qos, transitions
from molmo_act_ros.conversions.stamps import nanoseconds
from molmo_act_ros.manager_bond import ManagerBond
from molmo_act_ros.reporting_node import ReportingNode, describe_error

_GRACE_S = 2.0  # how long work in progress may delay the end of the process
_RESET_NS = 10**9  # a stamp that is earlier than the last one by more than this begins a new recording
_CLOCK_RESET_S = 0.1  # a simulated clock never goes back by itself
_STRANGE_AGE_S = 10.0  # no camera takes this long to send: its clock is another one
_SKEW_S = 0.1  # by which clocks of two machines may differ

Node = TypeVar("Node", bound="ManagedNode")
TransitionCallback = Callable[[Node, LifecycleState], TransitionCallbackReturn]


def undone_on_error(callback: TransitionCallback) -> TransitionCallback:
    """Decorates ``on_configure`` or ``on_activate``: an exception becomes a failed transition.

    The exception is logged as fatal in one line, the opposite transition's callback takes back what was done
    before it, and the node stays in the state it came from.

    Args:
        callback: ``on_configure`` or ``on_activate`` of a `ManagedNode`.

    Returns:
        The callback to use in its place.
    """
    verb = callback.__name__.removeprefix("on_")
    undo = {"configure": "on_cleanup", "activate": "on_deactivate"}[verb]

    @wraps(callback)
    def guarded(node: Node, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return callback(node, state)
        except Exception as error:
            node.get_logger().fatal(f"Cannot {verb}: {describe_error(error)}")
            getattr(node, undo)(state)
            return TransitionCallbackReturn.FAILURE

    return guarded


class ManagedNode(ReportingNode):
    """A reporting node with transitions, parameters and a sense of time.

    Subclasses override rclpy's transition callbacks: ``on_configure`` ends with that of this class,
    ``on_activate`` begins with it (it enables the publishers), and both are decorated with `undone_on_error`;
    ``on_cleanup`` ends with it. What has to stop on deactivation, shutdown, error and destruction alike goes
    into `stop_work`. ``on_cleanup`` and `stop_work` must work in every state.

    Args:
        name: Name of the node.
        task: What it does, in a word: its diagnostics are named "node: task".

    Attributes:
        still_working: Whether work was in progress that `stop_work` did not wait for.
        PARAMETERS: Dataclasses whose fields are the node's parameters; set by subclasses.
    """

    PARAMETERS: tuple[type, ...] = ()

    def __init__(self, name: str, task: str = "working") -> None:
        super().__init__(name, task)
        self.still_working = False
        self._jumps: JumpHandle | None = None
        self._bond = ManagerBond(self)
        self._last_stamps: dict[str, int] = {}  # nanoseconds of the last stamp by source
        transitions.refuse_impossible(self)
        self.add_pre_set_parameters_callback(partial(parameter_fields.with_kinds, self.PARAMETERS))
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        with suppress(Exception):  # what cannot be used is reported on configure, which declares the rest
            parameter_fields.declare(self, *self.PARAMETERS)

    # For subclasses

    def check_change(self, changes: Sequence[Parameter]) -> SetParametersResult:
        """Decides whether parameters may change while the node is configured; overridden by subclasses.

        Args:
            changes: The new values; rclpy has checked their bounds.

        Returns:
            Whether they may, and the reason if not.
        """
        return SetParametersResult(successful=True)

    def take_parameters(self) -> None:
        """Uses parameters that have changed while the node is configured; overridden by subclasses."""

    def stop_work(self, timeout: float | None = None) -> bool:
        """Stops what ``on_activate`` started; overridden by subclasses that start something.

        Args:
            timeout: Longest wait for work in progress in seconds; None waits until it is done.

        Returns:
            Whether it is done.
        """
        return True

    def forget_time(self) -> None:
        """Forgets everything about the time so far, which has begun anew; overridden by subclasses."""

    def finish(self) -> Sequence[Future]:
        """Begins to end what others wait for, before the node ends; overridden by subclasses.

        Returns:
            Done when those who wait have been told.
        """
        return ()

    def note_stamp(self, source: str, stamp: Stamp) -> None:
        """Notes the stamp of a message; one that is earlier than the last by over a second resets time.

        Args:
            source: Where stamps only grow: a topic, or a camera.
            stamp: Of the header; zero is ignored.
        """
        now = nanoseconds(stamp)
        if not now:
            return
        newest = self._last_stamps.get(source)
        if newest is not None and now < newest - _RESET_NS:
            self._reset_time(f"Stamps of '{source}' went back by {(newest - now) / 1e9:.1f} s")
        self._last_stamps[source] = max(now, self._last_stamps.get(source, now))

    def add_age(self, stage: str, stamp: Stamp, received: float) -> None:
        """Records how old a stamp is by the node's clock, unless it is of another clock: that is a warning.

        Args:
            stage: Name of the duration.
            stamp: Of a header; zero is ignored.
            received: When its message came, on the monotonic clock in seconds.
        """
        if not nanoseconds(stamp):
            return
        age = self.age_of(stamp)
        on_arrival = age - (time.monotonic() - received)
        if -_SKEW_S <= on_arrival <= _STRANGE_AGE_S:
            self.diagnostics.add_duration(stage, max(0.0, age))
            return
        where = f"{on_arrival:.1f} s old" if on_arrival > 0 else f"{-on_arrival:.1f} s in the future"
        self.diagnostics.count("stamps of another clock")
        self.log_warning(
            "clock",
            f"A stamp was {where} on arrival, by this node's clock: no '{stage}' is measured. For a "
            "recording or a simulation set use_sim_time on all nodes and play with --clock; otherwise "
            "synchronise the clocks.",
        )

    def age_of(self, stamp: Stamp) -> float:
        """Measures how old a stamp is.

        Args:
            stamp: Of a header.

        Returns:
            Seconds from the stamp to now by the node's clock, which may be simulated.
        """
        return (self.get_clock().now() - Time.from_msg(stamp)).nanoseconds / 1e9

    def seconds(self) -> float:
        """Reads the node's clock, which may be simulated.

        Returns:
            Seconds.
        """
        return self.get_clock().now().nanoseconds / 1e9

    def _reset_time(self, reason: str) -> None:
        self.diagnostics.count("time resets")
        self.log_warning("reset", f"{reason}: everything before is forgotten.")
        self._last_stamps.clear()
        self.forget_time()

    def _take_jump(self, jump: object) -> None:
        if self.active:
            self._reset_time("The simulated clock went back")

    # Lifecycle

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Starts to report on /diagnostics.

        Args:
            state: The state before the transition.

        Returns:
            Whether the transition succeeded.
        """
        self.start_reporting()
        problem = qos.shared_memory_problem()
        if problem is not None:
            self.log_warning("shared memory", problem)
        back = JumpThreshold(
            min_forward=None, min_backward=Duration(seconds=-_CLOCK_RESET_S), on_clock_change=False
        )
        self._jumps = self.get_clock().create_jump_callback(back, post_callback=self._take_jump)
        return super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Enables the publishers."""
        self._last_stamps.clear()
        self.active = True
        self._bond.form()
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribes, waits for work in progress, then disables the publishers."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Destroys the publishers and stops to report on /diagnostics."""
        self.stop_reporting()
        if self._jumps is not None:
            self._jumps.unregister()
            self._jumps = None
        return super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops the work and cleans up, from any state."""
        self._stop()
        done = super().on_shutdown(state)
        self.on_cleanup(state)
        return done

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stops the work and cleans up, so that the node can be configured again."""
        self._stop()
        self.on_cleanup(state)
        return super().on_error(state)

    def destroy_node(self) -> None:
        """Destroys the node; work in progress delays this by 2 s at most."""
        self._stop(_GRACE_S)
        # rclpy leaves this one to the garbage collector. While a thread that computes holds the node, the
        # participant would stay, with its name and its segment of shared memory.
        machine = getattr(self, "_state_machine", None)
        if machine is not None:
            machine.destroy_when_not_in_use()
        super().destroy_node()

    def _stop(self, timeout: float | None = None) -> None:
        self.active = False
        self.unsubscribe()
        self._bond.end()
        self.still_working |= not self.stop_work(timeout)

    # Parameters

    def _check_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        if not self.is_configured:  # they are checked when they are read
            return SetParametersResult(successful=True)
        # `ros2 param load` of a node's own dump sets what is read on configure, too, to what it is.
        return self.check_change([each for each in changes if not self._is_unchanged(each)])

    def _is_unchanged(self, change: Parameter) -> bool:
        if not self.has_parameter(change.name):
            return False
        before, after = (
            list(value) if isinstance(value, Sequence) else value
            for value in (self.get_parameter(change.name).value, change.value)
        )
        return before == after

    def _take_parameters(self, changes: list[Parameter]) -> None:
        if self.is_configured:
            self.take_parameters()
