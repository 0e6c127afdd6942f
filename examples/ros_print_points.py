"""Prints the points of a running molmo-act-point-node: pixel and score of each, image by image.

    python examples/ros_print_points.py --query "the red mug" --count 5

Exit code 0 after --count images with points (or a signal), 1 when --timeout passed before.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from molmo_act_ros.interfaces import MISSING, find_interfaces
from molmo_act_ros.runner import run

from molmo_act.errors import PlatformError

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPixels
    from rclpy.node import Node


def main() -> int:
    """Subscribes until a signal, --count or --timeout; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--query", help="what to point at: published on topic query once the node listens")
    parser.add_argument(
        "--count", type=int, default=0, help="stop after so many images with points; 0 goes on"
    )
    parser.add_argument(
        "--timeout", type=float, default=0.0, help="give up after so many seconds; 0 never does"
    )
    return run(parser, make_printer)


def make_printer(options: argparse.Namespace) -> Node:
    """The subscriber's node."""
    import rclpy
    from std_msgs.msg import String

    messages = find_interfaces("molmo_act_interfaces.msg")
    if messages is None:
        raise PlatformError(f"Points cannot be received: {MISSING}")

    node = rclpy.create_node("print_points")
    seen = 0

    def show(pixels: PointedPixels) -> None:
        nonlocal seen
        print(describe(pixels), flush=True)
        seen += bool(pixels.points)
        if options.count and seen >= options.count:
            raise SystemExit(0)

    def give_up() -> None:
        print(f"only {seen} images with points in {options.timeout:g} s", file=sys.stderr)
        raise SystemExit(1)

    node.create_subscription(messages.PointedPixels, "pointed_pixels", show, 10)
    if options.timeout:
        node.create_timer(options.timeout, give_up)
    if options.query:
        queries = node.create_publisher(String, "query", 1)

        def ask() -> None:
            if queries.get_subscription_count():
                queries.publish(String(data=options.query))
                asking.cancel()

        asking = node.create_timer(0.1, ask)
    return node


def describe(pixels: PointedPixels) -> str:
    """One line: when and where the image was taken, and the points in it."""
    stamp = pixels.header.stamp
    points = [
        f"{point.label} #{point.object_id} at ({point.u:.1f}, {point.v:.1f}) score {point.score:.2f}"
        for point in pixels.points
    ]
    where = f"{pixels.header.frame_id} {stamp.sec}.{stamp.nanosec // 1_000_000:03}"
    return f"{where}: {'; '.join(points) or 'nothing found'}"


if __name__ == "__main__":
    sys.exit(main())
