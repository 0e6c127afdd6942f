"""Points in space as a cloud in metres and as markers."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`")
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from molmo_act_interfaces import msg as messages
from molmo_act_ros.conversions.points_3d import to_cloud, to_markers
from std_msgs.msg import Header

HEADER = Header(stamp=Time(sec=7), frame_id="base")
POINTS = [
    messages.PointedPoint3D(
        position=Point(x=0.5, y=-0.25, z=2.0), object_id=3, query_id=1, score=0.75, label="mug"
    ),
    messages.PointedPoint3D(position=Point(x=1.0), object_id=4, query_id=2, score=0.5, label="cup"),
]


def test_a_cloud_is_in_metres_as_its_fields_say():
    cloud = to_cloud(POINTS, HEADER)
    assert (cloud.header, cloud.width, cloud.height, cloud.point_step) == (HEADER, 2, 1, 20)
    assert [field.name for field in cloud.fields] == ["x", "y", "z", "score", "id"]
    numbers = np.frombuffer(cloud.data, np.float32).reshape(2, 5)
    assert numbers[:, :4].tolist() == [[0.5, -0.25, 2.0, 0.75], [1.0, 0.0, 0.0, 0.5]]
    assert np.frombuffer(cloud.data, np.uint32).reshape(2, 5)[:, 4].tolist() == [3, 4]
    empty = to_cloud([], HEADER)
    assert (empty.width, len(empty.data)) == (0, 0)


def test_markers_replace_those_before_and_name_the_object():
    types = pytest.importorskip("visualization_msgs.msg")
    first, *others = to_markers(POINTS, HEADER, types).markers
    assert first.action == types.Marker.DELETEALL
    assert [one.type for one in others] == [types.Marker.SPHERE, types.Marker.TEXT_VIEW_FACING] * 2
    assert [one.text for one in others] == ["", "mug #3", "", "cup #4"]
    assert [one.pose.position.x for one in others] == [0.5, 0.5, 1.0, 1.0]
    assert all(one.header == HEADER and one.color.a == 1.0 for one in others)
    assert len({(one.ns, one.id) for one in others}) == 4
    assert others[0].color != others[2].color, "another query"
