"""The program molmo-act-point-node; knows its words on the command line, and not what the node does.

The node itself is in ``pointing.py``: it can only be imported where rclpy is installed, and this file must
be able to say so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ros_nodes.program import run

if TYPE_CHECKING:
    from ros_nodes.pointing import PointNode


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the node.

    Args:
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code: 0 after SIGINT or SIGTERM, 2 when the node could not be started.
    """
    parser = argparse.ArgumentParser(
        prog="molmo-act-point-node",
        usage="%(prog)s [-h] [--ros-args -r image:=TOPIC -p query:=WORDS ...]",
        description="Points at what 'query' names in the newest picture of topic 'image' or "
        "'image/compressed' and publishes 'points', 'best_point' and, while somebody listens, 'overlay'.",
        epilog="example: molmo-act-point-node --ros-args -r image:=/camera/image_raw -p query:='the red mug'",
    )
    return run(parser, _make_node, argv)


def _make_node(options: argparse.Namespace) -> PointNode:
    from ros_nodes.pointing import PointNode

    return PointNode()


if __name__ == "__main__":
    sys.exit(main())
