"""The deproject node in a process of its own; this one is the depth camera, and who points."""

from __future__ import annotations

import array
import io
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.support.paths import SOURCES

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("cv2", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from PIL import Image as PillowImage
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

pytestmark = pytest.mark.ros

PROCESSES = Path(__file__).parent / "processes"
WIDTH, HEIGHT, FOCAL = 640, 480, 600.0
K = [FOCAL, 0.0, 319.5, 0.0, FOCAL, 239.5, 0.0, 0.0, 1.0]  # whole numbers are pixel centres here
MIDDLE = (319.5, 239.5)
MS = 10**6
WHEN = 50 * MS
BEGIN = 1000 * 10**9  # nanoseconds of the first stamp


def space(u: float, v: float) -> tuple[float, float, float]:
    """Metres of what a pixel (centres at whole numbers) shows: a plane that leans, 1 m away."""
    x, y = (u + 0.5 - WIDTH / 2) / FOCAL, (v + 0.5 - HEIGHT / 2) / FOCAL
    z = 1.0 / (1 - 0.5 * x)
    return x * z, y * z, z


def depth_of_plane() -> np.ndarray:
    u, _ = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT))
    return 1.0 / (1 - 0.5 * (u - WIDTH / 2) / FOCAL)


class DepthCamera:
    """Publishes depth, camera_info and pointed pixels, each with the stamp that is asked for."""

    def __init__(self, listener) -> None:
        from molmo_act_interfaces.msg import PointedPixels, PointedPoint3DStamped, PointedPoints3D

        self.listener, node = listener, listener.node
        self.depth = node.create_publisher(Image, "depth", qos_profile_sensor_data)
        self.compressed = node.create_publisher(
            CompressedImage, "depth/compressedDepth", qos_profile_sensor_data
        )
        self.info = node.create_publisher(CameraInfo, "camera_info", qos_profile_sensor_data)
        self.pixels = node.create_publisher(PointedPixels, "pointed_pixels", 10)
        listener.listen(PointedPoints3D, "points_3d")
        listener.listen(PointedPoint3DStamped, "best_point_3d")
        listener.listen(PointCloud2, "points_3d/cloud")
        listener.listen(MarkerArray, "points_3d/markers")
        self.found = listener.received["points_3d"]

    def wait(self) -> None:
        """Until the node has found every topic, and is found."""
        publishers = (self.depth, self.info, self.pixels)
        self.listener.wait(lambda: all(one.get_subscription_count() for one in publishers))
        count = self.listener.node.count_publishers
        self.listener.wait(lambda: count("points_3d") and count("best_point_3d"))

    def see(
        self,
        when: int,
        metres: np.ndarray | None = None,
        encoding: str = "32FC1",
        frames: tuple[str, str] = ("camera_optical_frame", "camera_optical_frame"),
        compressed: bool = False,
        **camera,
    ) -> None:
        """Publishes depth, raw or compressed, and camera_info, each of a frame."""
        metres = depth_of_plane() if metres is None else metres
        kind = {"32FC1": "<f4", "16UC1": "<u2"}[encoding]
        rows = (metres if kind == "<f4" else np.round(metres * 1000)).astype(kind)
        depth_header, info_header = header(when), header(when)
        depth_header.frame_id, info_header.frame_id = frames
        image = Image(header=depth_header, height=len(rows), width=rows.shape[1], encoding=encoding)
        image.step, image.data = rows.shape[1] * rows.itemsize, array.array("B", rows.tobytes())
        known = {"width": WIDTH, "height": HEIGHT, "k": K, "distortion_model": "plumb_bob"}
        self.info.publish(CameraInfo(header=info_header, **known | camera))
        if compressed:
            self.compressed.publish(as_compressed_depth(rows, encoding, depth_header))
        else:
            self.depth.publish(image)

    def point(self, when: int, *pixels: tuple[float, float], query: str = "mug", **fields) -> None:
        from molmo_act_interfaces.msg import PointedPixel, PointedPixels, PointedQuery

        points = [
            PointedPixel(u=u, v=v, object_id=number + 1, score=0.9 - 0.1 * number, label=query, visible=True)
            for number, (u, v) in enumerate(pixels)
        ]
        message = PointedPixels(header=header(when), node="/point_node", width=WIDTH, height=HEIGHT)
        message.queries = [PointedQuery(query=query, query_id=3)]
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


