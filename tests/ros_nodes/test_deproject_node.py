"""The deproject node in a process of its own; this one is the depth camera, and who points."""

from __future__ import annotations

import array
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("cv2", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PointStamped
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

pytestmark = pytest.mark.ros

PROCESSES = Path(__file__).parent / "processes"
WIDTH, HEIGHT, FOCAL = 640, 480, 600.0
K = [FOCAL, 0.0, 319.5, 0.0, FOCAL, 239.5, 0.0, 0.0, 1.0]  # whole numbers are pixel centres here
MS = 10**6
WHEN = 50 * MS
BEGIN = 1000 * 10**9  # nanoseconds of the first stamp


def space(u: float, v: float) -> tuple[float, float, float]:
    """Metres of what a pixel (centres at +0.5) shows: a plane 1 m away that leans back to the right."""
    x, y = (u - WIDTH / 2) / FOCAL, (v - HEIGHT / 2) / FOCAL
    z = 1.0 / (1 - 0.5 * x)
    return x * z, y * z, z


def depth_of_plane() -> np.ndarray:
    u, _ = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT))
    return 1.0 / (1 - 0.5 * (u - WIDTH / 2) / FOCAL)


class DepthCamera:
    """Publishes depth, camera_info and pointed pixels, each with the stamp that is asked for."""

    def __init__(self, listener) -> None:
        from molmo_act_interfaces.msg import PointedPixels, PointedPoints3D

        self.listener, node = listener, listener.node
        self.depth = node.create_publisher(Image, "depth", qos_profile_sensor_data)
        self.info = node.create_publisher(CameraInfo, "camera_info", qos_profile_sensor_data)
        self.pixels = node.create_publisher(PointedPixels, "pointed_pixels", 10)
        listener.listen(PointedPoints3D, "points_3d")
        listener.listen(PointStamped, "best_point_3d")
        self.found = listener.received["points_3d"]

    def wait(self) -> None:
        """Until the node has found every topic, and is found."""
        publishers = (self.depth, self.info, self.pixels)
        self.listener.wait(lambda: all(one.get_subscription_count() for one in publishers))
        count = self.listener.node.count_publishers
        self.listener.wait(lambda: count("points_3d") and count("best_point_3d"))

    def see(self, when: int, metres: np.ndarray | None = None, encoding: str = "32FC1", **camera) -> None:
        metres = depth_of_plane() if metres is None else metres
        kind = {"32FC1": "<f4", "16UC1": "<u2"}[encoding]
        rows = (metres if kind == "<f4" else np.round(metres * 1000)).astype(kind)
        picture = Image(header=header(when), height=len(rows), width=rows.shape[1], encoding=encoding)
        picture.step, picture.data = rows.shape[1] * rows.itemsize, array.array("B", rows.tobytes())
        known = {"width": WIDTH, "height": HEIGHT, "k": K, "distortion_model": "plumb_bob"}
        self.info.publish(CameraInfo(header=header(when), **known | camera))
        self.depth.publish(picture)

    def point(self, when: int, *pixels: tuple[float, float], query: str = "mug", **fields) -> None:
        from molmo_act_interfaces.msg import PointedPixel, PointedPixels

        points = [
            PointedPixel(u=u, v=v, object_id=number + 1, score=0.9 - 0.1 * number, label=query, visible=True)
            for number, (u, v) in enumerate(pixels)
        ]
        message = PointedPixels(header=header(when), width=WIDTH, height=HEIGHT, query=query, query_id=3)
        message.points = points
        for name, value in fields.items():
            setattr(message, name, value)
        self.pixels.publish(message)

    def hide(self, when: int, pixel: tuple[float, float]) -> None:
        from molmo_act_interfaces.msg import PointedPixel

        self.point(when, points=[PointedPixel(u=pixel[0], v=pixel[1], object_id=1, visible=False)])

    def answer(self, when: int, again) -> object:
        """What the node says of that time once ``again()`` was done; maybe twice: messages get lost."""
        self.found.clear()
        for _ in range(50):
            again()
            end = self.listener.node.get_clock().now().nanoseconds + 300 * MS
            while self.listener.node.get_clock().now().nanoseconds < end:
                self.listener.executor.spin_once(timeout_sec=0.02)
                for message in self.found:
                    if message.header.stamp == header(when).stamp:
                        return message
        raise AssertionError("no points in space came")


