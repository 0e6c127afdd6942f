"""Starts the deproject node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros deproject.launch.py camera_info:=/camera/color/camera_info \
    depth:=/camera/aligned_depth_to_color/image_raw
"""

from __future__ import annotations

from launch import LaunchDescription
from molmo_act_ros.launch_common import launch_node

TOPICS = (
    *("pointed_pixels", "depth", "depth/compressedDepth", "camera_info"),
    *("points_3d", "best_point_3d"),
)


def generate_launch_description() -> LaunchDescription:
    """Describes the launch of the node.

    Returns:
        The launch description, with the node's parameters and topics as arguments.
    """
    return launch_node("deproject_node", TOPICS)
