"""Starts the point node and the deproject node. Only what is given is passed on.

ros2 launch molmo_act_ros point_3d.launch.py image:=/camera/color/image_raw query:="the red mug" \
    depth:=/camera/aligned_depth_to_color/image_raw camera_info:=/camera/color/camera_info
"""

from __future__ import annotations

import os

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

TOPICS = ("depth", "camera_info", "points_3d", "best_point_3d")
SHARE = get_package_share_directory("molmo_act_ros")


def start_deproject_node(context: LaunchContext) -> list[LifecycleNode]:
    """The node with the arguments that were given."""

    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    profile = os.path.join(SHARE, "fastdds_shm.xml")
    shared_memory = {"FASTRTPS_DEFAULT_PROFILES_FILE": profile} if given("shared_memory") == "true" else {}
    node = LifecycleNode(
        package="molmo_act_ros",
        executable="deproject_node",
        name="deproject_node",
        namespace=given("namespace"),
        parameters=[given("deproject_params")] if given("deproject_params") else [],
        remappings=[(name, given(name)) for name in TOPICS if given(name)],
        additional_env=shared_memory,
        output="screen",
    )
    return [node]


def generate_launch_description() -> LaunchDescription:
    """The point node's launch file with all its arguments, and the deproject node."""
    point = PythonLaunchDescriptionSource(os.path.join(SHARE, "launch", "point.launch.py"))
    arguments = [
        DeclareLaunchArgument(name, default_value="", description="Topic to use instead.") for name in TOPICS
    ]
    arguments.append(
        DeclareLaunchArgument(
            "deproject_params", default_value="", description="File of parameters of the deproject node."
        )
    )
    return LaunchDescription(
        [*arguments, IncludeLaunchDescription(point), OpaqueFunction(function=start_deproject_node)]
    )
