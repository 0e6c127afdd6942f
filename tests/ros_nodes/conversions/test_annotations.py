"""Marks on images, as Foxglove and as an ImageMarker; Foxglove's messages with a stand-in."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from molmo_act_ros.conversions import annotations
from molmo_act_ros.conversions.colours import colour_of
from molmo_act_ros.interfaces import find_interfaces
from std_msgs.msg import Header

from molmo_act.outputs.points import Points
from molmo_act.outputs.tracks import Tracks

HEADER = Header(stamp=Time(sec=7), frame_id="camera")
ANSWERS = [
    Points(xy=[(1.5, 2.5)], score=[0.5], image_size=[(64, 48)], query="mug"),
    Points(xy=[], score=[], image_size=[(64, 48)], query="cat"),
    Points(xy=[(5.5, 6.5)], score=[0.25], object_id=[2], image_size=[(64, 48)], query="cup"),
]
_NAMES = ("ImageAnnotations", "CircleAnnotation", "TextAnnotation", "Point2", "Color")
STAND_IN = SimpleNamespace(**dict.fromkeys(_NAMES, SimpleNamespace))


@pytest.mark.parametrize(
    "types", [STAND_IN, find_interfaces("foxglove_msgs.msg")], ids=["stand-in", "foxglove_msgs"]
)
def test_foxglove_counts_from_the_corner_of_the_first_pixel(types):
    if types is None:
        pytest.skip("foxglove_msgs comes with ROS 2, not from PyPI")
    message = annotations.to_foxglove(annotations.marks_of_points(ANSWERS), HEADER, types)
    assert [(one.position.x, one.position.y) for one in message.circles] == [(1.5, 2.5), (5.5, 6.5)]
    assert [one.text for one in message.texts] == ["mug #1 0.50", "cup #2 0.25"]
    assert all(one.timestamp == HEADER.stamp for one in (*message.circles, *message.texts))
    colours = [one.outline_color for one in message.circles]
    assert [(c.r, c.g, c.b) for c in colours] == [colour_of(1), colour_of(3)], "that of the query"
    nothing = annotations.to_foxglove([], HEADER, types)
    assert (list(nothing.circles), list(nothing.texts)) == ([], [])


def test_an_image_marker_counts_from_the_centre_of_the_first_pixel():
    pytest.importorskip("visualization_msgs.msg")
    marker = annotations.to_image_marker(annotations.marks_of_points(ANSWERS), HEADER, "/point_node")
    assert (marker.type, marker.action, marker.ns) == (marker.POINTS, marker.ADD, "/point_node")
    assert marker.header == HEADER
    assert [(one.x, one.y, one.z) for one in marker.points] == [(1.0, 2.0, 0.0), (5.0, 6.0, 0.0)]
    assert len(marker.outline_colors) == 2
    nothing = annotations.to_image_marker([], HEADER, "/point_node")
    assert (nothing.action, len(nothing.points)) == (nothing.REMOVE, 0), "what was marked before goes"


def test_objects_that_are_hidden_are_not_marked():
    known = {"score": [0.5, 0.5], "visible": [True, False], "age": [0.0, 0.5], "query": ["mug", "cup"]}
    tracks = Tracks(
        0.5, 3, (64, 48), xy=[[1.5, 2.5], [3.5, 4.5]], object_id=[7, 8], source=["grounded"] * 2, **known
    )
    (mark,) = annotations.marks_of_tracks(tracks, ["cup", "mug"])
    assert mark == annotations.Mark(1.5, 2.5, "mug #7", 2)
