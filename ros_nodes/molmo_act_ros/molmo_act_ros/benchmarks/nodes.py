"""The processes that the latency benchmark measures: a camera, the point node, and two nodes to compare with.

The model in the nodes waits for a given time and answers with one point: what is left is ROS.
"""

from __future__ import annotations

import argparse
import array
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from molmo_act.cli._writing import Parser
from molmo_act.outputs.points import Points
from molmo_act_ros.runner import run

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.node import Node

NAMES = ("camera", "point", "echo", "naive")


def main() -> int:
    """Runs the process that the command line names.

    Returns:
        Its exit code.
    """
    parser = Parser(prog="molmo_act_ros.benchmarks.nodes", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument(
        "--size", type=int, nargs=2, default=(640, 480), help="width and height of the camera's images"
    )
    parser.add_argument("--rate", type=float, default=30.0, help="images of the camera per second")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that the model takes")
    makers = {"camera": make_camera, "point": make_point_node}
    makers |= {"echo": make_echo_node, "naive": make_naive_node}
    return run(parser, lambda options: makers[options.name](options))


class WaitingModel:
    """Answers with the middle of the image after a time.

    Args:
        delay: Seconds that an answer takes.
    """

    name = "waiting"

    def __init__(self, delay: float) -> None:
        self._delay = delay

    def point(self, image: np.ndarray, queries: list[str], **bounds: Any) -> list[Points]:
        """Waits and answers.

        Args:
            image: uint8 RGB (height, width, 3).
            queries: What to find, in words.
            **bounds: Ignored.

        Returns:
            One point for each query.
        """
        if self._delay:
            time.sleep(self._delay)
        height, width, _ = image.shape
        return _middles(width, height, tuple(queries))


@cache  # the time that a model takes for its answer is not what is measured
def _middles(width: int, height: int, queries: tuple[str, ...]) -> list[Points]:
    middle, score, size = np.array([[width / 2, height / 2]]), np.ones(1), [(width, height)]
    return [Points(xy=middle, score=score, image_size=size, query=query) for query in queries]


def make_camera(options: argparse.Namespace) -> NoReturn:
    """Publishes as many images as each line of stdin asks for, and prints a line when they are published.

    Args:
        options: ``size`` and ``rate``.

    Raises:
        SystemExit: At the end of stdin.
    """
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


def make_point_node(options: argparse.Namespace) -> Node:
    """Creates the point node.

    Args:
        options: ``delay``.

    Returns:
        The node.
    """
    from molmo_act_ros.point_node import PointNode

    return PointNode(lambda asked: WaitingModel(options.delay))  # type: ignore[arg-type,return-value]


def make_echo_node(options: argparse.Namespace) -> Node:
    """Creates a node that does the least possible with rclpy: it answers each image, unread, with one point.

    The answer is the same every time but for its header, and is made before.

    Args:
        options: ``size``.

    Returns:
        The node.
    """
    import rclpy
    from molmo_act_interfaces.msg import PointedPixels
    from sensor_msgs.msg import Image

    from molmo_act_ros import qos

    node = rclpy.create_node("echo_node")
    publisher = node.create_publisher(PointedPixels, "pointed_pixels", qos.RESULTS)
    answer = _answer(options.size)

    def echo(message: Image) -> None:
        answer.header = message.header
        publisher.publish(answer)

    node.create_subscription(Image, "image", echo, qos.NEWEST_FRAME)
    return node


def make_naive_node(options: argparse.Namespace) -> Node:
    """Creates a node as one writes it first: the model in the callback, a queue, bytes through Python.

    Args:
        options: ``delay``.

    Returns:
        The node.
    """
    import rclpy
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.qos import QoSProfile, QoSReliabilityPolicy
    from sensor_msgs.msg import Image

    node = rclpy.create_node("naive_node")
    publisher = node.create_publisher(PointedPixels, "pointed_pixels", 10)
    model = WaitingModel(options.delay)

    def point(message: Image) -> None:
        rgb = np.array(message.data, np.uint8).reshape(message.height, message.width, 3)
        (points,) = model.point(rgb, ["middle"])
        answer = _answer((message.width, message.height))
        answer.header = message.header
        answer.points[0].u, answer.points[0].v = (float(value) for value in points.xy[0])
        publisher.publish(answer)

    queue = QoSProfile(depth=10, reliability=QoSReliabilityPolicy.BEST_EFFORT)
    node.create_subscription(Image, "image", point, queue)
    return node


def _answer(size: tuple[int, int]) -> PointedPixels:
    """An answer with one point in the middle of an image of that size."""
    from molmo_act_interfaces.msg import PointedPixel, PointedPixels, PointedQuery

    width, height = size
    point = PointedPixel(u=width / 2, v=height / 2, object_id=1, query_id=1, label="middle", visible=True)
    return PointedPixels(width=width, height=height, queries=[PointedQuery(query="middle")], points=[point])


if __name__ == "__main__":
    sys.exit(main())
