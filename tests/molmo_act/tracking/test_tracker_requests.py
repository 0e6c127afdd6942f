"""What is asked of a tracker: queries and points that come and go, and what it refuses."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from molmo_act import InputError, MissingExtraError, QueryError, StreamingTracker
from tests.support.dot_streams import BLUE_DOT, DOTS, SYNCHRONOUS, TIMES, run
from tests.support.moving_dots import FPS, Pointer, draw


def test_queries_come_and_go():
    pointer = Pointer(DOTS)
    tracker = StreamingTracker(pointer, ["red"], SYNCHRONOUS)
    run(tracker, DOTS, TIMES[:5])
    assert tracker.add("blue") == ()
    tracks = tracker.update(draw(DOTS, 6 / FPS), 6 / FPS)  # looked for at once
    assert tracks.query == ("red", "blue")
    tracker.remove("red")
    assert tracker.queries == ("blue",)
    tracks = run(tracker, DOTS, TIMES[7:40])[-1]
    assert tracks.query == ("blue",)
    assert pointer.calls[-1] == ["blue"]


def test_a_point_is_tracked_without_words():
    tracker = StreamingTracker(Pointer(DOTS), [], SYNCHRONOUS)
    run(tracker, DOTS, TIMES[:1])
    assert tracker.add(tuple(BLUE_DOT.at(0))) == (1,)
    tracks = run(tracker, DOTS, TIMES[1:40])[-1]
    assert np.hypot(*(tracks.xy[0] - BLUE_DOT.at(tracks.timestamp))) < 2
    assert tracks.query == (None,)
    tracker.remove(1)
    assert len(tracker.update(draw(DOTS, 2.0), 2.0)) == 0


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda tracker: tracker.add((5, 5)), InputError, "before the first frame"),
        (lambda tracker: tracker.add(" "), QueryError, "empty"),
        (lambda tracker: tracker.remove(7), InputError, "no object 7"),
        (lambda tracker: tracker.remove("cup"), QueryError, "'cup' is not looked for"),
    ],
)
def test_what_cannot_be_added_or_removed(call, error, words):
    with pytest.raises(error, match=words):
        call(StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS))


# Each row: a point that is outside of the frame or no point.
NO_POINTS = [
    (-1, 5), (5, 240), (5,), (1, 2, 3), ("a", "b"), ("5", "6"), (float("nan"), 1), (float("inf"), 1),
    (True, 1), 5, None, b"ab", {1, 2}, np.ones((2, 2)), [[1], [2]], (10**400, 1),
]  # fmt: skip


@pytest.mark.parametrize("point", NO_POINTS)
def test_a_point_outside_of_the_frame_or_no_point_is_refused(point):
    tracker = StreamingTracker(Pointer(DOTS), [], SYNCHRONOUS)
    tracker.update(draw(DOTS, 0), 0)
    with pytest.raises(InputError, match="point"):
        tracker.add(point)
    assert len(tracker.update(draw(DOTS, 1), 1)) == 0


def test_a_point_may_be_a_tuple_a_list_or_an_array():
    tracker = StreamingTracker(Pointer(DOTS), [], SYNCHRONOUS)
    tracker.update(draw(DOTS, 0), 0)
    xy = (60.0, 120.0)
    assert [tracker.add(one) for one in (xy, list(xy), np.array(xy, np.float32))] == [(1,), (2,), (3,)]


@pytest.mark.parametrize("what", [None, 1.0, True, [1], "1", (1, 2), -1])
def test_only_ids_and_queries_are_removed(what):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    tracker.update(draw(DOTS, 0), 0)
    with pytest.raises(InputError):
        tracker.remove(what)
    assert len(tracker.update(draw(DOTS, 1), 1)) == 1
    tracker.remove(np.int64(1))


@pytest.mark.parametrize(
    "frames", ["clip.mp4", None, 5, draw(DOTS, 0), [draw(DOTS, 0)], [(draw(DOTS, 0),)], [3]]
)
def test_what_is_no_stream_of_pairs_is_refused(frames):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    with pytest.raises(InputError, match="pairs of a frame and its timestamp"):
        list(tracker.track(frames))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None,), "pointer is None"),
        ((Pointer(DOTS), ["red"], {"rate": 2}), "config is"),
        ((Pointer(DOTS), [3]), "query is a int"),
        ((Pointer(DOTS), None), "query is a NoneType"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        StreamingTracker(*arguments)


def test_one_query_needs_no_list():
    assert StreamingTracker(Pointer(DOTS), "red", SYNCHRONOUS).queries == ("red",)


@pytest.mark.parametrize(
    ("package", "name"), [("cv2", "opencv-python-headless"), ("scipy.optimize", "scipy")]
)
def test_a_missing_package_names_its_extra(monkeypatch, package, name):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{name}.*\[video\]"):
        StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda tracker: tracker.update(draw(DOTS, 1), "1"), "timestamp is '1'; expected seconds"),
        (lambda tracker: tracker.update(draw(DOTS, 1), True), "timestamp is True; expected seconds"),
        (lambda tracker: tracker.add(("5", "6")), r"Got \('5', '6'\) to track"),
        (lambda tracker: tracker.add((True, False)), r"Got \(True, False\) to track"),
        (lambda tracker: tracker.remove([1]), r"The object to remove is \[1\]"),
        (lambda tracker: tracker.remove(1.5), "The object to remove is 1.5"),
        (lambda tracker: list(tracker.track(5)), "frames is 5; expected pairs of a frame and its timestamp"),
        (lambda tracker: list(tracker.track([draw(DOTS, 0)])), "An element of frames is of type ndarray"),
        (lambda tracker: list(tracker.track([(draw(DOTS, 0),)])), "An element of frames is of type tuple"),
        (lambda _: StreamingTracker(None, ["red"]), "pointer is None; expected a function"),
        (
            lambda _: StreamingTracker(Pointer(DOTS), ["red"], {"rate": 2}),
            "expected a TrackerConfig",
        ),
    ],
)
def test_wrong_kinds_of_arguments(call, words):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    tracker.update(draw(DOTS, 0), 0.0)
    with pytest.raises(InputError, match=words):
        call(tracker)
    tracker.update(draw(DOTS, 0.1), 0.1)  # it is as it was