def header(when: int) -> Header:
    total = BEGIN + when
    stamp = Time(sec=total // 10**9, nanosec=total % 10**9)
    return Header(stamp=stamp, frame_id="camera_optical_frame")


@pytest.fixture
def depth_camera(listener) -> DepthCamera:
    return DepthCamera(listener)


@pytest.fixture
def deproject(start, depth_camera):
    """Starts the node with parameters and its environment; waits until it is found."""

    def start_node(*parameters: str, **environment: object):
        words = [word for parameter in parameters for word in ("-p", parameter)]
        node = start("-m", "ros_nodes.deproject_node", "--ros-args", *words, **environment)
        depth_camera.wait()
        return node

    return start_node


def positions(message) -> np.ndarray:
    return np.array([[p.position.x, p.position.y, p.position.z] for p in message.points])


def test_points_are_where_geometry_says(deproject, depth_camera, listener):
    deproject()
    pixels = [(320.0, 240.0), (100.25, 50.75), (600.0, 400.0)]
    for when, encoding, tolerance in ((0, "32FC1", 1e-5), (MS, "16UC1", 1e-3)):
        metres = depth_of_plane()
        metres[0:60, 600:] = 0.0  # nothing was measured there

        def again(when=when, encoding=encoding, metres=metres) -> None:
            depth_camera.see(when, metres, encoding)
            depth_camera.point(when, *pixels, (630.0, 20.0))

        found = depth_camera.answer(when, again)
        np.testing.assert_allclose(positions(found), [space(*pixel) for pixel in pixels], atol=tolerance)
        assert (found.header, found.query, found.query_id) == (header(when), "mug", 3)
        assert [(p.object_id, p.label) for p in found.points] == [(1, "mug"), (2, "mug"), (3, "mug")]
        assert found.without_depth == 1
    covariance = found.points[0].covariance.reshape(3, 3)
    hidden = depth_camera.answer(
        2 * MS, lambda: (depth_camera.see(2 * MS), depth_camera.hide(2 * MS, pixels[0]))
    )
    assert (len(hidden.points), hidden.without_depth) == (0, 1), "what is hidden has another depth"
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(1 / FOCAL, rel=0.1), "one pixel at one metre"
    assert 1e-5 < np.sqrt(covariance[2, 2]) < 2e-3, "steps of a millimetre"
    bests = listener.received["best_point_3d"]
    listener.wait(lambda: bests)
    assert (bests[-1].point.x, bests[-1].point.z) == pytest.approx((0.0, 1.0), abs=1e-3)


def test_points_find_the_depth_of_their_moment(deproject, depth_camera, listener):
    node = deproject()
    reports = listener.listen_to_health("/deproject_node")
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, (320.0, 240.0))))
    for number in range(1, 9):  # no more than the node's queue holds; the plane moves away
        depth_camera.see(number * 33 * MS, depth_of_plane() + number)
    found = depth_camera.answer(5 * 33 * MS, lambda: depth_camera.point(5 * 33 * MS, (320.0, 240.0)))
    assert found.points[0].position.z == pytest.approx(6.0, abs=1e-4)
    found = depth_camera.answer(
        (6 * 33 + 16) * MS, lambda: depth_camera.point((6 * 33 + 16) * MS, (320.0, 240.0))
    )
    assert found.points[0].position.z == pytest.approx(7.0, abs=1e-4), "half a frame off is near enough"

    depth_camera.found.clear()
    late = 9 * 33 * MS
    depth_camera.point(late, (320.0, 240.0))  # comes before its depth, and waits for it
    listener.wait(lambda: count(reports, "answers received") >= 4)
    assert not depth_camera.found
    depth_camera.see(late, depth_of_plane() + 1)
    listener.wait(lambda: depth_camera.found)
    assert depth_camera.found[-1].points[0].position.z == pytest.approx(2.0, abs=1e-4)

    assert listener.set_parameter("slop", 0.0, "/deproject_node").successful
    depth_camera.point((7 * 33 + 1) * MS, (320.0, 240.0))
    listener.wait(
        lambda: "the nearest depth picture is 1.0 ms off; 0.0 ms are allowed. Raise 'slop'" in node.stderr
    )
    for name, value in [
        ("min_depth", 20.0),
        ("slop", -0.5),
        ("slop", -3.0),
        ("target_frame", "map"),
        ("radius", -1),
    ]:
        result = listener.set_parameter(name, value, "/deproject_node")
        assert not result.successful, name
        assert result.reason, name


