"""What the launch files share: a node with the arguments that were given, and nothing else passed on."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = "molmo_act_ros"


def describe(
    executable: str, parameters: Mapping[str, type | None], topics: Sequence[str]
) -> LaunchDescription:
    """A launch description of one node.

    Its arguments are the node's parameters, a file of them (``params``), its topics, which are remapped when
    given, ``namespace``, and ``shared_memory``.

    Args:
        executable: The node's program, which is its name, too.
        parameters: Kinds of the parameters; None for an array, such as "[front, left]", which is read as
            YAML.
        topics: Their names; one that is also a parameter ends in "_topic" here.
    """
    empty = [*parameters, *topics, "params", "namespace"]
    arguments = [DeclareLaunchArgument(name, default_value="") for name in empty]
    switch = DeclareLaunchArgument(
        "shared_memory",
        default_value="false",
        choices=["true", "false"],
        description="Use fastdds_shm.xml; the camera's process must use it too.",
    )

    def start(context: LaunchContext) -> list[LifecycleNode]:
        return [_node(context, executable, parameters, topics)]

    return LaunchDescription([*arguments, switch, OpaqueFunction(function=start)])


def include(*files: str) -> LaunchDescription:
    """A launch description of several launch files of this package, with all their arguments."""
    folder = os.path.join(get_package_share_directory(PACKAGE), "launch")
    sources = [PythonLaunchDescriptionSource(os.path.join(folder, file)) for file in files]
    return LaunchDescription([IncludeLaunchDescription(source) for source in sources])


def _node(
    context: LaunchContext, executable: str, parameters: Mapping[str, type | None], topics: Sequence[str]
) -> LifecycleNode:
    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    values = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in parameters.items()
        if given(name)
    }
    profile = os.path.join(get_package_share_directory(PACKAGE), "fastdds_shm.xml")
    return LifecycleNode(
        package=PACKAGE,
        executable=executable,
        name=executable,
        namespace=given("namespace"),
        parameters=[*([given("params")] if given("params") else []), values],
        remappings=[(name.removesuffix("_topic"), given(name)) for name in topics if given(name)],
        additional_env={"FASTRTPS_DEFAULT_PROFILES_FILE": profile}
        if given("shared_memory") == "true"
        else {},
        output="screen",
    )
