"""Publishes generated camera images on a ROS 2 topic at a steady rate; needs no camera.

    python examples/ros_camera.py photo.jpg --rate 10
    python examples/ros_camera.py rendered_frames/ --compressed --ros-args -r __ns:=/front
    python examples/ros_camera.py        # a red, a green and a blue disc that wander over a grey table

A folder is played in the order of its file names, again and again. Images are only taken while somebody
subscribes, so none of a short --count is lost before the others have started.
"""

from __future__ import annotations

import argparse
import array
import io
import itertools
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from molmo_act_ros.runner import run
from PIL import Image as PillowImage
from PIL import ImageDraw

from molmo_act.errors import ImageError
from molmo_act.io.image import load_image

if TYPE_CHECKING:
    from rclpy.node import Node

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def main() -> int:
    """Runs the camera until a signal, or for --count images; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("source", nargs="?", type=Path, help="image or folder; made-up discs when left out")
    parser.add_argument("--rate", type=_positive, default=10.0, help="images per second (default 10)")
    parser.add_argument("--count", type=int, default=0, help="stop after so many images; 0 goes on (default)")
    parser.add_argument("--frame-id", default="camera_optical_frame", help="coordinate frame in the header")
    parser.add_argument(
        "--compressed", action="store_true", help="JPEG on image/compressed, not rgb8 on image"
    )
    return run(parser, make_camera)


def make_camera(options: argparse.Namespace) -> Node:
    """The camera's node: one publisher, one timer."""
    import rclpy
    from molmo_act_ros.conversions.images import rgb_to_image
    from rclpy.qos import qos_profile_sensor_data
    from sensor_msgs.msg import CompressedImage, Image
    from std_msgs.msg import Header

    images = play(options.source) if options.source else wandering_discs()
    images = itertools.islice(images, options.count or None)
    node = rclpy.create_node("camera")
    kind, topic = (CompressedImage, "image/compressed") if options.compressed else (Image, "image")
    publisher = node.create_publisher(kind, topic, qos_profile_sensor_data)

    def take() -> None:
        if not publisher.get_subscription_count():
            return
        rgb = next(images, None)
        if rgb is None:
            raise SystemExit(0)
        header = Header(stamp=node.get_clock().now().to_msg(), frame_id=options.frame_id)
        if options.compressed:
            publisher.publish(CompressedImage(header=header, format="jpeg", data=jpeg(rgb)))
        else:
            publisher.publish(rgb_to_image(rgb, header))

    node.create_timer(1 / options.rate, take)
    return node


def play(source: Path) -> Iterator[np.ndarray]:
    """The image, or the images of the folder, for ever; uint8 RGB (height, width, 3)."""
    files = [source]
    if source.is_dir():
        files = sorted(file for file in source.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise ImageError(
            f"Folder {source} holds no image; expected files named {', '.join(sorted(SUFFIXES))}."
        )
    if len(files) == 1:
        return itertools.repeat(load_image(files[0]))
    return (load_image(file) for file in itertools.cycle(files))


def wandering_discs(width: int = 640, height: int = 480) -> Iterator[np.ndarray]:
    """Images of a red, a green and a blue disc that go round on a grey table, each at its own pace."""
    for number in itertools.count():
        image = PillowImage.new("RGB", (width, height), (150, 150, 150))
        draw = ImageDraw.Draw(image)
        for place, colour in enumerate([(210, 40, 40), (40, 160, 60), (50, 80, 210)]):
            angle = 2 * math.pi * (place / 3 + number / (100 + 50 * place))
            x, y = width * (0.5 + 0.35 * math.cos(angle)), height * (0.5 + 0.3 * math.sin(angle))
            draw.ellipse([x - 45, y - 45, x + 45, y + 45], fill=colour)
        yield np.asarray(image)


def jpeg(rgb: np.ndarray) -> array.array:
    """The image as a JPEG file, in the container that rclpy takes over as it is."""
    file = io.BytesIO()
    PillowImage.fromarray(rgb).save(file, "JPEG", quality=90)
    return array.array("B", file.getvalue())


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number of images per second above 0")
    return value


if __name__ == "__main__":
    sys.exit(main())
