"""Starts the point node and the deproject node, with the arguments of both launch files.

ros2 launch molmo_act_ros point_3d.launch.py image:=/camera/color/image_raw query:="the red mug" \
    depth:=/camera/aligned_depth_to_color/image_raw camera_info:=/camera/color/camera_info
"""

from __future__ import annotations

from launch import LaunchDescription
from molmo_act_ros.launch_common import include


def generate_launch_description() -> LaunchDescription:
    """Describes the launch of both nodes.

    Returns:
        The launch description, with the arguments of both launch files.
    """
    return include("point.launch.py", "deproject.launch.py")
