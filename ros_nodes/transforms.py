"""Where one coordinate frame is in another, asked of tf2 where that is installed; knows no topic of ours."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from rclpy.node import Node
from rclpy.time import Time

from molmo_act.errors import PlatformError


class NoTransform(Exception):
    """tf2 does not know the way between two frames at a time; the text is its reason."""


@dataclass(frozen=True, eq=False)
class Pose:
    """A rotation and a shift.

    Attributes:
        rotation: float64 (3, 3).
        shift: float64 (3,) metres.
    """

    rotation: np.ndarray
    shift: np.ndarray

    @classmethod
    def of(cls, transform: Any) -> Pose:
        """From a geometry_msgs/Transform."""
        q, t = transform.rotation, transform.translation
        x, y, z, w = np.array([q.x, q.y, q.z, q.w]) / np.sqrt(q.x**2 + q.y**2 + q.z**2 + q.w**2)
        rotation = [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
        return cls(np.array(rotation), np.array([t.x, t.y, t.z]))


STILL = Pose(np.eye(3), np.zeros(3))


class Transforms:
    """Listens to tf for as long as it lives.

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

    def pose(self, target: str, source: str, stamp: Any) -> Pose:
        """What takes points of one frame to another at a time.

        Raises:
            NoTransform: tf2 does not know.
        """
        try:
            found = self._buffer.lookup_transform(target, source, Time.from_msg(stamp))
        except self._tf2.TransformException as error:
            raise NoTransform(f"{type(error).__name__}: {error}") from error
        return Pose.of(found.transform)

    def close(self) -> None:
        """Stops listening."""
        self._listener.unregister()
