"""Saves one image with points drawn on it, from topic overlay of a running molmo-act-point-node.

    python examples/ros_save_overlay.py overlay.png

Exit code 0 when it was saved, 1 when none came before --timeout.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from molmo_act_ros.runner import run
from PIL import Image as PillowImage

if TYPE_CHECKING:
    from rclpy.node import Node
    from sensor_msgs.msg import Image


def main() -> int:
    """Subscribes until an image has come; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("out", type=Path, help="where to save it, such as overlay.png")
    parser.add_argument("--timeout", type=float, default=60.0, help="give up after so many seconds")
    return run(parser, make_saver)


def make_saver(options: argparse.Namespace) -> Node:
    """The subscriber's node."""
    import rclpy
    from molmo_act_ros.conversions.images import image_to_rgb
    from sensor_msgs.msg import Image

    node = rclpy.create_node("save_overlay")

    def save(message: Image) -> None:
        PillowImage.fromarray(image_to_rgb(message)).save(options.out)
        raise SystemExit(0)

    def give_up() -> None:
        print(f"no overlay came in {options.timeout:g} s", file=sys.stderr)
        raise SystemExit(1)

    node.create_subscription(Image, "overlay", save, 1)
    node.create_timer(options.timeout, give_up)
    return node


if __name__ == "__main__":
    sys.exit(main())
