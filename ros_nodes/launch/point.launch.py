"""Starts the point node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros point.launch.py image:=/camera/image_raw query:="the red mug"
"""

from __future__ import annotations

from launch import LaunchDescription

from ros_nodes.launching import describe

PARAMETERS = {
    "query": str,
    "queries": None,
    "min_score": float,
    "max_points": int,
    "rate": float,
    "overlay": bool,
    "model": str,
    "device": str,
    "backend": str,
    "cameras": None,
    "autostart": bool,
}
TOPICS = (
    *("image", "image/compressed", "query_topic"),
    *("pointed_pixels", "detections", "points", "best_point", "overlay_topic"),
)


def generate_launch_description() -> LaunchDescription:
    """The node with its arguments."""
    return describe("point_node", PARAMETERS, TOPICS)
