"""Starts the point node. Only what is given is passed on: the defaults are the node's own.

ros2 launch molmo_act_ros point.launch.py image:=/camera/image_raw query:="the red mug"
"""

from __future__ import annotations

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

# None: an array, such as "[front, left]"; launch reads it as YAML.
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
TOPICS = ("image", "image/compressed", "query_topic", "points", "best_point", "overlay_topic")


def start_node(context: LaunchContext) -> list[LifecycleNode]:
    """The node with the arguments that were given."""

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in PARAMETERS.items()
        if given(name)
    }
    remappings = [(name.removesuffix("_topic"), given(name)) for name in TOPICS if given(name)]
    profile = os.path.join(get_package_share_directory("molmo_act_ros"), "fastdds_shm.xml")
    shared_memory = {"FASTRTPS_DEFAULT_PROFILES_FILE": profile} if given("shared_memory") == "true" else {}
    node = LifecycleNode(
        package="molmo_act_ros",
        executable="point_node",
        name="point_node",
        namespace=given("namespace"),
        parameters=[parameters],
        remappings=remappings,
        additional_env=shared_memory,
        output="screen",
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    """Arguments are the node's parameters, its topics (remapped when given), and three of launch's own."""
    arguments = [
        *(
            DeclareLaunchArgument(name, default_value="", description=f"Parameter {name}.")
            for name in PARAMETERS
        ),
        *(
            DeclareLaunchArgument(name, default_value="", description="Topic to use instead.")
            for name in TOPICS
        ),
        DeclareLaunchArgument("namespace", default_value="", description="Namespace of the node."),
        DeclareLaunchArgument(
            "shared_memory",
            default_value="false",
            choices=["true", "false"],
            description="Use fastdds_shm.xml; the camera's process must use it too.",
        ),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=start_node)])