def repeat_until_told(listener, node, told: str, again) -> None:
    """Does ``again()`` ten times a second until the node's log says so: a burst would push messages out."""
    listener.wait(lambda: again() or listener.wait_briefly(0.1) or told in node.stderr)


def as_compressed_depth(rows: np.ndarray, encoding: str, header: Header) -> CompressedImage:
    """What the transport compressedDepth makes of depth, with steps of inverse depth for metres."""
    a, b = (10100.0, -1009.0) if encoding == "32FC1" else (0.0, 0.0)
    steps = (np.where(rows > 0, a / np.maximum(rows, 1e-3) + b, 0) if a else rows).astype(np.uint16)
    file = io.BytesIO()
    PillowImage.fromarray(steps).save(file, "PNG")
    data = array.array("B", struct.pack("<iff", 0, a, b) + file.getvalue())
    return CompressedImage(header=header, format=f"{encoding}; compressedDepth png", data=data)


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
        node = start("-m", "molmo_act_ros", "deproject_node", "--ros-args", *words, **environment)
        depth_camera.wait()
        return node

    return start_node


def positions(message) -> np.ndarray:
    return np.array([[p.position.x, p.position.y, p.position.z] for p in message.points])


def test_points_are_where_geometry_says(deproject, depth_camera, listener):
    deproject()
    pixels = [(320.0, 240.0), (100.25, 50.75), (600.0, 400.0)]
    for when, encoding, compressed, tolerance in (
        *((3 * MS, "16UC1", True, 1e-3), (4 * MS, "32FC1", True, 1e-3)),
        *((5 * MS, "32FC1", False, 1e-5), (6 * MS, "16UC1", False, 1e-3)),
    ):
        metres = depth_of_plane()
        metres[0:60, 600:] = 0.0  # nothing was measured there

        def again(when=when, encoding=encoding, compressed=compressed, metres=metres) -> None:
            depth_camera.see(when, metres, encoding, compressed=compressed)
            depth_camera.point(when, *pixels, (630.0, 20.0))

        found = depth_camera.answer(when, again)
        np.testing.assert_allclose(positions(found), [space(*pixel) for pixel in pixels], atol=tolerance)
        assert (found.header, found.node) == (header(when), "/point_node")
        assert [(query.query, query.query_id) for query in found.queries] == [("mug", 3)]
        assert [(p.object_id, p.label) for p in found.points] == [(1, "mug"), (2, "mug"), (3, "mug")]
        assert found.without_depth == 1
    covariance = found.points[0].covariance.reshape(3, 3)
    hidden = depth_camera.answer(
        7 * MS, lambda: (depth_camera.see(7 * MS), depth_camera.hide(7 * MS, pixels[0]))
    )
    assert (len(hidden.points), hidden.without_depth) == (0, 1), "what is hidden has another depth"
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(1 / FOCAL, rel=0.1), "one pixel at one metre"
    assert 1e-5 < np.sqrt(covariance[2, 2]) < 2e-3, "steps of a millimetre"
    bests = listener.received["best_point_3d"]
    listener.wait(lambda: bests)
    clouds, markers = listener.received["points_3d/cloud"], listener.received["points_3d/markers"]
    listener.wait(lambda: clouds and markers)
    assert [field.name for field in clouds[-1].fields][:3] == ["x", "y", "z"]
    assert clouds[-1].header.frame_id == markers[-1].markers[0].header.frame_id == "camera_optical_frame"
    best = bests[-1].point
    assert (best.position.x, best.position.z) == pytest.approx((0.5 / FOCAL, 1.0), abs=1e-3)
    assert (best.label, best.object_id, bests[-1].node) == ("mug", 1, "/point_node")


