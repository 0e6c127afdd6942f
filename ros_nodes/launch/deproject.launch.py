"""Starts the deproject node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros deproject.launch.py camera_info:=/camera/color/camera_info \
    depth:=/camera/aligned_depth_to_color/image_raw
"""

from __future__ import annotations

from launch import LaunchDescription

from ros_nodes.launching import describe

PARAMETERS = {
    "radius": int,
    "min_depth": float,
    "max_depth": float,
    "edge": float,
    "slop": float,
    "keep": float,
    "pixel_deviation": float,
    "rectified": bool,
    "target_frame": str,
    "autostart": bool,
}
TOPICS = ("pointed_pixels", "depth", "camera_info", "points_3d", "best_point_3d")


def generate_launch_description() -> LaunchDescription:
    """The node with its arguments."""
    return describe("deproject_node", PARAMETERS, TOPICS)
