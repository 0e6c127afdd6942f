"""What is asked of a tracker: queries and points that come and go, and what it refuses."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from molmo_act import InputError, MissingExtraError, QueryError, StreamingTracker, TrackerSettings
from tests.molmo_act.tracking.moving_dots import FPS, Pointer, draw
from tests.molmo_act.tracking.scene import BLUE_DOT, DOTS, IN_STEP, TIMES, run


def test_queries_come_and_go():
    pointer = Pointer(DOTS)
    tracker = StreamingTracker(pointer, ["red"], IN_STEP)
    run(tracker, DOTS, TIMES[:5])
    assert tracker.add("blue") == ()
    tracks = tracker.update(draw(DOTS, 6 / FPS), 6 / FPS)  # looked for at once
    assert tracks.query == ("red", "blue")
    tracker.remove("red")
    assert tracker.queries == ("blue",)
    tracks = run(tracker, DOTS, TIMES[7:40])[-1]
    assert tracks.query == ("blue",)
    assert pointer.calls[-1] == ["blue"]


def test_a_point_is_followed_without_words():
    tracker = StreamingTracker(Pointer(DOTS), [], IN_STEP)
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
        call(StreamingTracker(Pointer(DOTS), ["red"], IN_STEP))


@pytest.mark.parametrize("point", [(-1, 5), (5, 240), (5,), "ab", (float("nan"), 1)])
def test_a_point_outside_of_the_frame_is_refused(point):
    tracker = StreamingTracker(Pointer(DOTS), [], IN_STEP)
    tracker.update(draw(DOTS, 0), 0)
    with pytest.raises(InputError):
        tracker.add(tuple(point))


@pytest.mark.parametrize(
    "settings",
    [
        {"rate": 0},
        {"rate": float("nan")},
        {"memory": -1},
        {"latency": -1, "synchronous": True},
        {"latency": 1},
        {"patience": 0},
        {"max_objects": 0},
    ],
)
def test_settings_out_of_range(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        TrackerSettings(**settings)


@pytest.mark.parametrize(
    ("package", "name"), [("cv2", "opencv-python-headless"), ("scipy.optimize", "scipy")]
)
def test_a_missing_package_names_its_extra(monkeypatch, package, name):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{name}.*molmo-act\[video\]"):
        StreamingTracker(Pointer(DOTS), ["red"], IN_STEP)