def test_points_find_the_depth_of_their_moment(deproject, depth_camera, listener):
    node = deproject()
    reports = listener.listen_to_health("/deproject_node")
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, MIDDLE)))
    for number in range(1, 9):  # no more than the node's queue holds; the plane moves away
        depth_camera.see(number * 33 * MS, depth_of_plane() + number)
    found = depth_camera.answer(5 * 33 * MS, lambda: depth_camera.point(5 * 33 * MS, MIDDLE))
    assert found.points[0].position.z == pytest.approx(6.0, abs=1e-4)
    found = depth_camera.answer((6 * 33 + 16) * MS, lambda: depth_camera.point((6 * 33 + 16) * MS, MIDDLE))
    assert found.points[0].position.z == pytest.approx(7.0, abs=1e-4), "half a frame off is near enough"

    depth_camera.found.clear()
    late = 9 * 33 * MS
    depth_camera.point(late, MIDDLE)  # comes before its depth, and waits for it
    listener.wait(lambda: count(reports, "answers received") >= 4)
    assert not depth_camera.found
    depth_camera.see(late, depth_of_plane() + 1)
    listener.wait(lambda: depth_camera.found)
    assert depth_camera.found[-1].points[0].position.z == pytest.approx(2.0, abs=1e-4)

    assert listener.set_parameter("slop", 0.0, "/deproject_node").successful
    depth_camera.point((7 * 33 + 1) * MS, MIDDLE)
    listener.wait(
        lambda: "the nearest depth image is 1.0 ms off; 0.0 ms are allowed. Raise 'slop'" in node.stderr
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
        (
            lambda camera: camera.see(WHEN, k=[0.0] * 9),
            "camera_info cannot be used: CameraInfo of 'camera_optical_frame' has focal lengths 0 and 0",
        ),
        (
            lambda camera: camera.see(WHEN, depth_of_plane()[:, :320]),
            "depth has 320 × 480 pixels, camera_info 640",
        ),
        (lambda camera: camera.see(WHEN, width=320), "camera_info 320 × 480"),
        (lambda camera: camera.see(-2000 * MS), "went back by 2.0 s"),
        (lambda camera: camera.see(-BEGIN), "A depth image has stamp zero"),
        (lambda camera: camera.point(-BEGIN, (320.0, 240.0)), "they have stamp zero"),
    ],
)
def test_what_cannot_be_right_gives_a_warning_and_no_points(deproject, depth_camera, listener, spoil, told):
    node = deproject()
    point = (320.0, 240.0)
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))
    depth_camera.found.clear()
    repeat_until_told(listener, node, told, lambda: spoil(depth_camera) or depth_camera.point(WHEN, point))
    assert header(WHEN).stamp not in [message.header.stamp for message in depth_camera.found]
    again = 100 * MS
    found = depth_camera.answer(again, lambda: (depth_camera.see(again), depth_camera.point(again, point)))
    np.testing.assert_allclose(positions(found), [space(*point)], atol=1e-5)


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


def test_a_late_depth_image_costs_nothing_and_every_wait_has_an_end(deproject, depth_camera, listener):
    node = deproject()
    point, step = (320.0, 240.0), 33 * MS
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))
    order = [1, 2, 4, 3, 5, 6, 8, 9, 7]  # two of them late
    for number in order:
        depth_camera.see(number * step, depth_of_plane() + number)
        listener.wait_briefly(0.03)
    depth_camera.found.clear()
    for number in order:
        depth_camera.point(number * step, point)
    listener.wait(lambda: len(depth_camera.found) == len(order))
    for message in depth_camera.found:
        number = round((message.header.stamp.sec * 10**9 + message.header.stamp.nanosec - BEGIN) / step)
        assert message.points[0].position.z == pytest.approx(1.0 + number, abs=1e-2)

    depth_camera.found.clear()
    depth_camera.see(12 * step, depth_of_plane() + 2)  # overtakes the one that is asked about
    listener.wait_briefly(0.1)
    depth_camera.point(11 * step, point)
    listener.wait_briefly(0.2)
    depth_camera.see(11 * step, depth_of_plane() + 3)
    listener.wait(lambda: depth_camera.found)
    assert depth_camera.found[-1].points[0].position.z == pytest.approx(4.0, abs=1e-2)

    depth_camera.found.clear()
    soon = 12 * step + 5 * MS
    depth_camera.point(soon, point)  # a camera that takes one image only: its depth is a little older
    listener.wait(lambda: depth_camera.found)
    depth_camera.point(12 * step + 90 * MS, point)
    listener.wait(lambda: "the nearest depth image is 90.0 ms off" in node.stderr)
    told = "10.0 s newer than the newest depth image"
    repeat_until_told(listener, node, told, lambda: depth_camera.point(12 * step + 10**10, point))


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


