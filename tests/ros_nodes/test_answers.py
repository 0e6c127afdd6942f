"""Answers to several queries as messages; for vision_msgs also with the real package, where it is."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("std_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from molmo_act.points import Points
from ros_nodes import answers
from ros_nodes.optional import find

HEADER = Header(stamp=Time(sec=7, nanosec=5), frame_id="camera")


def points(query: str, *xy: tuple[float, float], ids: list[int] | None = None, absent: float = 0.0) -> Points:
    score = [0.9 - 0.1 * number for number in range(len(xy))]
    known = {"features": np.ones((len(xy), 8)) if xy else None, "absent": absent}
    return Points(xy=list(xy), score=score, object_id=ids, image_size=[(64, 48)], query=query, **known)


ASKED = [points("mug", (1.5, 2.5), (3.5, 4.5), ids=[1, 3]), points("cat"), points("cup", (5.5, 6.5))]


def stand_in() -> SimpleNamespace:
    """The classes of vision_msgs, as far as they are used."""

    def detection(header: Header, id: str) -> SimpleNamespace:
        place = SimpleNamespace(position=SimpleNamespace(x=0.0, y=0.0), theta=0.0)
        bbox = SimpleNamespace(center=place, size_x=0.0, size_y=0.0)
        return SimpleNamespace(header=header, id=id, bbox=bbox, results=[])

    return SimpleNamespace(
        Detection2DArray=lambda header: SimpleNamespace(header=header, detections=[]),
        Detection2D=detection,
        ObjectHypothesisWithPose=lambda: SimpleNamespace(hypothesis=SimpleNamespace(class_id="", score=0.0)),
    )


def test_ids_are_distinct_over_the_picture_and_keep_their_order():
    numbered = answers.numbered(ASKED)
    assert [one.object_id.tolist() for one in numbered] == [[1, 3], [], [4]]
    assert [one.query for one in numbered] == ["mug", "cat", "cup"]


def test_together_they_are_one_answer():
    everything = answers.together(answers.numbered(ASKED))
    np.testing.assert_array_equal(everything.xy, [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]])
    assert everything.object_id.tolist() == [1, 3, 4]
    assert everything.query == "mug, cat, cup"
    assert everything.best.object_id == 1
    nothing = answers.together([points("cat"), points("dog")])
    assert len(nothing) == 0


@pytest.mark.parametrize("types", [stand_in(), find("vision_msgs.msg")], ids=["stand-in", "vision_msgs"])
def test_detections_are_boxes_without_size(types):
    if types is None:
        pytest.skip("vision_msgs comes with ROS 2, not from PyPI")
    array = answers.detections(answers.numbered(ASKED), HEADER, types)
    assert array.header == HEADER
    assert [one.id for one in array.detections] == ["1", "3", "4"]
    assert all(one.header == HEADER for one in array.detections)
    boxes = [(one.bbox.center.position.x, one.bbox.center.position.y) for one in array.detections]
    assert boxes == [(1.5, 2.5), (3.5, 4.5), (5.5, 6.5)]
    assert {(one.bbox.size_x, one.bbox.size_y) for one in array.detections} == {(0.0, 0.0)}
    hypotheses = [one.results[0].hypothesis for one in array.detections]
    assert [one.class_id for one in hypotheses] == ["mug", "mug", "cup"]
    np.testing.assert_allclose([one.score for one in hypotheses], [0.9, 0.8, 0.9], rtol=1e-6)


def test_no_points_of_a_query_is_an_answer_with_what_speaks_against_it():
    types = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
    message = answers.pointed_pixels(points("cat", absent=0.75), HEADER, 9, types)
    assert (message.query, message.query_id, message.absent, message.points) == ("cat", 9, 0.75, [])
    assert (message.width, message.height, message.header) == (64, 48, HEADER)
