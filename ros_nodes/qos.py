"""How topics of the nodes are delivered, and what to say to who asks otherwise; knows no node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.qos import QoSPolicyKind, QoSProfile, QoSReliabilityPolicy

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
_PUBLISHER_FIX = {
    "RELIABILITY": "offer reliability RELIABLE (ros2 topic pub --qos-reliability reliable)",
    "DEADLINE": "offer any deadline",
}


def told_subscribers(topic: str, warn: Callable[[str], None]) -> PublisherEventCallbacks:
    """For a publisher: warns of subscribers that will get nothing, and how they would."""
    problem = f"A subscriber of '{topic}' gets nothing: its {{}} is not what this node offers."
    return PublisherEventCallbacks(incompatible_qos=_teller(problem, _SUBSCRIBER_FIX, warn))


def told_publishers(topic: str, warn: Callable[[str], None]) -> SubscriptionEventCallbacks:
    """For a subscription: warns of publishers that are not heard, and how they would be."""
    problem = f"A publisher of '{topic}' is not heard: its {{}} is less than this node asks for."
    return SubscriptionEventCallbacks(incompatible_qos=_teller(problem, _PUBLISHER_FIX, warn))


def silence(topic: str, names: list[str], *, published: bool) -> str:
    """What to say while nothing comes on any of a few topics.

    Args:
        topic: One of them, as the node names it.
        names: What they are called after remapping.
        published: Whether anybody publishes there.
    """
    where = " or ".join(f"'{name}'" for name in names)
    if published:
        return (
            f"Nothing has come on {where} yet, though somebody publishes there. Is it sending? Large "
            "pictures need the shared-memory transport, see README.md."
        )
    return (
        f"Nothing has come on {where} yet, and nobody publishes there. Start what does, or name its topic: "
        f"--ros-args -r {topic}:=/its/topic."
    )


def _teller(problem: str, fixes: dict[str, str], warn: Callable[[str], None]) -> Callable[[Any], None]:
    """Tells of an incompatible policy; its name goes into the braces of the problem."""

    def tell(event: Any) -> None:
        policy = QoSPolicyKind(event.last_policy_kind).name
        fix = fixes.get(policy, "use the profile that README.md names for this topic")
        warn(f"{problem.format(policy.lower())} Let it {fix}.")

    return tell
