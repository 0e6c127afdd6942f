"""Launch descriptions of the nodes: parameters and topics are arguments; the given ones are passed on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import get_package_share_directory
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode
from launch_ros.parameter_descriptions import ParameterValue

try:
    from molmo_act_ros.deproject_parameters import DeprojectParameters
    from molmo_act_ros.parameters import (
        PointParameters,
        PointSetup,
        TrackParameters,
        TrackSetup,
    )
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "molmo_act":
        raise
    raise RuntimeError(
        "The nodes need the library molmo_act, which is not installed for the Python of this ROS. Install it "
        "from the checkout: pip install <checkout>."
    ) from None

PACKAGE = "molmo_act_ros"
PARAMETERS: dict[str, tuple[type, ...]] = {
    "point_node": (PointSetup, PointParameters),
    "track_node": (TrackSetup, TrackParameters),
    "deproject_node": (DeprojectParameters,),
}
"""Dataclasses of the parameters by node; their defaults stay those of the node."""
TRANSPORTS = {
    name: str(Path(__file__).parent / f"fastdds_{file}.xml")
    for name, file in (("udp", "udp"), ("shared_memory", "shm"))
}
"""Profiles of Fast DDS by value of the argument ``transport``."""

_ARRAY = tuple  # of words, given as YAML
_EXPECTED = {
    str: "words",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    _ARRAY: "a list, such as {name}:='[a, b]'",
}


def launch_node(executable: str, topics: Sequence[str]) -> LaunchDescription:
    """Describes the launch of one node, or of one for each camera where the node serves only one.

    Its arguments are the node's parameters, a file of them (``params``), its topics, which are remapped when
    given, ``namespace``, ``use_sim_time``, ``log_level`` and ``transport``.

    Args:
        executable: The node's program, which is its name, too.
        topics: Names of the topics; one that is also a parameter ends in "_topic" here.

    Returns:
        The launch description.
    """
    kinds = _kinds(executable)
    arguments = [_argument(name, description) for name, (_, description) in kinds.items()]
    arguments += [
        _argument(name, f"Topic that '{name.removesuffix('_topic')}' is remapped to.") for name in topics
    ]
    arguments += [_argument(name, description) for name, description in _USUAL.items() if name not in kinds]
    switch = DeclareLaunchArgument(
        "transport",
        default_value="",
        choices=["", *TRANSPORTS],
        description="Receive and send by a profile of Fast DDS: udp for all cases, shared_memory for speed.",
    )

    def start(context: LaunchContext) -> list[LifecycleNode]:
        given = {name: LaunchConfiguration(name).perform(context) for name in (*kinds, *topics, *_USUAL)}
        given["transport"] = LaunchConfiguration("transport").perform(context)
        return _nodes(executable, given, topics)

    return LaunchDescription([*arguments, switch, OpaqueFunction(function=start)])


def include(*files: str) -> LaunchDescription:
    """Describes the launch of several launch files of this package, with all their arguments.

    Args:
        *files: Names of the files.

    Returns:
        The launch description.
    """
    folder = os.path.join(get_package_share_directory(PACKAGE), "launch")
    sources = [PythonLaunchDescriptionSource(os.path.join(folder, file)) for file in files]
    return LaunchDescription([IncludeLaunchDescription(source) for source in sources])


_USUAL = {
    "params": "File of parameters; those that are arguments come on top.",
    "namespace": "Namespace of the node and its topics.",
    "use_sim_time": "Use the simulated clock of /clock: true or false.",
    "log_level": "Least level that is logged: debug, info, warn, error or fatal.",
    "cameras": "Names that come before the topics of each camera, as a list: '[front, left]'.",
}


def _argument(name: str, description: str) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(name, default_value="", description=description)


def _kinds(executable: str) -> dict[str, tuple[type, str]]:
    """Type and description of each parameter."""
    found = {
        each.name: (type(each.default), each.metadata["description"])
        for kind in PARAMETERS[executable]
        for each in fields(kind)
    }
    return found | {"autostart": (bool, "Configure and activate on start; false leaves both to a manager.")}


def _nodes(executable: str, given: dict[str, str], topics: Sequence[str]) -> list[LifecycleNode]:
    kinds = _kinds(executable)
    for name, (kind, _) in kinds.items():
        if given[name]:
            _check(name, given[name], kind)
    cameras: list[str] = []
    if given["cameras"]:
        cameras = _check("cameras", given["cameras"], _ARRAY)
        remapped = sorted(name for name in topics if given[name] and name not in _OF_NO_CAMERA)
        if remapped:
            raise RuntimeError(
                f"{', '.join(remapped)} cannot be given with cameras: each has topics of its own, such as "
                f"{cameras[0]}/{remapped[0]}. Have the cameras publish there, or start one node for each."
            )
    if cameras and "cameras" not in kinds:  # a node for each, beside the topics of its camera
        spaces = [f"{given['namespace'].strip('/')}/{camera}".lstrip("/") for camera in cameras]
        return [_node(executable, given | {"namespace": space}, topics) for space in spaces]
    return [_node(executable, given, topics)]


_OF_NO_CAMERA = ("query_topic",)


def _node(executable: str, given: dict[str, str], topics: Sequence[str]) -> LifecycleNode:
    values = {
        name: ParameterValue(LaunchConfiguration(name), value_type=None if kind is _ARRAY else kind)
        for name, (kind, _) in _kinds(executable).items()
        if given[name]
    }
    if given["use_sim_time"]:
        values["use_sim_time"] = _check("use_sim_time", given["use_sim_time"], bool)
    transport = given["transport"]
    environment = {"FASTRTPS_DEFAULT_PROFILES_FILE": TRANSPORTS[transport]} if transport else {}
    return LifecycleNode(
        package=PACKAGE,
        executable=executable,
        name=executable,
        namespace=given["namespace"],
        parameters=[*([given["params"]] if given["params"] else []), values],
        remappings=[(name.removesuffix("_topic"), given[name]) for name in topics if given[name]],
        ros_arguments=["--log-level", given["log_level"]] if given["log_level"] else [],
        additional_env=environment,
        output="screen",
    )


def _check(name: str, text: str, kind: type) -> Any:
    """Reads the text of an argument; raises with its name where it is of another kind."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = None
    fits = {
        str: True,
        bool: isinstance(value, bool),
        int: isinstance(value, int) and not isinstance(value, bool),
        float: isinstance(value, (int, float)) and not isinstance(value, bool),
        _ARRAY: isinstance(value, list) and bool(value),
    }
    if not fits[kind]:
        raise RuntimeError(
            f"Launch argument {name} is {text!r}; expected {_EXPECTED[kind].format(name=name)}."
        )
    return value
