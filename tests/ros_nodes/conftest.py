"""Starts and stops ROS 2 processes on this machine's loopback, and is the subscribing process itself."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ros_nodes.listener import Listener
from tests.ros_nodes.own_ros import own_ros
from tests.ros_nodes.program import LONGEST, PROCESSES, Program

collect_ignore = ["processes"]  # programs that the tests start


@pytest.fixture(scope="session")
def ros(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """rclpy in this process, see `own_ros`."""
    with own_ros(tmp_path_factory.mktemp("log")):
        yield


@pytest.fixture
def start(ros: None, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts Python programs; at the end SIGINTs all of them, and sees that they left cleanly."""
    started: list[Program] = []

    def start_program(*arguments: object, **environment: object) -> Program:
        program = Program(
            tmp_path, [str(a) for a in arguments], {name: str(value) for name, value in environment.items()}
        )
        started.append(program)
        return program

    yield start_program
    for program in started:
        program.send(signal.SIGINT)  # all at once, then one after the other is waited for
    with contextlib.ExitStack() as ends:  # every one is ended, whatever another's end raises
        for program in started:
            ends.callback(left_cleanly, program)


def left_cleanly(program: Program) -> None:
    """Waits for the end of a program, and sees that it left as it was expected to."""
    code = program.wait()
    assert "Traceback" not in program.stderr, program.stderr
    assert code == program.expected_exit, program.stderr


@pytest.fixture
def blob_node(start: Callable[..., Program]) -> Callable[..., Program]:
    """Starts the point node around the colour-spot model, with ROS parameters and its environment."""

    def start_node(
        parameters: dict[str, object] | None = None, *remaps: str, **environment: object
    ) -> Program:
        words = [word for name, value in (parameters or {}).items() for word in ("-p", f"{name}:={value}")]
        words += [word for remap in remaps for word in ("-r", remap)]
        arguments = ["--ros-args", *words] if words else []
        return start(PROCESSES / "blob_node.py", *arguments, **environment)

    return start_node


@pytest.fixture
def start_camera(start: Callable[..., Program]) -> Callable[..., Program]:
    """Starts a camera process that takes orders, with arguments of ROS."""

    def start_one(*ros_arguments: str) -> Program:
        camera = start(PROCESSES / "camera.py", *(["--ros-args", *ros_arguments] if ros_arguments else []))
        end = time.monotonic() + LONGEST
        while camera.answer() is None:
            assert time.monotonic() < end, camera.stderr
            time.sleep(0.02)
        return camera

    return start_one


@pytest.fixture
def camera(start_camera: Callable[..., Program]) -> Program:
    """A camera process that takes orders."""
    return start_camera()


@pytest.fixture
def listener(ros: None) -> Iterator[Listener]:
    """The subscriber, in this process."""
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture
def depth_camera(listener: Listener):
    """A depth camera in this process, and who points."""
    from tests.ros_nodes.depth_camera import DepthCamera

    return DepthCamera(listener)


@pytest.fixture
def deproject(start: Callable[..., Program], depth_camera) -> Callable[..., Program]:
    """Starts the deproject node with parameters and its environment; waits until it is found."""

    def start_node(*parameters: str, **environment: object) -> Program:
        words = [word for parameter in parameters for word in ("-p", parameter)]
        node = start("-m", "molmo_act_ros", "deproject_node", "--ros-args", *words, **environment)
        depth_camera.wait()
        return node

    return start_node
