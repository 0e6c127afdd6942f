"""All nodes in one namespace, as a robot runs them: whose point, track and position is whose."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`, where there is a C++ compiler")
pytest.importorskip("molmo_act.tracking.tracker", reason="needs the tracker", exc_type=ImportError)
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from tests.ros_nodes.camera_images import GREEN, RED, take_images
from tests.ros_nodes.depth_camera import BEGIN, DepthCamera, space
from tests.ros_nodes.program import PROCESSES

pytestmark = [pytest.mark.ros, pytest.mark.slow]


@pytest.mark.parametrize("shared", [False, True], ids=["as README says", "all positions on one topic"])
def test_feedback_has_the_position_of_its_own_object_and_of_no_other(start, camera, listener, shared):
    from molmo_act_interfaces.action import TrackObject
    from rclpy.action import ActionClient

    depth_camera = DepthCamera(listener)
    positions = "points_3d" if shared else "tracked_points_3d"
    start(PROCESSES / "blob_node.py", "--ros-args", "-p", "query:=green")
    start(PROCESSES / "blob_track_node.py", "--ros-args", "-r", f"tracked_points_3d:={positions}")
    deproject = ["-m", "molmo_act_ros", "deproject_node", "--ros-args"]
    start(*deproject)
    renamed = ["__node:=tracked_deproject", "pointed_pixels:=tracked_pixels"]
    renamed += [f"points_3d:={positions}", "best_point_3d:=tracked_best_point_3d"]
    start(*deproject, *(word for name in renamed for word in ("-r", name)))
    images: list[Image] = []
    listener.node.create_subscription(Image, "image", images.append, qos_profile_sensor_data)
    client = ActionClient(listener.node, TrackObject, "/track_node/track_object")
    listener.wait(client.server_is_ready)
    listener.settle("/track_node")

    def see() -> None:
        for image in images:
            depth_camera.see(image.header.stamp.sec * 10**9 + image.header.stamp.nanosec - BEGIN)
        images.clear()

    def placed() -> list:
        see()
        return [told for told in feedback if told.has_position]

    feedback: list = []
    take_images(listener, camera, lambda: see() or depth_camera.found, rate=10)
    sent = client.send_goal_async(
        TrackObject.Goal(query="red"), feedback_callback=lambda told: feedback.append(told.feedback)
    )
    take_images(listener, camera, lambda: see() or (sent.done() and sent.result().accepted), rate=10)
    take_images(listener, camera, lambda: len(placed()) > 20, rate=10, count=3)
    for told in placed():
        assert told.pixel.label == "red"
        where = told.position.point
        np.testing.assert_allclose([where.x, where.y, where.z], space(*RED), atol=1e-3)
    for message in depth_camera.found:
        for point in message.points:
            expected = {"green": GREEN, "red": RED}[point.label]
            position = [point.position.x, point.position.y, point.position.z]
            np.testing.assert_allclose(position, space(*expected), atol=1e-3)
            assert message.node == {"green": "/point_node", "red": "/track_node"}[point.label]
    client.destroy()

    told = listener.node.get_publishers_info_by_topic
    for topic, node in {"overlay": "point_node", "tracked_overlay": "track_node"}.items():
        listener.wait(lambda t=f"/{topic}", n=node: [info.node_name for info in told(t)] == [n])
    told = listener.node.get_subscriptions_info_by_topic
    for topic, node in {"query": "point_node", "tracked_query": "track_node"}.items():
        listener.wait(lambda t=f"/{topic}", n=node: [info.node_name for info in told(t)] == [n])
