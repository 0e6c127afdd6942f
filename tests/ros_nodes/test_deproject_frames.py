"""The deproject node, and coordinate frames: by tf, of depth and of calibration."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("cv2", reason="needs the extra ros")

from tests.ros_nodes.depth_camera import (
    HEIGHT,
    MS,
    WHEN,
    WIDTH,
    count,
    header,
    positions,
    repeat_until_told,
    space,
)
from tests.ros_nodes.program import PROCESSES
from tests.support.paths import SOURCES

pytestmark = pytest.mark.ros


def test_points_go_to_the_target_frame(deproject, depth_camera, listener):
    node = deproject("target_frame:=base", PYTHONPATH=f"{PROCESSES / 'tf2_stand_in'}:{SOURCES}")
    pixel = (400.0, 300.0)
    found = depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, pixel)))
    x, y, z = space(*pixel)
    assert found.header.frame_id == "base"
    np.testing.assert_allclose(positions(found), [[z + 0.1, 0.2 - x, 0.3 - y]], atol=1e-5)
    covariance = found.points[0].covariance.reshape(3, 3)
    assert covariance[0, 0] < covariance[1, 1], "the depth is now along x, and better known"
    lost = header(MS)
    lost.frame_id = "nowhere"
    depth_camera.see(MS, frames=("nowhere", "nowhere"))
    told = "nowhere passed to"
    repeat_until_told(listener, node, told, lambda: depth_camera.point(MS, pixel, header=lost))


def test_points_wait_for_tf_that_comes_after_them_also_of_a_single_image(deproject, depth_camera, listener):
    deproject("target_frame:=base", PYTHONPATH=f"{PROCESSES / 'tf2_stand_in'}:{SOURCES}")
    pixel = (400.0, 300.0)
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, pixel)))
    late = header(WHEN)
    late.frame_id = "late_camera"
    depth_camera.see(WHEN, frames=("late_camera", "late_camera"))
    listener.wait_briefly(0.2)
    depth_camera.point(WHEN, pixel, header=late)  # once, and nothing after it: asked again, tf knows
    listener.wait(lambda: late.stamp in [found.header.stamp for found in depth_camera.found])


def test_after_time_has_gone_back_nothing_of_the_last_run_is_used(deproject, depth_camera, listener):
    """Depth, answers that wait and tf: a robot would go to where things were."""
    from geometry_msgs.msg import TransformStamped

    node = deproject("target_frame:=base", PYTHONPATH=f"{PROCESSES / 'tf2_stand_in'}:{SOURCES}")
    tf = listener.node.create_publisher(TransformStamped, "tf_of_a_test", 100)
    listener.wait(tf.get_subscription_count)
    frames = ("moving_camera", "moving_camera")
    step, pixel = 100 * MS, (319.5, 239.5)

    def drive(begin: int, number: int, shift: float, metres: float) -> None:
        """The camera moves by 1 m per second from `shift`, in front of a wall."""
        for when in range(begin, begin + number * step, step):
            moved = TransformStamped(header=header(when), child_frame_id=frames[0])
            moved.transform.translation.x = shift + (when - begin) / 1e9
            tf.publish(moved)
            depth_camera.see(when, np.full((HEIGHT, WIDTH), metres), frames=frames)
            listener.wait_briefly(0.02)

    def point(when: int) -> None:
        asked = header(when)
        asked.frame_id = frames[0]
        depth_camera.point(when, pixel, header=asked)

    def found(when: int) -> list:
        return [m for m in depth_camera.found if m.header.stamp == header(when).stamp and m.points]

    middle, ahead = 10 * step + 30 * MS, 20 * step + 300 * MS

    def ask(when: int) -> list:
        point(when)
        listener.wait_briefly(0.2)
        return found(when)

    listener.wait(lambda: drive(0, 20, 0.0, 2.0) or ask(middle))
    here = found(middle)[0].points[0].position
    assert (here.x, here.z) == (pytest.approx(1.03, abs=0.01), pytest.approx(2.0, abs=1e-3))
    point(ahead)  # of the last run; its depth never came
    listener.wait_briefly(0.1)
    depth_camera.found.clear()

    drive(0, 30, 50.0, 1.0)  # the recording begins again, in another world, and reaches that time
    assert not found(ahead), "an answer of the last run was placed in this one"
    assert "went back by" in node.stderr
    listener.wait(lambda: ask(middle))
    here = found(middle)[-1].points[0].position
    assert (here.x, here.z) == (pytest.approx(51.03, abs=0.01), pytest.approx(1.0, abs=1e-3))


def test_depth_and_camera_info_of_another_frame_are_not_taken_as_aligned(deproject, depth_camera, listener):
    node = deproject()
    reports = listener.listen_to_health("/deproject_node")
    point, own, other = (320.0, 240.0), "camera_optical_frame", "camera_depth_optical_frame"
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))
    listener.wait_briefly(0.5)
    depth_camera.found.clear()
    for number, frames in enumerate([(other, own), (own, other), (other, other)], 1):
        depth_camera.see(number * MS, frames=frames)
        listener.wait_briefly(0.2)
        depth_camera.point(number * MS, point)
        listener.wait(lambda number=number: count(reports, "answers dropped") >= number)
    assert not [message for message in depth_camera.found if message.header != header(0)]
    assert f"depth is of frame '{other}', camera_info of '{own}', and the image pointed at of '{own}'" in (
        node.stderr
    )
    assert listener.set_parameter("allow_other_frames", True, "/deproject_node").successful
    depth_camera.answer(
        4 * MS, lambda: (depth_camera.see(4 * MS, frames=(other, other)), depth_camera.point(4 * MS, point))
    )


def test_without_tf2_a_target_frame_is_refused(start, tmp_path):
    (tmp_path / "tf2_ros.py").write_text("raise ModuleNotFoundError('tf2_ros')")  # also where it is installed
    words = ["-m", "molmo_act_ros", "deproject_node", "--ros-args", "-p", "target_frame:=base"]
    node = start(*words, PYTHONPATH=f"{tmp_path}:{SOURCES}")
    node.expected_exit = 2
    assert node.process.wait(60) == 2
    assert "target_frame needs tf2_ros" in node.stderr