def test_a_negative_stamp_is_refused_by_name_and_says_nothing_about_time(deproject, depth_camera, listener):
    node = deproject()
    point, before = (320.0, 240.0), -BEGIN - 5 * 10**9
    depth_camera.answer(0, lambda: (depth_camera.see(0), depth_camera.point(0, point)))
    for send, told in (
        (lambda: depth_camera.see(before), "A depth image has the negative stamp -5.000 s"),
        (lambda: depth_camera.see(before), "A camera_info has the negative stamp -5.000 s"),
        (lambda: depth_camera.point(before, point), "A message of pointed pixels has the negative stamp"),
    ):
        repeat_until_told(listener, node, told, send)
    assert "went back by" not in node.stderr
    depth_camera.answer(0, lambda: depth_camera.point(0, point))


def test_of_several_queries_there_is_one_best_point_with_its_label(deproject, depth_camera, listener):
    from molmo_act_interfaces.msg import PointedPixel, PointedQuery

    deproject()
    queries = [PointedQuery(query="cup", query_id=1), PointedQuery(query="mug", query_id=2)]
    points = [
        PointedPixel(u=100.0, v=100.0, object_id=1, query_id=1, score=0.5, label="cup", visible=True),
        PointedPixel(u=300.0, v=100.0, object_id=2, query_id=2, score=0.9, label="mug", visible=True),
        PointedPixel(u=500.0, v=100.0, object_id=3, query_id=2, score=0.7, label="mug", visible=True),
    ]
    bests, found = listener.received["best_point_3d"], depth_camera.found
    for number in range(5):
        fields = {"queries": queries, "points": points[number % 2 :] + points[: number % 2]}
        depth_camera.answer(
            number * MS,
            lambda number=number, fields=fields: (
                depth_camera.see(number * MS),
                depth_camera.point(number * MS, **fields),
            ),
        )

        def of_now(messages: list, number: int = number) -> list:
            return [message for message in messages if message.header == header(number * MS)]

        listener.wait_briefly(0.3)  # for one of each query, if there were one
        listener.wait(lambda: len(of_now(bests)) == len(of_now(found)))  # one for each image
        chosen = {(one.point.label, one.point.object_id, one.point.query_id) for one in bests}
        assert chosen == {("mug", 2, 2)}
        bests.clear()


def test_without_tf2_a_target_frame_is_refused(start, tmp_path):
    (tmp_path / "tf2_ros.py").write_text("raise ModuleNotFoundError('tf2_ros')")  # also where it is installed
    words = ["-m", "molmo_act_ros", "deproject_node", "--ros-args", "-p", "target_frame:=base"]
    node = start(*words, PYTHONPATH=f"{tmp_path}:{SOURCES}")
    node.expected_exit = 2
    assert node.process.wait(60) == 2
    assert "target_frame needs tf2_ros" in node.stderr


def test_both_nodes_in_one_process_turn_an_image_into_points_in_space(start, camera, depth_camera, listener):
    from tests.ros_nodes.camera_images import GREEN, RED, stamp, take_images

    start(PROCESSES / "composed.py")
    images: list[Image] = []
    listener.node.create_subscription(Image, "image", images.append, qos_profile_sensor_data)

    def done() -> bool:  # the depth of each image, as a camera would send it
        for image in images:
            depth_camera.see(sum(a * b for a, b in zip(stamp(image), (10**9, 1), strict=True)) - BEGIN)
        images.clear()
        return bool(depth_camera.found)

    take_images(listener, camera, done, rate=10)
    expected = [space(x, y) for x, y in (RED, GREEN)]
    np.testing.assert_allclose(positions(depth_camera.found[-1]), expected, atol=1e-4)
