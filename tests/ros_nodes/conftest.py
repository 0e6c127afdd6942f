"""Starts and stops ROS 2 processes on this machine's loopback, and is the subscribing process itself."""

from __future__ import annotations

import contextlib
import importlib
import json
import math
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import molmo_act_ros
import pytest
from molmo_act_ros.benchmarks.domain import own_domain

from tests.ros_nodes.shared_memory import remove_left_segments
from tests.support.paths import SOURCES

collect_ignore = ["processes"]  # programs that the tests start
PROCESSES = Path(__file__).parent / "processes"
LONGEST = 120.0
"""Seconds after which a process is taken to hang; a machine may stand still for half as long."""
SETTINGS = {"OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}


class Program:
    """One process of a test; what it wrote to stderr can be read while it runs.

    Attributes:
        expected_exit: The exit code that the end of the test asks for.
    """

    expected_exit = 0

    def __init__(self, folder: Path, arguments: list[str], environment: dict[str, str]) -> None:
        self._errors = folder / f"stderr-{time.monotonic_ns()}"
        path = os.pathsep.join([SOURCES, *filter(None, [os.environ.get("PYTHONPATH")])])
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | {"PYTHONPATH": path, **SETTINGS} | environment,
                text=True,
            )
        os.set_blocking(self.process.stdout.fileno(), False)
        self._line = ""

    @property
    def stderr(self) -> str:
        return self._errors.read_text(errors="replace")

    def order(self, **order: object) -> None:
        """Sends a line of JSON."""
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict | None:
        """The next line of JSON, or None while there is none."""
        self._line += self.process.stdout.readline() or ""
        if not self._line.endswith("\n"):
            return None
        line, self._line = self._line, ""
        return json.loads(line)

    def anonymous_memory_mib(self) -> float:
        """Memory of its own: shared segments of the transport fill up over time and are left out."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("RssAnon:")[2].split()[0]) / 1024

    def open_files(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def send(self, number: signal.Signals) -> None:
        """Signals the process and closes its stdin: a signal just before a read does not end that."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        with contextlib.suppress(BrokenPipeError):  # of an order that it was too dead to read
            self.process.stdin.close()

    def wait(self) -> int:
        """Waits for the end of the process, and gives its exit code; one that hangs says where."""
        try:
            return self.process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(LONGEST)
            raise AssertionError(f"{self.process.args} did not end:\n{self.stderr}") from None
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()

    def end(self, number: signal.Signals) -> int:
        """Signals the process and waits for its end."""
        self.send(number)
        return self.wait()


