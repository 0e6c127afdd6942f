"""Points in space as messages that every viewer knows: a cloud in metres, and markers."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from molmo_act_ros.conversions.colours import colour_of
from molmo_act_ros.conversions.images import as_data

if TYPE_CHECKING:
    from molmo_act_interfaces.msg import PointedPoint3D
    from sensor_msgs.msg import PointCloud2
    from std_msgs.msg import Header
    from visualization_msgs.msg import Marker, MarkerArray

_FLOAT32, _UINT32 = 7, 6  # as in sensor_msgs/PointField
_FIELDS = (("x", _FLOAT32), ("y", _FLOAT32), ("z", _FLOAT32), ("score", _FLOAT32), ("id", _UINT32))
_POINT = np.dtype([(name, "f4" if kind == _FLOAT32 else "u4") for name, kind in _FIELDS])

_SPHERE, _TEXT, _ADD, _DELETE_ALL = 2, 9, 0, 3  # as in visualization_msgs/Marker
_DIAMETER_M, _TEXT_M = 0.03, 0.04


def to_cloud(points: Sequence[PointedPoint3D], header: Header) -> PointCloud2:
    """Converts points to an unordered cloud with the fields x, y, z, score (float32) and id (uint32).

    Args:
        points: Points in space; none gives a cloud of width 0.
        header: Stamp of the image, and the frame that positions are in.

    Returns:
        The message, in metres.
    """
    from sensor_msgs.msg import PointCloud2, PointField

    rows = np.empty(len(points), _POINT)
    for row, point in zip(rows, points, strict=True):
        place = point.position
        row["x"], row["y"], row["z"] = place.x, place.y, place.z
        row["score"], row["id"] = point.score, point.object_id
    cloud = PointCloud2(header=header, height=1, width=len(rows), is_dense=True)
    cloud.fields = [
        PointField(name=name, offset=4 * number, datatype=kind, count=1)
        for number, (name, kind) in enumerate(_FIELDS)
    ]
    cloud.is_bigendian = sys.byteorder == "big"
    cloud.point_step, cloud.row_step = _POINT.itemsize, rows.nbytes
    cloud.data = as_data(rows)
    return cloud


def to_markers(points: Sequence[PointedPoint3D], header: Header, types: ModuleType) -> MarkerArray:
    """Converts points to markers: a sphere and a label for each, in place of all those before.

    Args:
        points: Points in space.
        header: Stamp of the image, and the frame that positions are in.
        types: `visualization_msgs.msg`.

    Returns:
        The message. Colours are those of queries.
    """
    array = types.MarkerArray(markers=[types.Marker(header=header, action=_DELETE_ALL)])
    for number, point in enumerate(points):
        sphere = _marker(point, header, types)
        sphere.ns, sphere.id, sphere.type = "points", number, _SPHERE
        sphere.scale.x = sphere.scale.y = sphere.scale.z = _DIAMETER_M
        label = _marker(point, header, types)
        label.ns, label.id, label.type = "labels", number, _TEXT
        label.scale.z = _TEXT_M
        label.text = f"{point.label} #{point.object_id}"
        array.markers += [sphere, label]
    return array


def _marker(point: PointedPoint3D, header: Header, types: ModuleType) -> Marker:
    marker = types.Marker(header=header, action=_ADD)
    marker.pose.position = point.position
    marker.pose.orientation.w = 1.0
    marker.color.r, marker.color.g, marker.color.b = colour_of(point.query_id)
    marker.color.a = 1.0
    return marker
