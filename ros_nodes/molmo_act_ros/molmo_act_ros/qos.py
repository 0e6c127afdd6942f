"""QoS profiles of the nodes' topics, and what to log about partners that do not match them."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSLivelinessPolicy,
    QoSPolicyKind,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

NEWEST_FRAME = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
FRAMES = QoSProfile(depth=10, reliability=QoSReliabilityPolicy.BEST_EFFORT)
QUERIES = QoSProfile(depth=1)
RESULTS = QoSProfile(depth=10)
OVERLAYS = QoSProfile(depth=1)

_SUBSCRIBER_FIX = {
    "DURABILITY": "request durability VOLATILE (ros2 topic echo --qos-durability volatile)",
    "DEADLINE": "request no deadline",
    "LIVELINESS": "request liveliness AUTOMATIC",
}
_UNKNOWN_NODE = "_NODE_NAME_UNKNOWN_"  # of rmw, before the name has been told
_SHARED_MIB = 128  # shared memory for a few processes with the profile
_USUAL_FIX = "use the profile that README.md names for this topic"
_INFINITE_NS = 2**63 - 1  # what DDS has for "no deadline"; 0 means the same
_PUBLISHER_FIX = {
    "RELIABILITY": "offer reliability RELIABLE (ros2 topic pub --qos-reliability reliable)",
    "DEADLINE": "offer any deadline",
}


def overridable() -> QoSOverridingOptions:
    """Which policies of a topic may be changed by parameters, such as to receive a latched query.

    Returns:
        What rclpy takes as ``qos_overriding_options``.
    """
    kinds = (QoSPolicyKind.HISTORY, QoSPolicyKind.DEPTH, QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY)
    return QoSOverridingOptions(kinds)


def mismatch_of_subscriber(topic: str, offered: QoSProfile, requested: QoSProfile) -> str | None:
    """Says why a subscriber receives nothing from this node.

    Args:
        topic: Name before remapping.
        offered: Profile of this node's publisher.
        requested: Profile of the subscriber.

    Returns:
        One line: which policy does not match, and what the subscriber must request; None when they match.
    """
    policy = _incompatible_policy(offered, requested)
    if policy is None:
        return None
    return (
        f"A subscriber of '{topic}' gets nothing: its {policy.lower()} is not what this node offers. "
        f"Let it {_SUBSCRIBER_FIX.get(policy, _USUAL_FIX)}."
    )


def mismatch_of_publisher(topic: str, offered: QoSProfile, requested: QoSProfile) -> str | None:
    """Says why a publisher is not received by this node.

    Args:
        topic: Name before remapping.
        offered: Profile of the publisher.
        requested: Profile of this node's subscription.

    Returns:
        One line, as of `mismatch_of_subscriber`; None when they match.
    """
    policy = _incompatible_policy(offered, requested)
    if policy is None:
        return None
    return (
        f"A publisher of '{topic}' is not heard: its {policy.lower()} is less than this node asks for. "
        f"Let it {_PUBLISHER_FIX.get(policy, _USUAL_FIX)}."
    )


def mismatch_of_type(topic: str, name: str, sent: str, expected: str) -> str | None:
    """Says why messages of another type are not received.

    Args:
        topic: Name before remapping.
        name: Name after remapping.
        sent: Type of the publisher, such as "sensor_msgs/msg/Image".
        expected: Type of this node's subscription.

    Returns:
        One line; None when they are the same.
    """
    if sent == expected:
        return None
    return (
        f"'{name}' brings {sent}, but '{topic}' takes {expected}: nothing is received. Remap another topic "
        "of this node to it, or another topic to this one."
    )


def namesakes(topic: str, nodes: Sequence[tuple[str, str]]) -> str | None:
    """Says that publishers of a topic cannot be told apart.

    Args:
        topic: Name before remapping.
        nodes: Namespace and name of the node of each publisher.

    Returns:
        One line; None where all names differ, as far as they are known.
    """
    names = Counter(f"{space.rstrip('/')}/{name}" for space, name in nodes if name != _UNKNOWN_NODE)
    shared = {name: count for name, count in names.items() if count > 1}
    if not shared:
        return None
    told = ", ".join(f"'{name}' ({count} times)" for name, count in shared.items())
    return (
        f"Publishers of '{topic}' have one name of a node: {told}. Whose a message is cannot be told, and "
        "objects of both are mixed. Give every node a name of its own (-r __node:=another_name). A node that "
        "was killed is listed for up to 20 s more."
    )


def silence_text(topic: str, names: Sequence[str], *, published: bool, silent: float | None = None) -> str:
    """Says what to do while no message comes on any of a few topics.

    Args:
        topic: One of them, before remapping.
        names: All of them, after remapping.
        published: Whether there is a publisher on one of them.
        silent: Seconds since the last message; None where none has come yet.

    Returns:
        One line for the log.
    """
    where = " or ".join(f"'{name}'" for name in names)
    if silent is not None:
        who = "though somebody publishes there" if published else "and nobody publishes there any more"
        return f"Nothing has come on {where} for {silent:.0f} s, {who}. Is its publisher alive and sending?"
    if published:
        return (
            f"Nothing has come on {where} yet, though somebody publishes there. Is it sending? Large "
            f"images need another transport than the default: {_transport_hint()}."
        )
    return (
        f"Nothing has come on {where} yet, and nobody publishes there. Start a publisher, or remap the "
        f"topic: --ros-args -r {topic}:=/its/topic, or {topic}:=/its/topic of the launch file."
    )


def shared_memory_problem(shared: Path = Path("/dev/shm")) -> str | None:
    """Says that shared memory is too small for the transport profile, if one is used.

    Args:
        shared: Where shared memory is.

    Returns:
        One line; None where there is no problem, or where it cannot be known.
    """
    if not _profile().endswith("fastdds_shm.xml") or not shared.is_dir():
        return None
    mib = shutil.disk_usage(shared).total // 2**20
    if mib >= _SHARED_MIB:
        return None
    return (
        f"{shared} has {mib} MiB, of which each process with fastdds_shm.xml takes 16 MiB: images may not "
        f"get through. Give a container more, such as docker run --shm-size={_SHARED_MIB}m, or --ipc=host."
    )


def _profile() -> str:
    """The file of profiles that this process uses; empty without one."""
    names = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
    return next(filter(None, map(os.environ.get, names)), "")


def _transport_hint() -> str:
    """What to do about the transport, which the publisher's process has to have, too."""
    if _profile().endswith("fastdds_udp.xml"):
        return (
            "this node uses fastdds_udp.xml, with which large images may be lost where buffers are small: "
            "sysctl -w net.core.rmem_max=16777216"
        )
    if _profile():
        return "this node uses a profile already; does the publisher's process, and is /dev/shm large enough"
    return "see README.md"


def _incompatible_policy(offered: QoSProfile, requested: QoSProfile) -> str | None:
    """Name of the first policy of which less is offered than requested."""
    best_effort = offered.reliability == QoSReliabilityPolicy.BEST_EFFORT
    if best_effort and requested.reliability == QoSReliabilityPolicy.RELIABLE:
        return "RELIABILITY"
    volatile = offered.durability == QoSDurabilityPolicy.VOLATILE
    if volatile and requested.durability == QoSDurabilityPolicy.TRANSIENT_LOCAL:
        return "DURABILITY"
    if 0 < requested.deadline.nanoseconds < (offered.deadline.nanoseconds or _INFINITE_NS):
        return "DEADLINE"
    by_topic = QoSLivelinessPolicy.MANUAL_BY_TOPIC
    if requested.liveliness == by_topic and offered.liveliness != by_topic:
        return "LIVELINESS"
    return None
