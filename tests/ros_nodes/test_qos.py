"""What the nodes say of partners that do not match, and of topics that bring nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros import qos
from rclpy.duration import Duration
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSLivelinessPolicy,
    QoSProfile,
    QoSReliabilityPolicy,
)


def profile(**policies) -> QoSProfile:
    return QoSProfile(depth=1, **policies)


BEST_EFFORT = {"reliability": QoSReliabilityPolicy.BEST_EFFORT}
LATCHED = {"durability": QoSDurabilityPolicy.TRANSIENT_LOCAL}


@pytest.mark.parametrize(
    ("offered", "requested", "policy"),
    [
        ({}, {}, None),
        ({}, BEST_EFFORT, None),
        (BEST_EFFORT, {}, "reliability"),
        (LATCHED, {}, None),
        ({}, LATCHED, "durability"),
        ({}, {"deadline": Duration(seconds=1)}, "deadline"),
        ({"deadline": Duration(seconds=1)}, {"deadline": Duration(seconds=2)}, None),
        ({"deadline": Duration(seconds=3)}, {"deadline": Duration(seconds=2)}, "deadline"),
        ({}, {"liveliness": QoSLivelinessPolicy.MANUAL_BY_TOPIC}, "liveliness"),
    ],
)
def test_an_incompatible_policy_is_named_with_its_remedy(offered, requested, policy):
    texts = [
        mismatch("points", profile(**offered), profile(**requested))
        for mismatch in (qos.mismatch_of_subscriber, qos.mismatch_of_publisher)
    ]
    if policy is None:
        assert texts == [None, None]
        return
    assert f"A subscriber of 'points' gets nothing: its {policy} is not what this node offers." in texts[0]
    assert f"A publisher of 'points' is not heard: its {policy} is less than this node asks for." in texts[1]
    assert all("Let it " in text for text in texts)


def test_messages_of_another_type_are_named():
    raw, compressed = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
    assert qos.mismatch_of_type("image", "/cam", raw, raw) is None
    text = qos.mismatch_of_type("image", "/cam", compressed, raw)
    assert f"'/cam' brings {compressed}, but 'image' takes {raw}" in text


def test_a_silent_topic_is_named_with_what_to_do():
    names = ["/cam/image", "/cam/image/compressed"]
    nobody = qos.silence_text("image", names, published=False)
    assert "'/cam/image' or '/cam/image/compressed'" in nobody
    assert "--ros-args -r image:=/its/topic" in nobody
    somebody = qos.silence_text("image", names, published=True)
    assert "somebody publishes" in somebody
    assert "another transport than the default" in somebody
    dead = qos.silence_text("image", names, published=False, silent=3.2)
    assert "for 3 s, and nobody publishes there any more" in dead
    stuck = qos.silence_text("image", names, published=True, silent=3.2)
    assert "for 3 s, though somebody publishes there" in stuck


def test_too_little_shared_memory_is_said_where_the_profile_is_on(monkeypatch, tmp_path):
    sizes = SimpleNamespace(total=64 << 20)
    monkeypatch.setattr(qos.shutil, "disk_usage", lambda folder: sizes)
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "")
    assert qos.shared_memory_problem(tmp_path) is None
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "fastdds_shm.xml")
    assert "has 64 MiB" in qos.shared_memory_problem(tmp_path)
    assert "--shm-size=128m" in qos.shared_memory_problem(tmp_path)
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "fastdds_udp.xml")
    assert qos.shared_memory_problem(tmp_path) is None
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "fastdds_shm.xml")
    assert qos.shared_memory_problem(tmp_path / "elsewhere") is None
    sizes.total = 24 << 30
    assert qos.shared_memory_problem(tmp_path) is None


def test_the_profile_that_is_on_is_not_advised(monkeypatch):
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "fastdds_shm.xml")
    text = qos.silence_text("image", ["/image"], published=True)
    assert "this node uses a profile already" in text
    assert "README" not in text
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", "/somewhere/fastdds_udp.xml")
    text = qos.silence_text("image", ["/image"], published=True)
    assert "net.core.rmem_max" in text
    assert "/dev/shm" not in text


def test_images_are_never_queued_and_answers_never_lost():
    assert (qos.NEWEST_FRAME.depth, qos.NEWEST_FRAME.reliability) == (1, QoSReliabilityPolicy.BEST_EFFORT)
    assert qos.RESULTS.reliability == QoSReliabilityPolicy.RELIABLE


def test_nodes_of_one_name_are_named():
    point, other = ("/", "point_node"), ("/arm", "point_node")
    unknown = ("_NODE_NAMESPACE_UNKNOWN_", "_NODE_NAME_UNKNOWN_")
    assert qos.namesakes("pointed_pixels", [point, other, unknown, unknown]) is None
    text = qos.namesakes("pointed_pixels", [point, other, point])
    assert "'/point_node' (2 times)" in text
    assert "-r __node:=another_name" in text
