"""Starts the track node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros track.launch.py image:=/camera/image_raw query:="the red mug"
"""

from __future__ import annotations

from launch import LaunchDescription

from ros_nodes.launching import describe

PARAMETERS = {
    "query": str,
    "queries": None,
    "overlay": bool,
    "lost_after": float,
    "not_found_after": float,
    "rate": float,
    "memory": float,
    "min_score": float,
    "max_points": int,
    "model": str,
    "device": str,
    "backend": str,
    "autostart": bool,
}
TOPICS = ("image", "image/compressed", "query_topic", "tracked_pixels", "points_3d", "overlay_topic")


def generate_launch_description() -> LaunchDescription:
    """The node with its arguments."""
    return describe("track_node", PARAMETERS, TOPICS)
