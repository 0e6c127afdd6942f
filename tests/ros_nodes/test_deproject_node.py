"""The deproject node in a process of its own; this one is the depth camera, and who points."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("cv2", reason="needs the extra ros")
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from tests.ros_nodes.depth_camera import (
    BEGIN,
    FOCAL,
    MIDDLE,
    MS,
    WHEN,
    count,
    depth_of_plane,
    header,
    positions,
    repeat_until_told,
    space,
)
from tests.ros_nodes.program import PROCESSES

pytestmark = pytest.mark.ros


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
