"""Runs a node as a program: arguments, autostart, signals, exit code.

Python raises KeyboardInterrupt wherever a signal meets it, and drops it in some places; C++ turns it into
other exceptions. Each measure against that has a test that fails without it, in
`tests/ros_nodes/test_runner.py` or among those of signals in `tests/ros_nodes/test_point_node.py`.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from molmo_act.errors import InputError, MissingExtraError, MolmoActError, PlatformError
from molmo_act_ros import dead_processes
from molmo_act_ros.python_logging import disable_progress_bars, send_to_node

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.lifecycle import LifecycleNode
    from rclpy.node import Node

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST_KEPT = 32 << 20  # bytes; glibc allows no more

_INSIST_S = 0.2
"""Seconds after which KeyboardInterrupt is raised again, and again: Python drops what is raised in a
destructor or in a callback of an import, and a signal just before a call that blocks does not end it."""
_FAREWELL_S, _SENDING_S = 1.0, 0.2  # how long those who wait for the node may delay its end
_MOST_FAULTS = 100
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)  # the last one raises again

_ROS_MODULES = (
    "rclpy.executors",
    "rclpy.lifecycle",
    "diagnostic_msgs.msg",
    "geometry_msgs.msg",
    "sensor_msgs.msg",
    "std_msgs.msg",
)


def require_ros() -> None:
    """Raises when a node cannot run here.

    Raises:
        MissingExtraError: rclpy or a message package is not installed.
        PlatformError: rclpy is installed and its libraries cannot be loaded.
    """
    module = ""
    try:
        for module in _ROS_MODULES:
            importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingExtraError(module.partition(".")[0], "ros", "a ROS 2 node") from error
    except ImportError as error:
        first_line = str(error).strip().partition("\n")[0]
        raise PlatformError(
            f"{module} is installed but cannot be loaded: {first_line}. Source the setup file of its ROS 2, "
            "or for the wheels from PyPI, unset _ROS_WHEELS_BOOTSTRAP_COMPLETE and try again."
        ) from error


def run(
    parser: argparse.ArgumentParser,
    make_node: Callable[[argparse.Namespace], Node],
    argv: Sequence[str] | None = None,
) -> int:
    """Runs one node until SIGINT, SIGTERM, or its own SystemExit.

    A lifecycle node is configured and activated first, unless its parameter ``autostart`` is false; then
    it waits for a lifecycle manager.

    Args:
        parser: Parses the arguments that are not ``--ros-args``.
        make_node: Creates the node from the parsed arguments, after rclpy has been initialised.
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code: 0 after a signal; 2 when the node could not be started, the reason being on stderr.
    """
    code = 0
    signals = Signals()
    signals.install()
    sys.unraisablehook = _report_unless_interrupted
    disable_progress_bars()
    try:
        require_ros()
        code = _run(parser, make_node, list(sys.argv if argv is None else argv), signals)
    except KeyboardInterrupt:
        pass
    except MolmoActError as error:
        if not signals.came:  # else it is about an import that was interrupted
            print(f"{parser.prog}: {error}", file=sys.stderr)
            code = 2
    signal.setitimer(signal.ITIMER_REAL, 0)
    return code


class Signals:
    """What SIGINT and SIGTERM do: they end the executor, or else interrupt whatever the program does.

    Attributes:
        came: Whether one has come.
    """

    def __init__(self) -> None:
        self.came = False
        self._executor: Executor | None = None
        self._faults = 0  # of callbacks, in a row

    def install(self) -> None:
        """Takes the signals; rclpy is told to leave them alone, as it would end before goals have ended."""
        for number in _ENDING:
            signal.signal(number, self._take)

    def ignore(self) -> None:
        """Ignores further signals: impatience must not break off a short, orderly end."""
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)

    def spin(self, executor: Executor) -> None:
        """Runs an executor until a signal comes.

        Args:
            executor: Has the nodes.
        """
        self._executor = executor
        reading, writing = socket.socketpair()
        writing.setblocking(False)
        before = signal.set_wakeup_fd(writing.fileno())
        # Python's own handler runs between two of its instructions, and the executor waits in C++.
        threading.Thread(target=self._wake, args=(reading, executor), daemon=True).start()
        try:
            while not self.came:
                self._spin_once(executor)
        finally:
            signal.set_wakeup_fd(before)
            self._executor = None
            writing.close()

    def _spin_once(self, executor: Executor) -> None:
        """Runs what is due; an error of a callback, as of a service of rclpy, costs that callback only."""
        from rclpy.executors import ExternalShutdownException

        try:
            executor.spin_once()
            self._faults = 0
        except ExternalShutdownException:
            raise
        except Exception as error:
            self._faults += 1
            if self.came or self._faults >= _MOST_FAULTS:  # then the executor itself is broken
                raise
            for node in executor.get_nodes():
                text = " ".join(str(error).split())
                node.get_logger().error(f"A callback failed: {type(error).__name__}: {text}")

    @staticmethod
    def _wake(reading: socket.socket, executor: Executor) -> None:
        with reading:
            while reading.recv(1):
                executor.wake()

    def _take(self, number: int, frame: object) -> None:
        first, self.came = not self.came, True
        signal.setitimer(signal.ITIMER_REAL, _INSIST_S)
        if self._executor is None or not first:  # else the executor ends by itself, unless a callback lasts
            raise KeyboardInterrupt


def _run(
    parser: argparse.ArgumentParser,
    make_node: Callable[[argparse.Namespace], Node],
    argv: list[str],
    signals: Signals,
) -> int:
    import rclpy
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.lifecycle import LifecycleNode
    from rclpy.signals import SignalHandlerOptions
    from rclpy.utilities import remove_ros_args

    node = executor = None
    code = 0
    try:
        options = parser.parse_args(remove_ros_args(argv)[1:])
        _keep_memory_of_images()
        dead_processes.clean_up()
        rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # of which rclpy's own errors are kinds
        reason = " ".join(str(error).split()).partition(", at /")[0]
        raise InputError(
            f"ROS 2 refuses the arguments after --ros-args or its environment: {reason}"
        ) from error
    try:
        node = make_node(options)
        send_to_node(node.get_logger())
        if not isinstance(node, LifecycleNode) or _autostart(node):
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            signals.spin(executor)
        elif not signals.came:  # a transition that was interrupted fails, too
            code = 2
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:  # what an interrupt becomes on its way through C++, as while rclpy reads a message
        if not signals.came:
            raise
    finally:
        signals.ignore()
        if node is not None:
            _end(node, executor)
        if executor is not None:
            executor.shutdown(0)
        rclpy.try_shutdown()
        if getattr(node, "still_working", False):
            _leave_busy_threads(code)
    return code


def _end(node: Node, executor: Executor | None) -> None:
    """Tells those who wait for the node that it ends, and destroys it."""
    finish = getattr(node, "finish", None)  # of a ManagedNode
    if finish is not None and executor is not None:
        told = finish()
        _spin(executor, _FAREWELL_S, until=lambda: all(one.done() for one in told))
        if told:  # the executor still has to send what they hold
            _spin(executor, _SENDING_S, until=lambda: False)
    node.destroy_node()


def _spin(executor: Executor, seconds: float, until: Callable[[], bool]) -> None:
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.02)


def _report_unless_interrupted(dropped: Any) -> None:
    """Reports an exception that Python drops; that of a signal will be raised again."""
    if not isinstance(dropped.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)


def _keep_memory_of_images() -> None:
    """Has the memory of one image kept for the next one.

    glibc would give it back to the kernel after each image and get it again page by page, which takes
    longer than to copy the image.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # another C library than glibc may lack it
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGEST_KEPT)
        libc.mallopt(_M_TRIM_THRESHOLD, 2 * _LARGEST_KEPT)


def _autostart(node: LifecycleNode) -> bool:
    """Configures and activates the node unless it is told not to; returns whether it may be spun."""
    from rcl_interfaces.msg import ParameterDescriptor
    from rclpy.lifecycle import TransitionCallbackReturn

    described = ParameterDescriptor(
        description="Configure and activate on start; false leaves both to a lifecycle manager.",
        read_only=True,
    )
    if not node.declare_parameter("autostart", True, described).value:
        return True
    done = TransitionCallbackReturn.SUCCESS
    return node.trigger_configure() == done and node.trigger_activate() == done


def _leave_busy_threads(code: int) -> None:
    """Ends the process at once, since a model still computes in one of the node's threads.

    The interpreter would otherwise tear itself down under the running C++ code, which aborts.
    """
    import rclpy

    # Else the name stays in the graph, and the segment in shared memory, until others time it out.
    rclpy.get_default_context().destroy()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
