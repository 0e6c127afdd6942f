"""The point node as it runs on a board: its real program, with an exported model and without torch."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")

from tests.ros_nodes.camera_images import RED, pixels, points_about

pytestmark = pytest.mark.ros


def test_a_node_points_with_an_exported_model(nano_onnx, start, camera, listener):
    setup = {"model": nano_onnx, "providers": "['auto']", "query": "the red square"}
    setup |= {"exactly": 1}  # nano is not sure of so small a spot; it is asked for the best place
    words = [word for name, value in setup.items() for word in ("-p", f"{name}:={value}")]
    node = start("-m", "tests.support.without_torch", "molmo_act_ros", "point_node", "--ros-args", *words)
    health = listener.listen_to_health("/point_node")
    [point] = pixels(points_about(listener, camera, spots={"red": RED})[-1])
    assert point == pytest.approx(RED, abs=5), node.stderr
    listener.wait(lambda: health)
    assert {"model": "nano"}.items() <= {each.key: each.value for each in health[-1].values}.items()
