"""Checks of ROS 2."""

from __future__ import annotations

import time
from typing import Any


def rclpy() -> str:
    """Sends a message from one topic to itself, within this process."""
    import os

    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    import rclpy
    from rclpy.executors import SingleThreadedExecutor
    from std_msgs.msg import String

    heard: list[Any] = []
    context = rclpy.Context()
    rclpy.init(context=context)
    try:
        node = rclpy.create_node(f"molmo_act_doctor_{os.getpid()}", context=context)
        publisher = node.create_publisher(String, "~/check", 1)
        node.create_subscription(String, "~/check", heard.append, 1)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        began = time.monotonic()
        while not heard and time.monotonic() - began < 10:
            publisher.publish(String(data="heard"))
            executor.spin_once(timeout_sec=0.1)
        taken = time.monotonic() - began
    finally:
        rclpy.shutdown(context=context)
    if not heard:
        raise TimeoutError("a message to itself did not arrive within 10 s")
    return f"a message to itself arrived after {1000 * taken:.0f} ms"


def interfaces() -> str:
    """Writes one of the project's own messages as bytes and reads it back."""
    from molmo_act_interfaces.msg import PointedPixel, PointedPixels
    from rclpy.serialization import deserialize_message, serialize_message

    message = PointedPixels(query="the red mug", points=[PointedPixel(u=1.5, v=2.5)])
    back = deserialize_message(serialize_message(message), PointedPixels)
    if back != message:
        raise ValueError("PointedPixels came back changed")
    return "PointedPixels written and read back"
