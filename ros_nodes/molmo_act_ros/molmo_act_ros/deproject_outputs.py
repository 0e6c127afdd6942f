"""What the deproject node publishes: its own messages, and a cloud and markers for viewers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sensor_msgs.msg import PointCloud2
from std_msgs.msg import Header

from molmo_act_ros import qos
from molmo_act_ros.conversions import points_3d
from molmo_act_ros.lifecycle_node import ManagedNode

if TYPE_CHECKING:
    from types import ModuleType

    from molmo_act_interfaces.msg import PointedPixels, PointedPoint3D


class DeprojectOutputs:
    """The publishers of points in space.

    Args:
        node: The node.
        types: ``molmo_act_interfaces.msg``.
        visualization: ``visualization_msgs.msg``; None where it is not installed.
    """

    def __init__(self, node: ManagedNode, types: ModuleType, visualization: ModuleType | None) -> None:
        self._types, self._visualization, self._is_wanted = types, visualization, node.is_wanted
        beside = node.resolve_topic_name("points_3d")  # what is for viewers goes where that is remapped to
        self._points = node.advertise(types.PointedPoints3D, "points_3d", qos.RESULTS)
        self._best = node.advertise(types.PointedPoint3DStamped, "best_point_3d", qos.RESULTS)
        self._cloud = node.advertise(PointCloud2, f"{beside}/cloud", qos.RESULTS)
        self._markers = None
        if visualization is not None:
            self._markers = node.advertise(visualization.MarkerArray, f"{beside}/markers", qos.RESULTS)

    def publish(self, pixels: PointedPixels, placed: Sequence[PointedPoint3D], frame: str) -> None:
        """Publishes where pointed pixels are in space.

        Args:
            pixels: The pixels.
            placed: Those of them that have a position.
            frame: Name of the coordinate frame that positions are in.
        """
        header = Header(stamp=pixels.header.stamp, frame_id=frame)
        without_depth = len(pixels.points) - len(placed)
        known = {"header": header, "node": pixels.node, "queries": pixels.queries}
        self._points.publish(self._types.PointedPoints3D(points=placed, without_depth=without_depth, **known))
        if placed:
            best = max(placed, key=lambda point: point.score if point.score == point.score else -1.0)
            message = self._types.PointedPoint3DStamped(header=header, node=pixels.node, point=best)
            self._best.publish(message)
        if self._is_wanted(self._cloud):
            self._cloud.publish(points_3d.to_cloud(placed, header))
        if self._visualization is not None and self._markers and self._is_wanted(self._markers):
            self._markers.publish(points_3d.to_markers(placed, header, self._visualization))
