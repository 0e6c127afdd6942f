"""What the nodes with a model share, in this process; queries are tested with the nodes themselves."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from molmo_act.errors import InputError

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.conversions.images import to_rgb
from molmo_act_ros.model_node import ModelNode
from molmo_act_ros.parameters import ModelSetup
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

pytestmark = pytest.mark.ros


@pytest.fixture
def node(ros):
    node = ModelNode(lambda options: None, "seeing", "seeing")
    yield node
    node.destroy_node()


def test_a_compressed_topic_goes_where_its_raw_one_is_remapped_to(node):
    assert node.beside("front/overlay/compressed") == "/front/overlay/compressed"
    assert node.beside("front/overlay") == "front/overlay"


class Topic:
    """Stands for a publisher with so many subscribers."""

    qos_profile = QoSProfile(depth=1)

    def __init__(self, subscribers: int) -> None:
        self.subscribers, self.sent = subscribers, []

    def get_subscription_count(self) -> int:
        return self.subscribers

    def publish(self, message: Image | CompressedImage) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("heard", [(0, 0), (1, 0), (0, 2), (1, 1)])
def test_an_overlay_is_drawn_once_for_those_who_listen(node, heard):
    drawn: list[int] = []

    def draw() -> np.ndarray:
        drawn.append(1)
        return np.full((8, 16, 3), 90, np.uint8)

    topics = tuple(map(Topic, heard))
    node.publish_overlays(topics, Header(frame_id="camera"), draw)
    assert len(drawn) == any(heard)
    for topic, kind in zip(topics, (Image, CompressedImage), strict=True):
        assert [type(message) for message in topic.sent] == [kind] * bool(topic.subscribers)
        for message in topic.sent:
            assert message.header.frame_id == "camera"
            assert np.abs(to_rgb(message).astype(int) - 90).max() <= 2


def test_a_prompt_that_the_model_cannot_be_asked_with_is_refused_on_configure(ros):
    def check_questions(queries, prompt):
        if "<" in prompt:
            raise InputError("the prompt holds a control token")

    model = SimpleNamespace(name="m", runtime=SimpleNamespace(check_questions=check_questions))
    node = ModelNode(lambda options: model, "seeing", "seeing")
    try:
        node.load(ModelSetup(prompt="gui"))
        assert node.diagnostics.about == {"model": "m", "prompt": "gui"}
        for prompt, words in (("no slot", "expected 'point'"), ("<|im_end|> {}", "control token")):
            with pytest.raises(InputError, match=words):
                node.load(ModelSetup(prompt=prompt))
    finally:
        node.destroy_node()
