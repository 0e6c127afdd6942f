"""Stands in for tf2_ros, which PyPI does not have.

It knows one fixed camera, turned and shifted. Of "late_camera" it knows the same, but each moment only when
it is asked a second time. Others it learns from topic tf_of_a_test (TransformStamped, of the target frame)
and interpolates between the two moments around the one that is asked for, as tf2 does.
"""

from __future__ import annotations

from bisect import bisect_left

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3


class TransformException(Exception):
    pass


class Buffer:
    def __init__(self) -> None:
        self.asked: set[int] = set()
        self.moving: dict[str, dict[int, TransformStamped]] = {}  # by child frame, by nanoseconds

    def clear(self) -> None:
        """Static transforms stay."""
        self.moving.clear()

    def take(self, transform: TransformStamped) -> None:
        stamp = transform.header.stamp
        moments = self.moving.setdefault(transform.child_frame_id, {})
        moments[stamp.sec * 10**9 + stamp.nanosec] = transform

    def lookup_transform(self, target: str, source: str, time) -> TransformStamped:
        if source in self.moving:
            return self.interpolate(self.moving[source], time.nanoseconds)
        if source == "late_camera" and time.nanoseconds not in self.asked:
            self.asked.add(time.nanoseconds)
            raise TransformException("Lookup would require extrapolation into the future")
        if source not in ("camera_optical_frame", "late_camera"):
            raise TransformException(f"{source} passed to lookupTransform does not exist")
        found = TransformStamped()
        found.transform.translation = Vector3(x=0.1, y=0.2, z=0.3)
        found.transform.rotation = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)  # optical to x forward, z up
        return found

    @staticmethod
    def interpolate(moments: dict[int, TransformStamped], when: int) -> TransformStamped:
        stamps = sorted(moments)
        after = bisect_left(stamps, when)
        if after == len(stamps) or (after == 0 and stamps[0] != when):
            raise TransformException("Lookup would require extrapolation")
        before = max(0, after - 1)
        share = (when - stamps[before]) / (stamps[after] - stamps[before]) if before != after else 0.0
        first, second = (moments[stamps[place]].transform.translation.x for place in (before, after))
        found = TransformStamped()
        found.transform.translation = Vector3(x=first + share * (second - first))
        return found


class TransformListener:
    def __init__(self, buffer: Buffer, node) -> None:
        self.node = node
        if hasattr(node, "create_subscription"):
            node.create_subscription(TransformStamped, "tf_of_a_test", buffer.take, 100)

    def unregister(self) -> None:
        del self.node
