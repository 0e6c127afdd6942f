"""What can go wrong on an endless stream: frames, times, models, and memory."""

from __future__ import annotations

import copy
import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest

import molmo_act
from molmo_act import InputError, QueryError, StreamingTracker, TrackerConfig
from tests.support.dot_streams import DOTS, RED_DOT, SYNCHRONOUS, TIMES, nearest_error, run
from tests.support.moving_dots import FPS, RED, Dot, Pointer, draw


def test_a_model_that_fails_is_counted_and_asked_again():
    perfect = Pointer(DOTS)
    turns = iter([RuntimeError("out of memory"), None, RuntimeError("again"), None, None, None])

    def shaky(image, queries):
        error = next(turns)
        if error:
            raise error
        return perfect(image, queries)

    tracker = StreamingTracker(shaky, ["red"], SYNCHRONOUS)
    history = run(tracker, DOTS)
    assert tracker.stats.grounding_errors == 2
    assert str(tracker.stats.last_error) == "again"
    assert tracker.stats.groundings == 4
    assert nearest_error(history[-1], RED_DOT) < 1.5


@pytest.mark.parametrize("answers", [0, 1])
def test_a_stream_on_which_the_model_never_answered_ends_with_its_error(answers):
    perfect, turns = Pointer(DOTS), iter(range(6))

    def failing(image, queries):
        if next(turns) >= answers:
            raise RuntimeError("the window is too long")
        return perfect(image, queries)

    tracker = StreamingTracker(failing, ["red"], TrackerConfig(rate=2, synchronous=True))
    frames = ((draw(DOTS, time), time) for time in TIMES[:30])
    if answers:
        assert len(list(tracker.track(frames))) == 30
    else:
        with pytest.raises(RuntimeError, match="too long"):
            list(tracker.track(frames))
    assert tracker.stats.grounding_errors >= 1


def test_a_query_that_fails_for_a_while_keeps_its_objects():
    pointer, turn = Pointer(DOTS), []

    def point(image, queries):
        if "red" in queries and 2 <= len(turn) <= 30:
            raise RuntimeError("not now")
        return pointer(image, queries)

    tracker = StreamingTracker(point, ["red", "blue"], SYNCHRONOUS)
    for time in TIMES:
        turn.append(time)
        tracks = tracker.update(draw(DOTS, time), time)
        assert (tuple(tracks.query), tuple(tracks.object_id)) == (("red", "blue"), (1, 2))
    assert tracker.stats.grounding_errors > 0


def test_times_that_hardly_differ_give_no_endless_velocity():
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    for index in range(8):
        tracks = tracker.update(draw(DOTS if index < 4 else [], index / FPS), 5e-324 * (index + 1))
        assert np.isfinite(tracks.xy).all()
    assert np.isfinite(tracker.update(draw(DOTS, 8 / FPS), 1.0).xy).all()


@pytest.mark.parametrize("used", [False, True])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
@pytest.mark.parametrize("synchronous", [False, True])
def test_a_tracker_says_that_it_cannot_be_copied_or_pickled(used, copied, synchronous):
    with StreamingTracker(Pointer(DOTS), ["red"], TrackerConfig(synchronous=synchronous)) as tracker:
        if used:
            tracks = tracker.update(draw(DOTS, 0), 0.0)
            assert pickle.loads(pickle.dumps(tracks)).to_dict() == tracks.to_dict()
        with pytest.raises(TypeError, match="cannot be copied or pickled"):
            copied(tracker)
        assert pickle.loads(pickle.dumps(tracker.config)) == tracker.config


def test_a_failing_thread_neither_stops_nor_blocks_the_stream():
    def broken(image, queries):
        raise RuntimeError("no")

    with StreamingTracker(broken, ["red"], TrackerConfig(rate=100)) as tracker:
        for index in range(4000):
            tracker.update(draw(DOTS, 0), index / FPS)
            if tracker.stats.grounding_errors >= 2:
                break
    assert tracker.stats.grounding_errors >= 2


def test_a_query_with_no_match_is_no_trouble():
    tracker = StreamingTracker(Pointer(DOTS), ["never there"], TrackerConfig(rate=1, synchronous=True))
    frame = draw(DOTS, 0)
    assert not any(len(tracker.update(frame, float(second))) for second in range(300))  # five minutes
    assert tracker.stats.groundings == 300


@pytest.mark.parametrize("timestamp", [1.0, 0.5, float("nan"), float("inf"), -1.0, None, "now", "2", True])
def test_a_timestamp_that_is_no_later_one_is_refused_and_nothing_changes(timestamp):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    tracker.update(draw(DOTS, 0), 1.0)
    with pytest.raises(InputError, match="timestamp"):
        tracker.update(draw(DOTS, 0), timestamp)
    assert (tracker.stats.frames, tracker.stats.rejected) == (1, 1)
    assert len(tracker.update(draw(DOTS, 0), 1.1)) == 1


@pytest.mark.parametrize("frame", [None, np.zeros((0, 4, 3), np.uint8), np.full((4, 4, 3), np.nan)])
def test_a_frame_that_is_no_image_is_refused(frame):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    with pytest.raises(molmo_act.ImageError):
        tracker.update(frame, 0.0)
    assert tracker.stats.rejected == 1


def test_frames_of_another_size_start_anew_with_the_same_queries():
    tracker = StreamingTracker(Pointer(DOTS), ["red"], SYNCHRONOUS)
    run(tracker, DOTS, TIMES[:5])
    larger = np.repeat(np.repeat(draw(DOTS, 0.2), 2, 0), 2, 1)
    tracks = tracker.update(larger, 0.2)
    assert tracker.stats.restarts == 1
    assert tracks.image_size == (640, 480)
    assert tracks.object_id.tolist() == [2]
    assert np.hypot(*(tracks.xy[0] / 2 - RED_DOT.at(0.2))) < 1.5


