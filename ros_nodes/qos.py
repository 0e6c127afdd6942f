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

    def tell(event: Any) -> None:
        policy = QoSPolicyKind(event.last_policy_kind).name
        fix = _SUBSCRIBER_FIX.get(policy, "use the profile that README.md names for this topic")
        warn(
            f"A subscriber of '{topic}' gets nothing: its {policy.lower()} is not what this node offers. "
            f"Let it {fix}."
        )

    return PublisherEventCallbacks(incompatible_qos=tell)


def told_publishers(topic: str, warn: Callable[[str], None]) -> SubscriptionEventCallbacks:
    """For a subscription: warns of publishers that are not heard, and how they would be."""

    def tell(event: Any) -> None:
        policy = QoSPolicyKind(event.last_policy_kind).name
        fix = _PUBLISHER_FIX.get(policy, "use the profile that README.md names for this topic")
        warn(
            f"A publisher of '{topic}' is not heard: its {policy.lower()} is less than this node asks for. "
            f"Let it {fix}."
        )

    return SubscriptionEventCallbacks(incompatible_qos=tell)
