"""What the deproject node publishes of an image, with publishers that keep it."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
pytest.importorskip("molmo_act_interfaces", reason="built by `make setup`")
from builtin_interfaces.msg import Time
from molmo_act_interfaces import msg as types
from molmo_act_ros.deproject_outputs import DeprojectOutputs
from std_msgs.msg import Header


class Publisher:
    def __init__(self) -> None:
        self.sent: list = []
        self.heard = False

    def publish(self, message: object) -> None:
        self.sent.append(message)


class Node:
    def __init__(self) -> None:
        self.topics: dict[str, Publisher] = {}

    def resolve_topic_name(self, topic: str) -> str:
        return f"/arm/{topic}"

    @staticmethod
    def is_wanted(publisher: Publisher) -> bool:
        return publisher.heard

    def advertise(self, kind: type, topic: str, profile: object) -> Publisher:
        return self.topics.setdefault(topic, Publisher())


def point(score: float, label: str) -> object:
    return types.PointedPoint3D(score=score, label=label)


@pytest.mark.parametrize("with_markers", [True, False])
def test_the_best_point_has_the_highest_known_score_and_viewers_get_what_they_listen_to(with_markers):
    visualization = pytest.importorskip("visualization_msgs.msg") if with_markers else None
    node = Node()
    outputs = DeprojectOutputs(node, types, visualization)
    viewers = ["/arm/points_3d/cloud", *(["/arm/points_3d/markers"] if with_markers else [])]
    assert list(node.topics) == ["points_3d", "best_point_3d", *viewers]
    pixels = types.PointedPixels(header=Header(stamp=Time(sec=5), frame_id="camera"), node="/point_node")
    pixels.points = [types.PointedPixel()] * 4
    outputs.publish(pixels, [point(math.nan, "unknown"), point(0.2, "low"), point(0.7, "high")], "map")
    (found,), (best,) = node.topics["points_3d"].sent, node.topics["best_point_3d"].sent
    assert (found.without_depth, found.node, found.header.frame_id) == (1, "/point_node", "map")
    assert (best.point.label, best.header) == ("high", Header(stamp=Time(sec=5), frame_id="map"))
    assert not any(node.topics[topic].sent for topic in viewers)
    for topic in viewers:
        node.topics[topic].heard = True
    outputs.publish(pixels, [], "map")
    assert len(node.topics["best_point_3d"].sent) == 1, "nothing is no best point"
    assert [len(node.topics[topic].sent) for topic in viewers] == [1] * len(viewers)
