"""Pictures and points to messages: exact values, and one clear error for each way to be wrong."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import Header

from molmo_act.errors import ImageError, InputError
from molmo_act.points import Points
from ros_nodes import convert
from ros_nodes.pixels import image_to_rgb

HEADER = Header(stamp=Time(sec=7, nanosec=123456789), frame_id="camera")
RGB = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
ALPHA = np.full((2, 3, 1), 77, np.uint8)


def test_picture_to_message_and_back():
    message = convert.rgb_to_image(RGB[:, ::-1], HEADER)  # not contiguous
    assert (message.width, message.height, message.step, message.encoding) == (3, 2, 9, "rgb8")
    assert message.header == HEADER
    np.testing.assert_array_equal(image_to_rgb(message), RGB[:, ::-1])


@pytest.mark.parametrize(
    "picture",
    [
        RGB.astype(np.float32),
        RGB[..., 0],
        np.concatenate([RGB, ALPHA], axis=2),
        RGB[:0],  # no rows
    ],
)
def test_picture_of_another_kind_is_refused(picture):
    with pytest.raises(ImageError, match="expected uint8 RGB"):
        convert.rgb_to_image(picture, HEADER)


def points(xy: list, score: list) -> Points:
    return Points(xy=xy, score=score, image_size=[(640, 480)], query="mug")


def test_points_to_cloud_as_its_definition_says():
    cloud = convert.points_to_cloud(points([[1.5, 2.25], [639.5, 479.5]], [0.75, 1.0]), HEADER)
    assert cloud.header == HEADER
    assert (cloud.height, cloud.width, cloud.point_step, cloud.row_step) == (1, 2, 16, 32)
    assert len(cloud.data) == 32
    assert cloud.is_dense
    assert [(f.name, f.offset, f.datatype, f.count) for f in cloud.fields] == [
        ("u", 0, PointField.FLOAT32, 1),
        ("v", 4, PointField.FLOAT32, 1),
        ("score", 8, PointField.FLOAT32, 1),
        ("id", 12, PointField.UINT32, 1),
    ]
    # Read with nothing but the message's own description.
    order = ">" if cloud.is_bigendian else "<"
    assert np.frombuffer(cloud.data, order + "f4").reshape(2, 4)[:, :3].tolist() == [
        [1.5, 2.25, 0.75],
        [639.5, 479.5, 1.0],
    ]
    assert np.frombuffer(cloud.data, order + "u4").reshape(2, 4)[:, 3].tolist() == [1, 2]
    rows = convert.cloud_to_rows(cloud)
    assert rows["u"].tolist() == [1.5, 639.5]
    assert rows["id"].tolist() == [1, 2]


def test_no_points_are_an_empty_cloud_and_no_best_point():
    nothing = points([], [])
    cloud = convert.points_to_cloud(nothing, HEADER)
    assert (cloud.height, cloud.width, cloud.row_step, len(cloud.data)) == (1, 0, 0, 0)
    assert len(cloud.fields) == 4
    assert len(convert.cloud_to_rows(cloud)) == 0
    assert convert.best_point(nothing, HEADER) is None


def test_best_point_is_the_one_of_the_highest_score():
    best = convert.best_point(points([[1.5, 2.5], [30.5, 40.5]], [0.25, 0.5]), HEADER)
    assert best.header == HEADER
    assert (best.point.x, best.point.y, best.point.z) == (30.5, 40.5, 0.5)


def test_foreign_clouds_are_refused():
    with pytest.raises(InputError, match=r"expected .*'u'"):
        convert.cloud_to_rows(PointCloud2(point_step=12))
    cloud = convert.points_to_cloud(points([[1, 2]], [1]), HEADER)
    cloud.data = cloud.data[:-1]
    with pytest.raises(InputError, match="15 bytes of data; expected 16"):
        convert.cloud_to_rows(cloud)
