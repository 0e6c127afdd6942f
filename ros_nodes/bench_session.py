"""A camera and a node in processes of their own, and this one as the subscriber: what is measured with."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

PROFILE = Path(__file__).parent / "fastdds_shm.xml"
PATIENCE_S = 60.0


class Consumer:
    """Subscribes to the points; keeps their ages in seconds, and whether they came out of order.

    Attributes:
        told: What the node said last on /diagnostics.
    """

    def __init__(self) -> None:
        import rclpy
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import PointStamped
        from rclpy.executors import SingleThreadedExecutor
        from sensor_msgs.msg import PointCloud2

        self.node = rclpy.create_node("bench_consumer")
        self.ages: list[float] = []
        self.answers = 0  # also those without a point
        self.disorder = False
        self.told: dict[str, str] = {}
        self._newest = 0
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.node)
        self.node.create_subscription(PointStamped, "best_point", self._keep, 100)
        self.node.create_subscription(PointCloud2, "points", self._count, 100)
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._listen, 10)

    def _keep(self, message: Any) -> None:
        now = self.node.get_clock().now().nanoseconds
        self.ages.append(now / 1e9 - message.header.stamp.sec - message.header.stamp.nanosec / 1e9)

    def _count(self, message: Any) -> None:
        stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
        self.disorder |= stamp < self._newest
        self._newest = stamp
        self.answers += 1

    def _listen(self, message: Any) -> None:
        self.told = {each.key: each.value for status in message.status for each in status.values}

    def warm_up(self, camera: subprocess.Popen[str]) -> bool:
        """Until points come steadily, so that discovery is not measured; False when too few come."""
        return self.take_until(lambda: len(self.ages) >= 20, camera, 10)

    def take_until(self, done: Callable[[], bool], camera: subprocess.Popen[str], frames: int) -> bool:
        """Has so many pictures taken, again and again, until it is done; False when patience ends first."""
        end = time.monotonic() + PATIENCE_S
        while not done() and time.monotonic() < end:
            self.take(camera, frames)
        return done()

    def take(self, camera: subprocess.Popen[str], frames: int) -> None:
        """Has pictures taken, and receives until a second after the last; less for a few."""
        orders, answers = cast(IO[str], camera.stdin), cast(IO[str], camera.stdout)
        os.set_blocking(answers.fileno(), False)
        orders.write(f"{frames}\n")
        orders.flush()
        self.receive(lambda: bool(answers.readline()), PATIENCE_S + frames)
        last = time.monotonic() + min(1.0, 0.01 * frames)
        self.receive(lambda: time.monotonic() > last, 5.0)

    def receive(self, enough: Callable[[], bool], patience: float) -> None:
        """Receives until it is enough; ends the program when that takes longer than its patience."""
        end = time.monotonic() + patience
        checked = 0.0
        while time.monotonic() < end:
            if time.monotonic() - checked > 0.02:  # looking costs a system call
                checked = time.monotonic()
                if enough():
                    return
            self._executor.spin_once(timeout_sec=0.02)
        raise SystemExit(f"nothing came of it in {patience:.0f} s")

    def close(self) -> None:
        """Unsubscribes."""
        self._executor.shutdown()
        self.node.destroy_node()


@contextmanager
def session(profile: Path | None) -> Iterator[Consumer]:
    """rclpy in this process, on a domain of its own, with a transport profile or the default transport."""
    import rclpy

    os.environ.pop("FASTRTPS_DEFAULT_PROFILES_FILE", None)
    if profile is not None:
        os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(profile)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
    rclpy.init(args=[])
    consumer = Consumer()
    try:
        yield consumer
    finally:
        consumer.close()
        rclpy.shutdown()


@contextmanager
def program(name: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """One of `bench_programs` until the end of the block."""
    with process(["-m", "ros_nodes.bench_programs", name, *map(str, words)]) as started:
        if name == "camera":
            cast(IO[str], started.stdout).readline()  # ready
        yield started


@contextmanager
def process(words: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """A Python program until the end of the block, its stdin and stdout in pipes."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, *words], stdin=pipe, stdout=pipe, text=True) as started:
        try:
            yield started
        finally:
            started.terminate()
            cast(IO[str], started.stdin).close()  # a signal just before a read does not end that
            try:
                started.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                started.kill()


def anonymous_mib(pid: int) -> float:
    """Memory of a process that is its own, without what it shares with the transport."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024
