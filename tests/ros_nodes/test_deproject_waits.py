"""Which answers the deproject node waits for, and which it drops; in this process, without waiting."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("cv2", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
from builtin_interfaces.msg import Time
from molmo_act_interfaces.msg import PointedPixels
from molmo_act_ros.deproject_node import DeprojectNode, WaitingPixels
from molmo_act_ros.deprojection import PlacedPoints
from molmo_act_ros.stamped_buffer import StampedBuffer
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

pytestmark = pytest.mark.ros

MS = 10**6


def at(when: int) -> Header:
    """A header, milliseconds after 100 s."""
    return Header(stamp=Time(sec=100 + when // 1000, nanosec=when % 1000 * MS), frame_id="camera")


@pytest.fixture
def node(ros):
    node = DeprojectNode(name="waiting")
    node._depths = StampedBuffer(2.0)
    for when in range(0, 1000, 50):
        node._take_depth(Image(header=at(when)))
    yield node
    node.destroy_node()


def decide(node: DeprojectNode, when: int, waited: float = 0.0) -> bool:
    pixels = PointedPixels(header=at(when))
    return node._decide(WaitingPixels(pixels, time.monotonic() - waited))


def test_depth_that_is_always_late_is_waited_for(node):
    """Depth that comes 0.7 s later than colour cost nine of ten answers."""
    for late in (700, 2500):
        assert not decide(node, 950 + late)
    assert decide(node, 950 + 700, waited=3.1)
    assert decide(node, 950 + 3100), "farther than any answer waits"


def test_after_a_reset_what_is_ahead_is_of_another_run(node):
    node._reset_at = time.monotonic()
    assert decide(node, 950 + 700)
    assert not decide(node, 950 + 300)


def zoom(node: DeprojectNode, *focal_lengths: tuple[int, float]) -> None:
    for when, focal in focal_lengths:
        k = [focal, 0, 320, 0, focal, 240, 0, 0, 1]
        node._take_camera(
            CameraInfo(header=at(when), width=640, height=480, k=k, distortion_model="plumb_bob")
        )


def used(node: DeprojectNode, when: int, waited: float = 0.0) -> float | None:
    """Focal length of the camera that an answer is placed by; None where it is not placed."""
    cameras: list[float] = []
    node._deproject = lambda calibration, *rest: cameras.append(calibration.info.k[0]) or True
    assert decide(node, when, waited)
    return cameras[0] if cameras else None


def test_every_image_is_placed_by_the_calibration_of_its_own_stamp(node):
    """As of a zoom, or of a region that moves: positions were off, silently, and later dropped."""
    zoom(node, *((when, 600.0 + when) for when in range(0, 1000, 50)))
    assert [used(node, when) for when in (0, 450, 950)] == [600.0, 1050.0, 1550.0]
    assert used(node, 460) is None
    assert "camera_info changes, as by a zoom, and none has come" in node.diagnostics.summary()[1]


def test_depth_of_another_zoom_is_not_used(node):
    zoom(node, (0, 600.0), (50, 600.0), (110, 900.0), (150, 900.0))
    assert used(node, 50) == 600.0
    assert used(node, 110) is None, "the nearest depth is of 100 ms"
    assert used(node, 150) == 900.0


def test_camera_info_that_is_overtaken_is_waited_for(node):
    zoom(node, *((when, 600.0) for when in range(0, 950, 50)))
    assert used(node, 900) == 600.0
    assert not decide(node, 950)
    zoom(node, (950, 900.0))
    assert used(node, 950) == 900.0


def test_of_a_calibration_that_never_changes_any_does(node):
    zoom(node, (12345, 600.0))
    assert used(node, 900) == 600.0
    node.forget_time()
    node._take_depth(Image(header=at(0)))
    assert used(node, 0) == 600.0


def test_answers_that_never_have_depth_are_warned_of(node):
    """Depth of 0, or 32FC1 in millimetres, was "working" for ever."""
    hidden, missing = PlacedPoints([], ["not visible"]), PlacedPoints([], ["not visible", "out of range"])
    for placed, count in [(missing, 4), (hidden, 9)]:
        for _ in range(count):
            node._warn_without_depth(placed)
    assert "had depth" not in node.diagnostics.summary()[1]
    node._warn_without_depth(PlacedPoints(["a point"], ["missing"]))
    for _ in range(5):
        node._warn_without_depth(missing)
    assert "No visible point of 5 answers had depth (out of range)" in node.diagnostics.summary()[1]
