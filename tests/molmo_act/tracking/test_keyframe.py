"""Groundings of keyframes: which points become detections, and where they are once the model has answered."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act import PlatformError, Points
from molmo_act.tracking.frame_buffer import FlowFrame, FrameBuffer
from molmo_act.tracking.keyframe import Keyframe, StatelessPointer, StreamPointer, catch_up, ground
from tests.support.dot_streams import BLUE_DOT, RED_DOT
from tests.support.moving_dots import FPS, SIZE, Dot, Pointer, draw


def keyframe(dots: list[Dot], queries: tuple[str, ...], *, larger: int = 1) -> Keyframe:
    """The frame at 0 s, its pixels repeated, at the beginning of a buffer."""
    image = draw(dots, 0).repeat(larger, axis=0).repeat(larger, axis=1)
    return Keyframe(FlowFrame.from_image(0, 0.0, image), image, queries, FrameBuffer())


def answering(*answers: Points) -> StatelessPointer:
    return StatelessPointer(lambda image, queries: list(answers))


def points(query: str, *xy: tuple[float, float], score: list[float]) -> Points:
    features = np.arange(3.0 * len(xy)).reshape(-1, 3)
    return Points(xy=np.array(xy), score=score, image_size=[SIZE], query=query, features=features)


def test_of_several_points_on_one_object_the_best_stays():
    near = points("red", (60, 120), (62, 121), (250, 30), score=[0.3, 0.9, 0.5])
    grounding = ground(answering(near), keyframe([RED_DOT, BLUE_DOT], ("red",)))
    assert [one.score for one in grounding.detections] == pytest.approx([0.9, 0.5])  # best first
    assert [one.features.tolist() for one in grounding.detections] == [[3, 4, 5], [6, 7, 8]]
    assert grounding.detections[0].keyframe_point.xy.tolist() == [62, 121]


def test_points_of_different_queries_may_lie_on_one_object():
    both = points("red", (60, 120), score=[0.3]), points("round", (60, 120), score=[0.2])
    grounding = ground(answering(*both), keyframe([RED_DOT], ("red", "round")))
    assert [one.query for one in grounding.detections] == ["red", "round"]


def test_points_come_in_pixels_of_the_image_and_are_kept_in_those_of_the_flow():
    given = keyframe([RED_DOT], ("red",), larger=4)  # 1280 × 960, scaled down to half
    [detection] = ground(StatelessPointer(Pointer([RED_DOT])), given).detections
    assert given.frame.scale == pytest.approx([0.5, 0.5])
    assert detection.keyframe_point.xy == pytest.approx(RED_DOT.at(0) * 2, abs=1.5)


def test_detections_catch_up_with_the_frames_that_came_since():
    given = keyframe([RED_DOT], ("red",))
    grounding = ground(StatelessPointer(Pointer([RED_DOT])), given)
    assert catch_up(grounding) is grounding  # there is no later frame
    for number in range(1, 10):
        given.buffer.append(FlowFrame.from_image(number, number / FPS, draw([RED_DOT], number / FPS)))
    later = catch_up(grounding)
    [detection] = later.detections
    assert later.current_frame.number == 9
    assert detection.keyframe_point.xy == pytest.approx(RED_DOT.at(0), abs=1)
    assert detection.current_point.xy == pytest.approx(RED_DOT.at(9 / FPS), abs=1)


def test_a_detection_that_flow_loses_stays_lost():
    given = keyframe([RED_DOT], ("red",))
    grounding = ground(StatelessPointer(Pointer([RED_DOT])), given)
    for number in range(1, 6):
        shown = [] if number == 3 else [RED_DOT]
        given.buffer.append(FlowFrame.from_image(number, number / FPS, draw(shown, number / FPS)))
    [detection] = catch_up(grounding).detections
    assert detection.current_point is None
    assert detection.keyframe_point.xy == pytest.approx(RED_DOT.at(0), abs=1)


def test_a_function_becomes_a_stream_pointer():
    pointer = StatelessPointer(Pointer([RED_DOT]))
    assert isinstance(pointer, StreamPointer)
    assert not isinstance(Pointer([RED_DOT]), StreamPointer)
    pointer.reset()
    [found] = pointer.point(draw([RED_DOT], 0), 5.0, ["red"])
    assert found.xy[0] == pytest.approx(RED_DOT.at(0), abs=1)


class OneQueryFails:
    """A stream pointer that knows red dots and raises for everything else."""

    def __init__(self, error: Exception) -> None:
        self.asked: list[list[str]] = []
        self._error, self._perfect = error, Pointer([RED_DOT])

    def reset(self) -> None:
        """Forgets nothing."""

    def point(self, image, seconds, queries):
        self.asked.append(queries)
        if set(queries) - {"red"}:
            raise self._error
        return self._perfect(image, queries)


@pytest.mark.parametrize("queries", [("red", "round"), ("round", "red"), ("round", "red", "square")])
def test_a_query_that_fails_costs_no_other_its_answer(queries):
    error = IndexError("index out of range")
    grounding = ground(OneQueryFails(error), keyframe([RED_DOT], queries))
    assert [one.query for one in grounding.detections] == ["red"]
    assert grounding.keyframe.queries == ("red",)  # nothing is said of the others: they are not missed
    assert grounding.failed == {query: error for query in queries if query != "red"}


def test_a_model_that_fails_on_every_query_raises():
    with pytest.raises(IndexError, match="out of range"):
        ground(OneQueryFails(IndexError("out of range")), keyframe([RED_DOT], ("round", "square")))


def test_a_machine_without_memory_is_not_asked_again():
    pointer = OneQueryFails(PlatformError("memory ran out"))
    with pytest.raises(PlatformError, match="memory"):
        ground(pointer, keyframe([RED_DOT], ("red", "round")))
    assert pointer.asked == [["red", "round"]]
