"""Transforms between coordinate frames, from tf2 where it is installed.

tf2_geometry_msgs would apply them to messages, but is not on PyPI, and leaves out covariances of points.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from molmo_act.errors import PlatformError

if TYPE_CHECKING:
    from builtin_interfaces.msg import Time as Stamp
    from geometry_msgs.msg import Transform
    from rclpy.node import Node


class NoTransformError(Exception):
    """tf2 has no transform between two frames at a time; the text is its reason."""


@dataclass(frozen=True, eq=False)
class RigidTransform:
    """A rotation and a translation.

    Attributes:
        rotation: float64 (3, 3).
        translation: float64 (3,) metres.
    """

    rotation: np.ndarray
    translation: np.ndarray

    @classmethod
    def of(cls, message: Transform) -> RigidTransform:
        """Converts a geometry_msgs/Transform.

        Args:
            message: Its quaternion need not be normalised.

        Returns:
            The same transform.
        """
        q, t = message.rotation, message.translation
        x, y, z, w = np.array([q.x, q.y, q.z, q.w]) / np.sqrt(q.x**2 + q.y**2 + q.z**2 + q.w**2)
        rotation = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
        return cls(np.array(rotation), np.array([t.x, t.y, t.z]))


IDENTITY = RigidTransform(np.eye(3), np.zeros(3))


class TransformListener:
    """Listens to tf until it is closed.

    Args:
        node: Whose clock and topics are used.

    Raises:
        PlatformError: tf2 is not installed; PyPI does not have it.
    """

    def __init__(self, node: Node) -> None:
        try:
            self._tf2 = importlib.import_module("tf2_ros")
        except ImportError as error:
            raise PlatformError(
                "target_frame needs tf2_ros, which is not installed and not on PyPI. Install it with ROS 2 "
                "(apt install ros-$ROS_DISTRO-tf2-ros-py), or leave target_frame empty."
            ) from error
        self._buffer = self._tf2.Buffer()
        self._listener = self._tf2.TransformListener(self._buffer, node)

    def lookup(self, target: str, source: str, stamp: Stamp) -> RigidTransform:
        """Finds the transform that takes points from one frame to another.

        Args:
            target: Frame of the result.
            source: Frame of the points.
            stamp: When.

        Returns:
            The transform.

        Raises:
            NoTransformError: tf2 does not know it.
        """
        from rclpy.time import Time

        try:
            found = self._buffer.lookup_transform(target, source, Time.from_msg(stamp))
        except self._tf2.TransformException as error:
            raise NoTransformError(f"{type(error).__name__}: {error}") from error
        return RigidTransform.of(found.transform)

    def clear(self) -> None:
        """Forgets all transforms that change, since time has begun anew; static ones stay."""
        self._buffer.clear()

    def close(self) -> None:
        """Stops listening."""
        self._listener.unregister()
