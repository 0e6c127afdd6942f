"""Positions of tracked objects: whose they are, and how old."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point
from molmo_act_ros.track_positions import TrackPositions
from std_msgs.msg import Header


def positions(node: str, second: int, **x_of: float) -> SimpleNamespace:
    points = [
        SimpleNamespace(object_id=number, label=label, position=Point(x=x))
        for number, (label, x) in enumerate(x_of.items(), 1)
    ]
    return SimpleNamespace(node=node, header=Header(stamp=Time(sec=second)), points=points)


def test_only_positions_of_own_pixels_are_taken():
    kept = TrackPositions("/track_node")
    kept.note_published(Time(sec=5))
    assert not kept.take(positions("/track_node", 6, red=1.0)), "of an image that it has not published"
    assert not kept.take(positions("/point_node", 5, red=1.0)), "of another node"
    assert kept.take(positions("/track_node", 5, red=1.0, green=2.0))
    assert kept.of(2, "green", Time(sec=5)).point.x == 2.0
    assert kept.of(2, "red", Time(sec=5)) is None, "an object of that number, and another query"
    assert kept.of(3, "blue", Time(sec=5)) is None
    assert kept.of(1, "red", Time(sec=5, nanosec=999_999_999)) is not None
    assert kept.of(1, "red", Time(sec=6)) is None, "a second old"
    assert kept.of(1, "red", Time(sec=4)) is None, "of the future"
    kept.clear()
    assert kept.of(1, "red", Time(sec=5)) is None
    assert not kept.take(positions("/track_node", 5, red=1.0))


def test_images_are_not_remembered_for_ever():
    kept = TrackPositions("/track_node")
    for second in range(1, 400):
        kept.note_published(Time(sec=second))
    assert not kept.take(positions("/track_node", 1))
    assert kept.take(positions("/track_node", 399))
