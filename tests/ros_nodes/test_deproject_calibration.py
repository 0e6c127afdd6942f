"""The deproject node, and calibrations that change, come late or cannot be used."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("cv2", reason="needs the extra ros")

from tests.ros_nodes.depth_camera import FOCAL, HEIGHT, MS, WIDTH, K, count, header, repeat_until_told

pytestmark = pytest.mark.ros


def test_rectified_counts_at_once_and_a_bad_calibration_is_named_for_ever(deproject, depth_camera, listener):
    node = deproject()
    reports = listener.listen_to_health("/deproject_node")
    point = (400.0, 240.0)
    p = [FOCAL / 2, 0.0, 319.5, 0.0, 0.0, FOCAL / 2, 239.5, 0.0, 0.0, 0.0, 1.0, 0.0]
    raw = depth_camera.answer(0, lambda: (depth_camera.see(0, p=p), depth_camera.point(0, point)))
    assert listener.set_parameter("rectified", True, "/deproject_node").successful
    flat = depth_camera.answer(0, lambda: depth_camera.point(0, point))
    assert flat.points[0].position.x == pytest.approx(2 * raw.points[0].position.x, rel=1e-6)
    told = "focal lengths 0 and 0"
    repeat_until_told(listener, node, told, lambda: depth_camera.see(MS))  # K is right, and P is not there
    for _ in range(3):
        dropped = count(reports, "answers dropped")
        depth_camera.point(MS, point)
        listener.wait(lambda: count(reports, "answers dropped") > dropped)  # noqa: B023
        assert told in reports[-1].message
    assert "none has come" not in node.stderr
    assert listener.set_parameter("rectified", False, "/deproject_node").successful
    depth_camera.answer(MS, lambda: depth_camera.point(MS, point))


def test_every_image_is_placed_by_the_camera_info_of_its_own_stamp(deproject, depth_camera, listener):
    """A lens that zooms: answers came after the next camera_info, and were off or dropped."""
    node = deproject()
    point, step = (400.0, 300.0), 33 * MS
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))

    def see(number: int) -> None:
        focal = FOCAL + 50 * number
        depth_camera.see(number * step, np.ones((HEIGHT, WIDTH)), k=[focal, *K[1:4], focal, *K[5:]])

    for number in range(1, 9):
        see(number)
        listener.wait_briefly(0.03)
    for number in (2, 7, 4):
        found = depth_camera.answer(
            number * step, lambda number=number: (see(number), depth_camera.point(number * step, point))
        )
        place = found.points[0].position
        expected = [(point[0] - K[2]) / (FOCAL + 50 * number), (point[1] - K[5]) / (FOCAL + 50 * number), 1.0]
        assert [place.x, place.y, place.z] == pytest.approx(expected, abs=1e-5)
    between = 4 * step + 5 * MS  # near enough for its depth, and of no known zoom
    told = "none has come that is of their image"
    repeat_until_told(listener, node, told, lambda: depth_camera.point(between, point))
    assert header(between).stamp not in [message.header.stamp for message in depth_camera.found]
