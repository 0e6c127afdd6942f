"""Starts the track node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros track.launch.py image:=/camera/image_raw query:="the red mug"
"""

from __future__ import annotations

from launch import LaunchDescription
from molmo_act_ros.launch_common import launch_node

TOPICS = (
    *("image", "image/compressed", "tracked_query"),
    *(
        "tracked_pixels",
        "tracked_points_3d",
        "tracked_annotations",
        "tracked_overlay",
        "tracked_masks",
        "tracked_label_info",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Describes the launch of the node.

    Returns:
        The launch description, with the node's parameters and topics as arguments.
    """
    return launch_node("track_node", TOPICS)