def count(reports: list, what: str) -> int:
    told = {value.key: value.value for value in reports[-1].values} if reports else {}
    return int(told.get(what, 0))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda camera: camera.see(WHEN, k=[0.0] * 9), "no usable camera_info has come"),
        (
            lambda camera: camera.see(WHEN, depth_of_plane()[:, :320]),
            "depth has 320 × 480 pixels, camera_info 640",
        ),
        (lambda camera: camera.see(WHEN, width=320), "camera_info 320 × 480"),
        (lambda camera: camera.see(-900 * MS), "go backwards"),
        (lambda camera: camera.see(-BEGIN), "A depth picture has stamp zero"),
        (lambda camera: camera.point(-BEGIN, (320.0, 240.0)), "they have stamp zero"),
    ],
)
def test_what_cannot_be_right_gives_a_warning_and_no_points(deproject, depth_camera, listener, spoil, told):
    node = deproject()
    point = (320.0, 240.0)
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))
    spoil(depth_camera)
    depth_camera.found.clear()
    listener.wait(lambda: depth_camera.point(WHEN, point) or told in node.stderr)
    assert header(WHEN).stamp not in [message.header.stamp for message in depth_camera.found]
    again = 100 * MS
    found = depth_camera.answer(again, lambda: (depth_camera.see(again), depth_camera.point(again, point)))
    np.testing.assert_allclose(positions(found), [space(*point)], atol=1e-5)


def test_points_go_to_the_target_frame(deproject, depth_camera, listener):
    node = deproject("target_frame:=base", PYTHONPATH=f"{PROCESSES / 'tf2_stand_in'}:{Path.cwd()}")
    pixel = (400.0, 300.0)
    found = depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, pixel)))
    x, y, z = space(*pixel)
    assert found.header.frame_id == "base"
    np.testing.assert_allclose(positions(found), [[z + 0.1, 0.2 - x, 0.3 - y]], atol=1e-5)
    covariance = found.points[0].covariance.reshape(3, 3)
    assert covariance[0, 0] < covariance[1, 1], "the depth is now along x, and better known"
    lost = header(0)
    lost.frame_id = "nowhere"
    listener.wait(lambda: depth_camera.point(0, pixel, header=lost) or "nowhere passed to" in node.stderr)


def test_points_wait_for_tf_that_comes_after_them(deproject, depth_camera, listener):
    deproject("target_frame:=base", PYTHONPATH=f"{PROCESSES / 'tf2_stand_in'}:{Path.cwd()}")
    pixel = (400.0, 300.0)
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, pixel)))
    late = header(WHEN)
    late.frame_id = "late_camera"
    depth_camera.point(WHEN, pixel, header=late)  # once: asked again, tf knows
    listener.wait(
        lambda: depth_camera.see(WHEN) or late.stamp in [found.header.stamp for found in depth_camera.found]
    )


def test_without_tf2_a_target_frame_is_refused(start):
    node = start("-m", "ros_nodes.deproject_node", "--ros-args", "-p", "target_frame:=base")
    node.expected_exit = 2
    assert node.process.wait(60) == 2
    assert "target_frame needs tf2_ros" in node.stderr


def test_both_nodes_in_one_process_turn_a_picture_into_points_in_space(start, camera, depth_camera, listener):
    from tests.ros_nodes.pictures import GREEN, RED, stamp, take_pictures

    start(PROCESSES / "composed.py")
    pictures: list[Image] = []
    listener.node.create_subscription(Image, "image", pictures.append, qos_profile_sensor_data)

    def done() -> bool:  # the depth of each picture, as a camera would send it
        for picture in pictures:
            depth_camera.see(sum(a * b for a, b in zip(stamp(picture), (10**9, 1), strict=True)) - BEGIN)
        pictures.clear()
        return bool(depth_camera.found)

    take_pictures(listener, camera, done, rate=10)
    expected = [space(x + 0.5, y + 0.5) for x, y in (RED, GREEN)]
    np.testing.assert_allclose(positions(depth_camera.found[-1]), expected, atol=1e-4)
