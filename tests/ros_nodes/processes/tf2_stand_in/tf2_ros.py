"""Stands in for tf2_ros, which PyPI does not have: one frame it knows, turned and shifted, and no other."""

from __future__ import annotations

from geometry_msgs.msg import Quaternion, TransformStamped, Vector3


class TransformException(Exception):
    pass


class Buffer:
    def lookup_transform(self, target: str, source: str, time) -> TransformStamped:
        if source != "camera_optical_frame":
            raise TransformException(f"{source} passed to lookupTransform does not exist")
        found = TransformStamped()
        found.transform.translation = Vector3(x=0.1, y=0.2, z=0.3)
        found.transform.rotation = Quaternion(x=-0.5, y=0.5, z=-0.5, w=0.5)  # optical to x forward, z up
        return found


class TransformListener:
    def __init__(self, buffer: Buffer, node) -> None:
        self.node = node

    def unregister(self) -> None:
        del self.node
