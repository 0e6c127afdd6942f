"""The processes that `ros_nodes.bench` measures: a camera, the point node, and two nodes to compare with.

The model in the nodes is one that waits for a given time and answers with one point: what is left is ROS.
"""

from __future__ import annotations

import argparse
import array
import sys
import time
from functools import cache
from typing import Any

import numpy as np

from molmo_act.points import Points
from ros_nodes.program import run

NAMES = ("camera", "point", "echo", "naive")


def main() -> int:
    """Runs one of them; returns its exit code."""
    parser = argparse.ArgumentParser(prog="ros_nodes.bench_programs", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--size", type=int, nargs=2, default=(640, 480), help="of the camera's pictures")
    parser.add_argument("--rate", type=float, default=30.0, help="of the camera, per second")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the model takes")
    makers = {"camera": make_camera, "point": make_point_node}
    makers |= {"echo": make_echo_node, "naive": make_naive_node}
    return run(parser, lambda options: makers[options.name](options))


class WaitingModel:
    """Answers with the middle of the picture after a time."""

    name = "waiting"

    def __init__(self, delay: float) -> None:
        self._delay = delay

    def point(self, image: np.ndarray, queries: list[str], **bounds: Any) -> list[Points]:
        """One point for each query."""
        if self._delay:
            time.sleep(self._delay)
        height, width, _ = image.shape
        return _middles(width, height, tuple(queries))


@cache  # the time that a model takes for its answer is not what is measured
def _middles(width: int, height: int, queries: tuple[str, ...]) -> list[Points]:
    middle, score, size = np.array([[width / 2, height / 2]]), np.ones(1), [(width, height)]
    return [Points(xy=middle, score=score, image_size=size, query=query) for query in queries]


def make_camera(options: argparse.Namespace) -> Any:
    """Publishes the pictures that stdin asks for: a number per line; answers each line when they are out."""
    import rclpy
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import Image

    node = rclpy.create_node("bench_camera")
    publisher = node.create_publisher(Image, "image", qos_profile_sensor_data)
    width, height = options.size
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    print("ready", flush=True)
    for line in sys.stdin:
        due = time.monotonic()
        for _ in range(int(line)):
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + 1 / options.rate, time.monotonic() - 1 / options.rate)
            message = Image(height=height, width=width, encoding="rgb8", step=3 * width)
            message.header.stamp = node.get_clock().now().to_msg()
            data = array.array("B")
            data.frombytes(pixels.data.cast("B"))
            message.data = data
            publisher.publish(message)
        print("done", flush=True)
    raise SystemExit(0)


def make_point_node(options: argparse.Namespace) -> Any:
    """The real node."""
    from ros_nodes.pointing import PointNode

    return PointNode(lambda name, device: WaitingModel(options.delay))  # type: ignore[arg-type,return-value]


def make_echo_node(options: argparse.Namespace) -> Any:
    """The least that a node can do with rclpy: answers each picture with a point, and never looks at it."""
    import rclpy
    from geometry_msgs.msg import PointStamped
    from sensor_msgs.msg import Image

    from ros_nodes import qos

    node = rclpy.create_node("echo_node")
    publisher = node.create_publisher(PointStamped, "best_point", qos.RESULTS)

    def echo(message: Image) -> None:
        publisher.publish(PointStamped(header=message.header))

    node.create_subscription(Image, "image", echo, qos.NEWEST_FRAME)
    return node


def make_naive_node(options: argparse.Namespace) -> Any:
    """What one writes first: the model in the callback, a queue in front of it, bytes through Python."""
    import rclpy
    from geometry_msgs.msg import PointStamped
    from rclpy.qos import QoSProfile, QoSReliabilityPolicy
    from sensor_msgs.msg import Image

    node = rclpy.create_node("naive_node")
    publisher = node.create_publisher(PointStamped, "best_point", 10)
    model = WaitingModel(options.delay)

    def point(message: Image) -> None:
        rgb = np.array(message.data, np.uint8).reshape(message.height, message.width, 3)
        (points,) = model.point(rgb, ["middle"])
        answer = PointStamped(header=message.header)
        answer.point.x, answer.point.y = (float(value) for value in points.xy[0])
        publisher.publish(answer)

    queue = QoSProfile(depth=10, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    node.create_subscription(Image, "image", point, queue)
    return node


if __name__ == "__main__":
    sys.exit(main())
