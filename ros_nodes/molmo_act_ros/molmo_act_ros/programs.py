"""The command-line programs of the nodes.

A node's module is imported only once the program runs, so that a missing rclpy is one line of error text.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rclpy.node import Node


@dataclass(frozen=True)
class Program:
    """The command line of one node; calling it runs the node.

    Attributes:
        command: Name of the program.
        make_node: Creates the node, after rclpy has been initialised.
        arguments: The most useful ROS arguments, for the usage line.
        description: What the node does, with its topics.
        example: ROS arguments of an example.
    """

    command: str
    make_node: Callable[[], Node]
    arguments: str
    description: str
    example: str

    def __call__(self, argv: Sequence[str] | None = None) -> int:
        """Runs the node until SIGINT or SIGTERM.

        Args:
            argv: Program name and arguments; ``sys.argv`` by default.

        Returns:
            Exit code: 0 after a signal, 2 when the node could not be started.
        """
        try:
            from molmo_act.cli._writing import Parser
            from molmo_act_ros.runner import run
        except ModuleNotFoundError as error:
            return _say_what_is_missing(self.command, error)
        parser = Parser(
            prog=self.command,
            usage=f"%(prog)s [-h] [--ros-args {self.arguments} ...]",
            description=self.description,
            epilog=f"example: {self.command} --ros-args {self.example}",
        )
        return run(parser, lambda options: self.make_node(), argv)


def bag(argv: Sequence[str] | None = None) -> int:
    """Runs molmo-act-bag, see `molmo_act_ros.bag.main`.

    Args:
        argv: Program name and arguments; ``sys.argv`` by default.

    Returns:
        Exit code.
    """
    try:
        from molmo_act_ros import bag as tool
    except ModuleNotFoundError as error:
        return _say_what_is_missing("molmo-act-bag", error)
    return tool.main(argv)


def _say_what_is_missing(command: str, error: ModuleNotFoundError) -> int:
    """Says in one line that the library is not there, as in a workspace that was built without it."""
    if (error.name or "").partition(".")[0] != "molmo_act":
        raise error
    print(
        f"{command}: the library molmo_act is not installed for {sys.executable}. Install it from the "
        f"checkout: {sys.executable} -m pip install <checkout>.",
        file=sys.stderr,
    )
    return 2


def _make_point_node() -> Node:
    from molmo_act_ros.point_node import PointNode

    return PointNode()


def _make_track_node() -> Node:
    from molmo_act_ros.track_node import TrackNode

    return TrackNode()


def _make_deproject_node() -> Node:
    from molmo_act_ros.deproject_node import DeprojectNode

    return DeprojectNode()


point_node = Program(
    command="molmo-act-point-node",
    make_node=_make_point_node,
    arguments="-r image:=TOPIC -p query:=WORDS",
    description="Points at what 'query' names in the newest image of topic 'image' or 'image/compressed' and "
    "publishes 'pointed_pixels' and, while somebody listens, 'overlay'.",
    example="-r image:=/camera/image_raw -p query:='the red mug'",
)
track_node = Program(
    command="molmo-act-track-node",
    make_node=_make_track_node,
    arguments="-r image:=TOPIC -p query:=WORDS",
    description="Follows what 'query' names in the images of topic 'image' or 'image/compressed' and "
    "publishes 'tracked_pixels' at the rate of the camera and, while somebody listens, 'overlay'.",
    example="-r image:=/camera/image_raw -p query:='the red mug'",
)
deproject_node = Program(
    command="molmo-act-deproject-node",
    make_node=_make_deproject_node,
    arguments="-r depth:=TOPIC -r camera_info:=TOPIC",
    description="Turns 'pointed_pixels' into 'points_3d' and 'best_point_3d' with aligned 'depth' and "
    "'camera_info'.",
    example="-r depth:=/camera/aligned_depth_to_color/image_raw -r camera_info:=/camera/color/camera_info",
)
PROGRAMS = {"point_node": point_node, "track_node": track_node, "deproject_node": deproject_node}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``python -m molmo_act_ros NODE …``, for a checkout whose programs are not installed.

    Args:
        argv: Program name, name of the node and its arguments; ``sys.argv`` by default.

    Returns:
        Exit code: that of the node, 0 for help, 2 for an unknown name.
    """
    _, *arguments = sys.argv if argv is None else argv
    if arguments and arguments[0] in PROGRAMS:
        return PROGRAMS[arguments[0]](arguments)
    usage = f"usage: python -m molmo_act_ros {{{','.join(PROGRAMS)}}} [-h] [--ros-args ...]"
    if arguments and arguments[0] in ("-h", "--help"):
        print(usage)
        return 0
    print(usage, file=sys.stderr)
    return 2
