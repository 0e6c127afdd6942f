"""The program molmo-act-deproject-node; knows its words on the command line, and not what the node does.

The node itself is in ``deprojecting.py``: it can only be imported where rclpy is installed, and this file
must be able to say so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ros_nodes.program import run

if TYPE_CHECKING:
    from ros_nodes.deprojecting import DeprojectNode


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the node.

    Args:
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code: 0 after SIGINT or SIGTERM, 2 when the node could not be started.
    """
    parser = argparse.ArgumentParser(
        prog="molmo-act-deproject-node",
        usage="%(prog)s [-h] [--ros-args -r depth:=TOPIC -r camera_info:=TOPIC ...]",
        description="Turns 'pointed_pixels' into 'points_3d' and 'best_point_3d' with aligned 'depth' and "
        "'camera_info'.",
        epilog="example: molmo-act-deproject-node --ros-args "
        "-r depth:=/camera/aligned_depth_to_color/image_raw -r camera_info:=/camera/color/camera_info",
    )
    return run(parser, _make_node, argv)


def _make_node(options: argparse.Namespace) -> DeprojectNode:
    from ros_nodes.deprojecting import DeprojectNode

    return DeprojectNode()


if __name__ == "__main__":
    sys.exit(main())
