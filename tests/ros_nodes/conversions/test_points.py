"""Points to messages: exact values, and one clear error for each way to be wrong.

Detections are tested with a stand-in for vision_msgs, and with the real package where it is installed.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("sensor_msgs", reason="needs the extra ros")
from builtin_interfaces.msg import Time
from molmo_act_ros.conversions import points as convert
from molmo_act_ros.interfaces import find_interfaces
from std_msgs.msg import Header

from molmo_act.outputs.points import Points
from molmo_act.outputs.tracks import Tracks

HEADER = Header(stamp=Time(sec=7, nanosec=123456789), frame_id="camera")


# The answers to several queries about one image


def answer(query: str, *xy: tuple[float, float], ids: list[int] | None = None, absent: float = 0.0) -> Points:
    score = [0.9 - 0.1 * number for number in range(len(xy))]
    known = {"features": np.ones((len(xy), 8)) if xy else None, "absent": absent}
    return Points(xy=list(xy), score=score, object_id=ids, image_size=[(64, 48)], query=query, **known)


ASKED = [answer("mug", (1.5, 2.5), (3.5, 4.5), ids=[1, 3]), answer("cat"), answer("cup", (5.5, 6.5))]


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


def test_ids_are_distinct_over_the_image_and_keep_their_order():
    numbered = convert.with_distinct_ids(ASKED)
    assert [one.object_id.tolist() for one in numbered] == [[1, 3], [], [4]]
    assert [one.query for one in numbered] == ["mug", "cat", "cup"]


def test_together_they_are_one_answer():
    everything = convert.merge(convert.with_distinct_ids(ASKED))
    np.testing.assert_array_equal(everything.xy, [[1.5, 2.5], [3.5, 4.5], [5.5, 6.5]])
    assert everything.object_id.tolist() == [1, 3, 4]
    assert everything.query == "mug, cat, cup"
    assert everything.best.object_id == 1
    nothing = convert.merge([answer("cat"), answer("dog")])
    assert len(nothing) == 0


@pytest.mark.parametrize(
    "types", [stand_in(), find_interfaces("vision_msgs.msg")], ids=["stand-in", "vision_msgs"]
)
def test_detections_are_boxes_without_size(types):
    if types is None:
        pytest.skip("vision_msgs comes with ROS 2, not from PyPI")
    array = convert.points_to_detections(convert.with_distinct_ids(ASKED), HEADER, types)
    assert array.header == HEADER
    assert [one.id for one in array.detections] == ["1", "3", "4"]
    assert all(one.header == HEADER for one in array.detections)
    boxes = [(one.bbox.center.position.x, one.bbox.center.position.y) for one in array.detections]
    assert boxes == [(1.0, 2.0), (3.0, 4.0), (5.0, 6.0)]
    assert {(one.bbox.size_x, one.bbox.size_y) for one in array.detections} == {(0.0, 0.0)}
    hypotheses = [one.results[0].hypothesis for one in array.detections]
    assert [one.class_id for one in hypotheses] == ["mug", "mug", "cup"]
    np.testing.assert_allclose([one.score for one in hypotheses], [0.9, 0.8, 0.9], rtol=1e-6)


def test_one_message_answers_all_queries_also_those_without_a_point():
    types = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
    answers = [answer("cat", absent=0.75), answer("mug", (1.5, 2.5)), answer("once", (3.5, 4.5), ids=[2])]
    message = convert.points_to_pixels(answers, HEADER, {"cat": 9, "mug": 4}, "/point_node", types)
    assert (message.width, message.height, message.header, message.node) == (64, 48, HEADER, "/point_node")
    assert [(q.query, q.query_id, q.absent) for q in message.queries] == [
        ("cat", 9, 0.75),
        ("mug", 4, 0.0),
        ("once", 0, 0.0),
    ]
    assert [(p.u, p.v, p.label, p.query_id, p.object_id) for p in message.points] == [
        (1.0, 2.0, "mug", 4, 1),
        (3.0, 4.0, "once", 0, 2),
    ]
    assert convert.pixel_to_xy(1.0, 2.0) == (1.5, 2.5)


def test_tracks_name_all_queries_and_do_not_know_what_is_absent():
    types = pytest.importorskip("molmo_act_interfaces.msg", reason="built by `make setup`")
    known = {"xy": [[1.5, 2.5]], "object_id": [7], "score": [0.5], "visible": [False], "age": [0.5]}
    tracks = Tracks(0.5, 3, (64, 48), source=["propagated"], query=["mug"], **known)
    message = convert.tracks_to_pixels(tracks, HEADER, {"mug": 2, "cat": 3}, "/track_node", types)
    assert [(q.query, q.query_id, math.isnan(q.absent)) for q in message.queries] == [
        ("mug", 2, True),
        ("cat", 3, True),
    ]
    (point,) = message.points
    assert (point.u, point.v, point.object_id, point.query_id, point.label) == (1.0, 2.0, 7, 2, "mug")
    assert (point.visible, point.source) == (False, point.PROPAGATED)
