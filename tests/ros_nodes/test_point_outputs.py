"""What the point node publishes for viewers and for others, across processes."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.conversions.images import to_rgb
from sensor_msgs.msg import CompressedImage, Image

from tests.ros_nodes.camera_images import GREEN, RED, SPOTS, take_images

pytestmark = pytest.mark.ros


def test_overlay_shows_the_points_of_all_queries(blob_node, camera, listener):
    blob_node({"query": "red", "queries": "[green]"})
    topics = {"overlay": Image, "overlay/compressed": CompressedImage}
    for topic, kind in topics.items():
        listener.listen(kind, topic)
    take_images(listener, camera, lambda: all(listener.received[topic] for topic in topics), spots=SPOTS)
    for topic in topics:
        image = to_rgb(listener.received[topic][-1])
        for x, y in (RED, GREEN):
            around = image[y - 15 : y + 16, x - 15 : x + 16].astype(int)
            assert (abs(around - 90).max(axis=2) > 30).sum() > 9 * 9, "more than the spot itself is there"


def test_detections_are_published_where_vision_msgs_is(blob_node, camera, listener):
    vision = pytest.importorskip("vision_msgs.msg", reason="comes with ROS 2, not from PyPI")
    blob_node({"query": "red", "queries": "[green]"})
    listener.listen(vision.Detection2DArray, "detections")
    take_images(listener, camera, lambda: listener.received["detections"])
    found = listener.received["detections"][-1].detections
    places = [one.bbox.center.position for one in found]
    assert [[int(place.x), int(place.y)] for place in places] == [RED, GREEN]
    assert [one.results[0].hypothesis.class_id for one in found] == ["red", "green"]


def test_an_image_without_foxglove_is_annotated_by_a_marker(blob_node, camera, listener):
    visualization = pytest.importorskip("visualization_msgs.msg")
    blob_node({"query": "red", "queries": "[green]"})
    listener.listen(visualization.ImageMarker, "annotations")
    take_images(listener, camera, lambda: listener.received["annotations"])
    marker = listener.received["annotations"][-1]
    assert [[point.x, point.y] for point in marker.points] == [[*map(float, RED)], [*map(float, GREEN)]]
    assert marker.header.frame_id == "camera_optical_frame"
    assert marker.outline_colors[0] != marker.outline_colors[1]
