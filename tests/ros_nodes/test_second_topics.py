"""A second topic of one camera that is behind: its stamps must not reset time. In this process."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("cv2", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

pytestmark = pytest.mark.ros


def at(kind: type, seconds: int):
    return kind(header=Header(stamp=Time(sec=seconds)))


def point(seconds: list[tuple[type, int]]):
    from molmo_act_ros.camera_feed import CameraFeed
    from molmo_act_ros.point_node import PointNode

    node = PointNode(name="pointing_twice")
    node._feeds = {"": CameraFeed(node.seconds)}
    for kind, second in seconds:
        node._receive("", "image" if kind is Image else "image/compressed", at(kind, second))
    return node


def track(seconds: list[tuple[type, int]]):
    from molmo_act_ros.track_node import TrackNode

    node = TrackNode(name="tracking_twice")
    for kind, second in seconds:
        node._receive("image" if kind is Image else "image/compressed", at(kind, second))
    return node


def deproject(seconds: list[tuple[type, int]]):
    from molmo_act_ros.deproject_node import DeprojectNode

    node = DeprojectNode(name="deprojecting_twice")
    for kind, second in seconds:
        node._take_depth(at(kind, second))
    return node


@pytest.mark.parametrize("run", [point, track, deproject])
def test_a_second_topic_that_is_behind_resets_no_time(ros, run):
    node = run([(Image, 100), (CompressedImage, 97), (Image, 101), (CompressedImage, 98), (Image, 102)])
    try:
        assert "time resets" not in node.diagnostics.values()
        assert node._last_stamps["depth" if run is deproject else "image"] == 102 * 10**9
    finally:
        node.destroy_node()


@pytest.mark.parametrize("run", [point, track, deproject])
def test_the_topic_in_use_does_reset_time(ros, run):
    node = run([(Image, 100), (Image, 97)])
    try:
        assert node.diagnostics.values()["time resets"] == "1"
    finally:
        node.destroy_node()
