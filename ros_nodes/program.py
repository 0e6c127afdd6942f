"""Runs a node as a program: arguments, autostart, signals, exit code; knows no topic and no model."""

from __future__ import annotations

import argparse
import ctypes
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from molmo_act.errors import InputError, MissingExtraError, MolmoActError, PlatformError

if TYPE_CHECKING:
    from rclpy.lifecycle import LifecycleNode
    from rclpy.node import Node

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_LARGEST_KEPT = 32 << 20  # bytes; glibc allows no more

_INSIST_S = 0.2
"""So long after a signal it is raised again, and again: Python drops what is raised in a destructor or in a
callback of an import, and a signal just before a call that blocks does not end that call."""
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)  # the last one is the insisting

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
        parser: Of the arguments that are not ``--ros-args``.
        make_node: Makes the node from the parsed arguments, after rclpy has started.
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code: 0 after a signal; 2 when the node could not be started, the reason being on stderr.
    """
    code = 0
    interrupts: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        interrupts.append(number)
        signal.setitimer(signal.ITIMER_REAL, _INSIST_S)
        raise KeyboardInterrupt

    for number in _ENDING:
        signal.signal(number, interrupt)  # while a model loads, too; rclpy's own handler calls this one
    sys.unraisablehook = _tell_unless_interrupted
    try:
        require_ros()
        code = _run(parser, make_node, list(sys.argv if argv is None else argv), interrupts)
    except KeyboardInterrupt:
        pass
    except MolmoActError as error:
        if not interrupts:  # else it tells of an import that was interrupted
            print(f"{parser.prog}: {error}", file=sys.stderr)
            code = 2
    signal.setitimer(signal.ITIMER_REAL, 0)
    _leave_busy_threads(code)
    return code


def _run(
    parser: argparse.ArgumentParser,
    make_node: Callable[[argparse.Namespace], Node],
    argv: list[str],
    interrupts: list[int],
) -> int:
    import rclpy
    from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
    from rclpy.lifecycle import LifecycleNode
    from rclpy.utilities import remove_ros_args

    node = None
    code = 0
    try:
        options = parser.parse_args(remove_ros_args(argv)[1:])
        _keep_memory_of_pictures()
        rclpy.init(args=argv)
    except RuntimeError as error:  # of which rclpy's own errors are kinds
        reason = " ".join(str(error).split()).partition(", at /")[0]
        raise InputError(
            f"ROS 2 refuses the arguments after --ros-args or its environment: {reason}"
        ) from error
    try:
        node = make_node(options)
        if not isinstance(node, LifecycleNode) or _autostart(node):
            executor = SingleThreadedExecutor()
            executor.add_node(node)
            executor.spin()
        elif not interrupts:  # a transition that was interrupted fails, too
            code = 2
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except Exception:  # what an interrupt becomes on its way through C++, as while rclpy reads a message
        if not interrupts:
            raise
    finally:
        for number in _ENDING:  # impatience must not break off a short, orderly end
            signal.signal(number, signal.SIG_IGN)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return code


def _tell_unless_interrupted(dropped: Any) -> None:
    """What Python does with an exception that it drops; that of a signal will be raised again."""
    if not isinstance(dropped.exc_value, KeyboardInterrupt):
        sys.__unraisablehook__(dropped)


def _keep_memory_of_pictures() -> None:
    """Has the memory of one picture kept for the next one.

    glibc would give it back to the kernel after each picture and get it again page by page, which takes
    longer than to copy the picture.
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
    """Ends the process at once when a model still computes in a daemon thread.

    The interpreter would otherwise tear itself down under the running C++ code, which aborts.
    """
    if any(thread.daemon and thread.is_alive() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
