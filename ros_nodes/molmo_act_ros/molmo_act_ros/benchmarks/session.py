"""Runs a camera and a node in processes of their own, with this one as the subscriber, for benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from molmo_act_ros.benchmarks.domain import own_domain

if TYPE_CHECKING:
    from diagnostic_msgs.msg import DiagnosticArray
    from molmo_act_interfaces.msg import PointedPixels

PROFILE = Path(__file__).parents[1] / "fastdds_shm.xml"
UDP_PROFILE = PROFILE.with_name("fastdds_udp.xml")
TIMEOUT_S = 60.0


class Consumer:
    """Subscribes to the points.

    Attributes:
        ages: Seconds between the stamp of each image with a point and the answer here.
        answers: Number of images that were answered, also those without a point.
        disorder: Whether answers came in another order than their images.
        diagnostics: Last values of the node on /diagnostics.
    """

    def __init__(self) -> None:
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from molmo_act_interfaces.msg import PointedPixels
        from rclpy.executors import SingleThreadedExecutor

        self.node = rclpy.create_node("bench_consumer")
        self.ages: list[float] = []
        self.answers = 0
        self.disorder = False
        self.diagnostics: dict[str, str] = {}
        self._newest = 0
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.node.create_subscription(PointedPixels, "pointed_pixels", self._take, 100)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._listen, 10)

    def _take(self, message: PointedPixels) -> None:
        now = self.node.get_clock().now().nanoseconds
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        if message.points:
            self.ages.append((now - stamp) / 1e9)
        self.disorder |= stamp < self._newest
        self._newest = stamp
        self.answers += 1

    def _listen(self, message: DiagnosticArray) -> None:
        self.diagnostics = {each.key: each.value for status in message.status for each in status.values}

    def warm_up(self, camera: subprocess.Popen[str]) -> bool:
        """Has images taken until points come steadily, so that discovery is not measured.

        Args:
            camera: Process of the camera.

        Returns:
            False when too few points came in 60 s.
        """
        return self.take_until(lambda: len(self.ages) >= 20, camera, 10)

    def take_until(self, done: Callable[[], bool], camera: subprocess.Popen[str], frames: int) -> bool:
        """Has images taken until something is reached.

        Args:
            done: Whether it is reached.
            camera: Process of the camera.
            frames: Number of images between two calls of ``done``.

        Returns:
            False when it was not reached in 60 s.
        """
        end = time.monotonic() + TIMEOUT_S
        while not done() and time.monotonic() < end:
            self.take(camera, frames)
        return done()

    def take(self, camera: subprocess.Popen[str], frames: int) -> None:
        """Has images taken, and receives until a second after the last; less after a few images.

        Args:
            camera: Process of the camera.
            frames: Number of images.

        Raises:
            SystemExit: The camera does not answer.
        """
        orders, answers = cast(IO[str], camera.stdin), cast(IO[str], camera.stdout)
        os.set_blocking(answers.fileno(), False)
        orders.write(f"{frames}\n")
        orders.flush()
        self.receive(lambda: bool(answers.readline()), TIMEOUT_S + frames)
        last = time.monotonic() + min(1.0, 0.01 * frames)
        self.receive(lambda: time.monotonic() > last, 5.0)

    def receive(self, enough: Callable[[], bool], timeout: float) -> None:
        """Receives messages until a condition holds.

        Args:
            enough: The condition.
            timeout: Longest wait in seconds.

        Raises:
            SystemExit: It did not hold in time.
        """
        end = time.monotonic() + timeout
        checked = 0.0
        while time.monotonic() < end:
            if time.monotonic() - checked > 0.02:  # looking costs a system call
                checked = time.monotonic()
                if enough():
                    return
            self._executor.spin_once(timeout_sec=0.02)
        raise SystemExit(f"nothing came of it in {timeout:.0f} s")

    def close(self) -> None:
        """Unsubscribes."""
        self._executor.shutdown()
        self.node.destroy_node()


@contextmanager
def session(profile: Path | None) -> Iterator[Consumer]:
    """Initialises rclpy in this process, on a domain of its own, until the end of the block.

    Args:
        profile: Transport profile of Fast DDS; None for the default transport.

    Yields:
        A subscriber to the points.
    """
    import rclpy

    os.environ.pop("FASTRTPS_DEFAULT_PROFILES_FILE", None)
    if profile is not None:
        os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(profile)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    with own_domain() as domain:
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        rclpy.init(args=[])
        consumer = Consumer()
        try:
            yield consumer
        finally:
            consumer.close()
            rclpy.try_shutdown()  # a signal has done so already


@contextmanager
def program(name: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Runs a process of `molmo_act_ros.benchmarks.nodes` until the end of the block.

    Args:
        name: Which one.
        *words: Further arguments.

    Yields:
        The process; a camera is ready.
    """
    with process(["-m", "molmo_act_ros.benchmarks.nodes", name, *map(str, words)]) as started:
        if name == "camera":
            cast(IO[str], started.stdout).readline()  # ready
        yield started


@contextmanager
def process(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """Runs Python until the end of the block, its stdin and stdout in pipes.

    Args:
        words: Arguments of the interpreter.

    Yields:
        The process.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, *words], stdin=pipe, stdout=pipe, text=True) as started:
        try:
            yield started
        finally:
            started.terminate()
            cast(IO[str], started.stdin).close()  # a signal just before a read does not end that
            try:
                started.wait(TIMEOUT_S)
            except subprocess.TimeoutExpired:
                started.kill()


def anonymous_mib(pid: int) -> float:
    """Measures the memory of a process without what it shares with the transport.

    Args:
        pid: The process.

    Returns:
        MiB.
    """
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024
