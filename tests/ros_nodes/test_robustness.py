"""What robots do to nodes: processes are killed, namespaces double, clocks are simulated, days are long."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from rosgraph_msgs.msg import Clock

from tests.ros_nodes.camera_images import GREEN, RED, pixels, points_about, stamp, take_images

pytestmark = pytest.mark.ros


def kill(program) -> None:
    program.expected_exit = -signal.SIGKILL
    assert program.end(signal.SIGKILL) == -signal.SIGKILL


def test_node_and_camera_may_be_killed_and_come_back(blob_node, start_camera, listener):
    node, camera = blob_node({"query": "red"}), start_camera()
    points_about(listener, camera)
    kill(node)
    blob_node({"query": "red"})
    points_about(listener, camera)
    kill(camera)
    camera = start_camera()
    assert pixels(points_about(listener, camera)[-1]) == [[400.0, 120.0]]


def test_two_nodes_in_two_namespaces_do_not_meet(blob_node, start_camera, listener):
    from molmo_act_interfaces.msg import PointedPixels

    spots = {"left": RED, "right": GREEN}
    for name in spots:
        listener.listen(PointedPixels, f"/{name}/pointed_pixels")
        blob_node({"query": "red"}, f"__ns:=/{name}")
    for name, place in spots.items():
        answers = listener.received[f"/{name}/pointed_pixels"]
        camera = start_camera("-r", f"__ns:=/{name}")
        stamps = take_images(listener, camera, lambda: answers, spots={"red": place})  # noqa: B023
        assert pixels(answers[-1]) == [[*map(float, place)]]
        assert stamp(answers[-1]) in stamps
    assert not listener.received["pointed_pixels"], "nothing outside of the namespaces"


def test_simulated_time_is_the_time_of_diagnostics_and_ages(blob_node, start_camera, listener):
    clock = listener.node.create_publisher(Clock, "/clock", 10)
    now = 5000.0

    def tick() -> None:
        nonlocal now
        now += 0.01
        message = Clock()
        message.clock.sec, message.clock.nanosec = int(now), int(now % 1 * 1e9)
        clock.publish(message)

    listener.node.create_timer(0.01, tick)
    reports = listener.listen_to_health("/point_node")
    blob_node({"query": "red", "use_sim_time": "true"})
    camera = start_camera("-p", "use_sim_time:=true")
    answers = points_about(listener, camera)
    assert 5000 <= answers[-1].header.stamp.sec < 5000 + 200, "of the simulated clock"
    assert pixels(answers[-1]) == [[400.0, 120.0]]

    def age() -> float:
        told = {value.key: value.value for value in reports[-1].values} if reports else {}
        return float(told.get("capture to answer ms p50", "nan"))

    listener.wait(lambda: age() < 60_000)


def test_a_clock_that_stops_or_never_comes_is_on_diagnostics(blob_node, listener):
    """All waited for it, and the nodes were green."""
    clock = listener.node.create_publisher(Clock, "/clock", 10)
    inputs, own = listener.listen_to_inputs("/point_node"), listener.listen_to_health("/point_node")
    node = blob_node({"query": "red", "use_sim_time": "true"})

    def status(text: str):
        return next((one for one in inputs if one.name == "point_node: /clock" and text in one.message), None)

    assert listener.wait(lambda: status("nothing has come on /clock")).level != b"\x00"
    listener.wait(clock.get_subscription_count)
    message = Clock()
    for sec in range(100, 110):
        message.clock.sec = sec
        clock.publish(message)
        listener.wait_briefly(0.1)
    listener.wait(lambda: status("the simulated clock moves"))
    inputs.clear()
    own.clear()
    assert listener.wait(lambda: status("has stood still for")).level == b"\x01"
    listener.wait(lambda: any("has stood still" in one.message for one in own))
    assert node.stderr.count("has stood still") == 1, "once in the log"


def test_two_nodes_of_one_name_are_noticed(blob_node, start, listener):
    """The deproject node joins by the name of the node: it mixed objects of both."""
    deproject = start("-m", "molmo_act_ros", "deproject_node")
    reports = listener.listen_to_health("/deproject_node")
    blob_node({"query": "red"})
    blob_node({"query": "red"}, "__ns:=/arm", "/arm/pointed_pixels:=/pointed_pixels")
    listener.wait(lambda: listener.node.count_publishers("/pointed_pixels") == 2)
    reports.clear()
    listener.wait(lambda: len(reports) > 1)
    assert "have one name" not in deproject.stderr, "their namespaces differ"
    blob_node({"query": "green"})
    listener.wait(lambda: any("'/point_node' (2 times)" in report.message for report in reports))
    assert "'/point_node' (2 times)" in deproject.stderr