def test_frames_may_change_their_size_while_the_model_looks():
    release, looked = threading.Event(), threading.Event()
    perfect = Pointer(DOTS)

    def slow(image, queries):
        assert release.wait(60)
        looked.set()
        return perfect(image, queries)

    with StreamingTracker(slow, ["red"], TrackerConfig(rate=2)) as tracker:
        run(tracker, DOTS, TIMES[:5])
        half = draw(DOTS, 0.2)[::2, ::2]
        tracker.update(half, 0.2)
        release.set()
        assert looked.wait(60)
        for index in range(1, 4000):
            tracks = tracker.update(half, 0.2 + index / FPS)
            if len(tracks):
                break
    assert tracks.image_size == (160, 120)
    assert np.hypot(*(tracks.xy[0] * 2 - RED_DOT.at(0.2))) < 2
    assert (tracker.stats.restarts, tracker.stats.grounding_errors) == (1, 0)


def test_an_answer_about_frames_before_a_reset_is_dropped():
    config = TrackerConfig(rate=1, synchronous=True, latency=0.2)
    tracker = StreamingTracker(Pointer(DOTS), ["red"], config)
    run(tracker, DOTS, TIMES[:3])
    tracker.reset()
    history = run(tracker, DOTS, TIMES[:8])  # timestamps begin anew
    assert [len(tracks) for tracks in history] == [0] * 6 + [1, 1]
    assert tracker.stats.groundings == 1


def test_a_closed_tracker_takes_nothing_and_leaves_no_thread():
    before = threading.active_count()
    tracker = StreamingTracker(Pointer(DOTS), ["red"])
    tracker.update(draw(DOTS, 0), 0.0)
    tracker.close()
    tracker.close()
    assert threading.active_count() == before
    with pytest.raises(InputError, match="closed"):
        tracker.update(draw(DOTS, 0), 1.0)


@pytest.mark.slow
def test_nothing_grows_on_an_endless_stream():
    """Objects come, go, and are forgotten: no more is held at the end than was near the beginning."""
    config = TrackerConfig(rate=2, synchronous=True, lost_timeout=1, latency=0.2)
    visitors = [Dot("red", RED, lambda t, i=i: (40 + (70 * t + 97 * i) % 400, 60 + 80 * i)) for i in range(2)]
    tracker = StreamingTracker(Pointer(visitors), ["red", "never there"], config)
    held = []
    for index in range(600):
        tracker.update(draw(visitors, index / FPS), index / FPS)
        held.append((len(tracker._tracks), len(tracker._buffer)))
    assert max(held[300:]) <= max(held[:300])
    assert tracker.stats.groundings > 35


def test_a_model_that_never_answers_keeps_a_bounded_number_of_frames():
    config = TrackerConfig(rate=2, synchronous=True, latency=1e6)
    tracker = StreamingTracker(Pointer(DOTS), ["red"], config)
    frame = draw(DOTS, 0)
    for index in range(300):
        tracker.update(frame, index / FPS)
    assert len(tracker._buffer) <= 64


def test_a_query_on_which_the_model_fails_is_counted_and_stops_no_other(caplog):
    perfect = Pointer(DOTS)

    def picky(image, queries):
        if "round" in queries:
            raise IndexError("index out of range")
        return perfect(image, queries)

    tracker = StreamingTracker(picky, ["round", "red"], SYNCHRONOUS)
    history = run(tracker, DOTS)
    assert nearest_error(history[-1], RED_DOT) < 1.5
    assert set(history[-1].query) == {"red"}
    assert 0 < tracker.stats.grounding_errors < tracker.stats.groundings  # it is not asked every time
    assert str(tracker.stats.last_error) == "index out of range"
    assert caplog.messages == ["The model failed on the query 'round': index out of range"]


def test_queries_are_checked_as_the_model_wants():
    def refuse(query):
        if "<" in query:
            raise QueryError(f"{query} holds a control token")

    with pytest.raises(QueryError, match="control token"):
        StreamingTracker(Pointer(DOTS), "<POINT_0>", check_query=refuse)
    tracker = StreamingTracker(Pointer(DOTS), "red", check_query=refuse)
    assert tracker.queries == ("red",)  # one, not three letters
    with pytest.raises(QueryError, match="control token"):
        tracker.add("<POINT_0>")
    assert tracker.queries == ("red",)


def test_tracks_say_that_the_newest_answer_was_not_complete():
    perfect, cut = Pointer(DOTS), [True, False, False]

    def hasty(image, queries):
        truncated = cut.pop(0) if cut else False
        return [replace(points, truncated=truncated) for points in perfect(image, queries)]

    tracker = StreamingTracker(hasty, ["red"], TrackerConfig(rate=2, synchronous=True))
    history = [tracker.update(draw(DOTS, time), time) for time in TIMES[:30]]
    said = [tracks.truncated for tracks in history]
    assert said[0]
    assert said == sorted(said, reverse=True)  # until the next answer
    assert not said[-1]


@pytest.mark.parametrize("timestamp", [1e300, -1e300, 1.8e12])
def test_a_timestamp_that_is_no_second_of_a_stream_leaves_the_tracker_as_it_was(timestamp):
    tracker = StreamingTracker(Pointer(DOTS), "red", SYNCHRONOUS)
    tracker.update(draw(DOTS, 0.0), 0.0)
    with pytest.raises(InputError, match=r"timestamp is .*expected seconds"):
        tracker.update(draw(DOTS, 0.1), timestamp)
    assert tracker.update(draw(DOTS, 0.1), 0.1).timestamp == 0.1