@contextlib.contextmanager
def own_ros(log_folder: Path) -> Iterator[None]:
    """rclpy, initialised in this process, on a domain of this run's own and on loopback."""
    rclpy = pytest.importorskip("rclpy", reason="needs the extra ros")
    profile = Path(molmo_act_ros.__file__).parent / "fastdds_shm.xml"
    own = {
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(log_folder),
        "FASTRTPS_DEFAULT_PROFILES_FILE": str(profile),
    }
    with own_domain() as domain, pytest.MonkeyPatch.context() as patch:
        for name, value in (own | {"ROS_DOMAIN_ID": str(domain)}).items():
            patch.setenv(name, value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rosidl's own: it imports a deprecated module
            importlib.import_module("rosidl_generator_py")
        rclpy.init()
        yield
        rclpy.try_shutdown()  # a signal to this process has done so already
    remove_left_segments()


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


class Listener:
    """A subscriber in this process: keeps every message of the node's outputs, and speaks to the node."""

    def __init__(self) -> None:
        import rclpy
        from rclpy.executors import SingleThreadedExecutor
        from std_msgs.msg import String

        self.node = rclpy.create_node("listener")
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.received: dict[str, list] = {}
        self._clients: dict[str, Any] = {}
        messages = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
        self.pointed_subscription = self.listen(messages.PointedPixels, "pointed_pixels")
        self._queries = {"query": self.node.create_publisher(String, "query", 1)}

    def listen(self, message_type: type, topic: str):
        """Subscribes; messages are appended to ``received[topic]``."""
        self.received[topic] = []
        return self.node.create_subscription(message_type, topic, self.received[topic].append, 10)

    def listen_to_health(self, node: str) -> list:
        """What the node of that full name says of itself on /diagnostics from now on."""
        return self._listen_to_status(node, lambda statuses: statuses[:1])

    def listen_to_inputs(self, node: str) -> list:
        """What the node of that full name says of its inputs on /diagnostics from now on."""
        return self._listen_to_status(node, lambda statuses: statuses[1:])

    def _listen_to_status(self, node: str, choose: Callable[[list], list]) -> list:
        from diagnostic_msgs.msg import DiagnosticArray

        reports: list = []

        def take(message: DiagnosticArray) -> None:
            if message.status[0].name.startswith(f"{node.removeprefix('/')}: "):
                reports.extend(choose(message.status))

        self.node.create_subscription(DiagnosticArray, "/diagnostics", take, 10)
        return reports

    def wait(self, until: Callable[[], object], timeout: float = LONGEST) -> object:
        """Receives until ``until()`` is true, and returns what it gave."""
        end = time.monotonic() + timeout
        while not (result := until()):
            assert time.monotonic() < end, f"waited {timeout} s in vain"
            self.executor.spin_once(timeout_sec=0.02)
        return result

    def wait_briefly(self, seconds: float) -> None:
        """Receives for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=seconds / 10)

    def ask(self, query: str, topic: str = "query") -> None:
        """Publishes a query once the node listens."""
        from std_msgs.msg import String

        if topic not in self._queries:
            self._queries[topic] = self.node.create_publisher(String, topic, 1)
        self.wait(self._queries[topic].get_subscription_count)
        self._queries[topic].publish(String(data=query))

    def published_types(self, node: str) -> set[str]:
        """The types of what a node publishes, as far as it is known: endpoints are told before their node."""
        return {
            kind
            for topic, kinds in self.node.get_topic_names_and_types()
            for kind in kinds
            if node in [info.node_name for info in self.node.get_publishers_info_by_topic(topic)]
        }

    def settle(self, node: str, wait: Callable[[Callable[[], object]], object] | None = None) -> None:
        """Returns once a node knows every endpoint that this process has made so far.

        That a service or an action is ready here says that requests arrive there; the node finds the way back
        by itself, and answers, results and feedback get lost until then. It is told of endpoints one after
        the other, in the order in which they were made: who gets an answer by a client that was made last is
        known with all others. That question may stay without an answer, so it is one that can be asked again.
        """
        from rcl_interfaces.srv import GetParameters

        wait = wait or self.wait
        client = self.node.create_client(GetParameters, f"{node}/get_parameters")
        asked: list = []
        last = -math.inf

        def answered() -> bool:
            nonlocal last
            if time.monotonic() - last > 0.5:
                asked.append(client.call_async(GetParameters.Request()))
                last = time.monotonic()
            return any(future.done() for future in asked)

        try:
            wait(client.service_is_ready)
            wait(answered)
        finally:
            self.node.destroy_client(client)

    def call(self, service_type: type, name: str, request: object):
        """Calls a service of the node and returns its response."""
        if name not in self._clients:
            self._clients[name] = self.node.create_client(service_type, name)
            self.wait(self._clients[name].service_is_ready)
            self.settle(name.rpartition("/")[0])
        future = self._clients[name].call_async(request)
        self.wait(future.done)
        return future.result()

    def set_parameter(self, name: str, value: object, node: str = "/point_node"):
        """Sets a parameter of the node; returns rcl_interfaces' SetParametersResult."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.call(SetParameters, f"{node}/set_parameters", request).results[0]

    def change_state(self, label: str, node: str = "/point_node") -> bool:
        """Asks the node for a lifecycle transition; returns whether it succeeded."""
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        request = ChangeState.Request(transition=Transition(label=label))
        return self.call(ChangeState, f"{node}/change_state", request).success

    def state(self) -> str:
        """The node's lifecycle state."""
        from lifecycle_msgs.srv import GetState

        return self.call(GetState, "/point_node/get_state", GetState.Request()).current_state.label

    def close(self) -> None:
        self.executor.shutdown()
        self.node.destroy_node()


@pytest.fixture
def listener(ros: None) -> Iterator[Listener]:
    """The subscriber, in this process."""
    listener = Listener()
    yield listener
    listener.close()
