"""A camera process: publishes what the lines of JSON on its stdin ask for, and answers each with a line,
after a first one that says it is ready. Ends with its stdin, or by SIGINT.

A line holds: spots {colour: [x, y]}, count, rate, encoding (of Image, or jpeg or png), fault (one of FAULTS),
and at, the seconds of the first stamp (the time of the clock without it).
The answer holds the stamps [[sec, nanosec], …] of what was published.
"""

from __future__ import annotations

import array
import contextlib
import io
import json
import sys
import time

import frames
import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from PIL import Image as PillowImage
from rclpy.node import Node
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

LAYOUTS = {
    "rgb8": lambda rgb: rgb,
    "bgr8": lambda rgb: rgb[..., ::-1],
    "rgba8": lambda rgb: np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)]),
    "bgra8": lambda rgb: np.dstack([rgb[..., ::-1], np.full(rgb.shape[:2], 255, np.uint8)]),
    "mono8": lambda rgb: rgb[..., :1],
    "mono16": lambda rgb: rgb[..., :1].astype("<u2") << 4,  # a sensor of 12 bits
}


def wrong_step(message: Image) -> None:
    message.step = 5


def wrong_encoding(message: Image) -> None:
    message.encoding = "nv16"


def empty_data(message: Image | CompressedImage) -> None:
    message.data = array.array("B")


def short_data(message: Image | CompressedImage) -> None:
    message.data = message.data[: len(message.data) // 2]


def no_end_marker(message: CompressedImage) -> None:
    assert bytes(message.data[-2:]) == b"\xff\xd9"
    message.data = message.data[:-2]


def zero_stamp(message: Image | CompressedImage) -> None:
    message.header.stamp = Time()


def early_stamp(message: Image | CompressedImage) -> None:
    message.header.stamp = Time(sec=1)


def negative_stamp(message: Image | CompressedImage) -> None:
    message.header.stamp = Time(sec=-5)


def same_stamp(message: Image | CompressedImage) -> None:
    """The same for every such image, an hour from now by the clock of the first one."""
    global _SAME
    if _SAME is None:
        _SAME = Time(sec=message.header.stamp.sec + 3600)
    message.header.stamp = _SAME


_SAME: Time | None = None
FAULTS = {
    fault.__name__: fault
    for fault in (
        *(wrong_step, wrong_encoding, empty_data, short_data, no_end_marker),
        *(zero_stamp, early_stamp, negative_stamp, same_stamp),
    )
}


class Camera(Node):
    def __init__(self) -> None:
        super().__init__("camera")
        newest = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
        self.raw = self.create_publisher(Image, "image", newest)
        self.compressed = self.create_publisher(CompressedImage, "image/compressed", newest)

    def time(self) -> rclpy.time.Time:
        """By the node's clock; a simulated one has to be heard first."""
        rclpy.spin_once(self, timeout_sec=0.0)
        while not self.get_clock().now().nanoseconds:
            rclpy.spin_once(self, timeout_sec=0.02)
        return self.get_clock().now()

    def publish(self, rgb: np.ndarray, encoding: str, fault: str | None, at: float | None) -> list[int]:
        raw = encoding in LAYOUTS
        publisher = self.raw if raw else self.compressed
        while not publisher.get_subscription_count():
            time.sleep(0.02)
        message = image_message(rgb, encoding) if raw else file_message(rgb, encoding)
        message.header.frame_id = "camera_optical_frame"
        message.header.stamp = (self.time() if at is None else rclpy.time.Time(seconds=at)).to_msg()
        if fault:
            FAULTS[fault](message)
        publisher.publish(message)
        return [message.header.stamp.sec, message.header.stamp.nanosec]


def image_message(rgb: np.ndarray, encoding: str) -> Image:
    pixels = np.ascontiguousarray(LAYOUTS[encoding](rgb))
    message = Image(height=pixels.shape[0], width=pixels.shape[1], encoding=encoding)
    message.step = pixels.nbytes // len(pixels)
    message.data = array.array("B", pixels.tobytes())
    return message


def file_message(rgb: np.ndarray, encoding: str) -> CompressedImage:
    file = io.BytesIO()
    PillowImage.fromarray(rgb).save(file, encoding)
    return CompressedImage(format=encoding, data=array.array("B", file.getvalue()))


def main() -> None:
    rclpy.init()
    camera = Camera()
    print(json.dumps({"stamps": []}), flush=True)  # ready
    number = 0
    for line in sys.stdin:
        order = {"count": 1, "rate": 30.0, "encoding": "rgb8", "spots": {}, "fault": None, "at": None}
        order |= json.loads(line)
        stamps = []
        due = time.monotonic()
        for index in range(order["count"]):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / order["rate"]
            number += 1
            rgb = frames.draw(order["spots"], number)
            at = None if order["at"] is None else order["at"] + index / order["rate"]
            stamps.append(camera.publish(rgb, order["encoding"], order["fault"], at))
        print(json.dumps({"stamps": stamps}), flush=True)
    rclpy.try_shutdown()  # a signal may have done so already


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
