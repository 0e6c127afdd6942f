"""The streaming tracker on rendered frames whose truth is known to a fraction of a pixel."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest

import molmo_act
from molmo_act import InputError, MissingExtraError, QueryError, StreamingTracker, TrackerSettings
from tests.molmo_act.tracking.moving_dots import BLUE, FPS, GREEN, RED, SIZE, Dot, Pointer, draw

IN_STEP = TrackerSettings(rate=2, synchronous=True)
RED_DOT = Dot("red", RED, lambda t: (60 + 60 * t, 120 + 30 * np.sin(3 * t)))
BLUE_DOT = Dot("blue", BLUE, lambda t: (250 - 50 * t, 30 + 10 * t))
GREEN_PAIR = [
    Dot("green", GREEN, lambda t: (40, 40 + 30 * t)),
    Dot("green", GREEN, lambda t: (300, 200 - 30 * t)),
]
DOTS = [RED_DOT, BLUE_DOT, *GREEN_PAIR]
TIMES = np.arange(90) / FPS


def run(tracker, dots, times=TIMES, **options):
    return [tracker.update(draw(dots, time, **options), time) for time in times]


def nearest_error(tracks, dot):
    mine = [np.hypot(*(one.x, one.y) - dot.at(tracks.timestamp)) for one in tracks if one.query == dot.name]
    return min(mine, default=np.inf)


def test_dots_are_followed_between_keyframes_with_their_numbers():
    pointer = Pointer(DOTS)
    tracker = StreamingTracker(pointer, ["red", "blue", "green"], IN_STEP)
    history = run(tracker, DOTS)
    assert max(nearest_error(tracks, dot) for tracks in history for dot in DOTS) < 0.5
    assert {tuple(tracks.object_id) for tracks in history} == {(1, 2, 3, 4)}
    assert all(tracks.visible.all() for tracks in history)
    assert tracker.stats.groundings == len(pointer.calls) == 6  # two a second, three seconds
    assert history[0].source == ("grounded",) * 4
    assert history[1].source == ("propagated",) * 4
    assert history[14].age[0] == pytest.approx(14 / FPS, abs=1e-5)
    assert history[14].score[0] < history[0].score[0] == pytest.approx(0.8)


def test_the_same_frames_give_the_same_tracks():
    first, second = (
        run(StreamingTracker(Pointer(DOTS), ["red", "green"], IN_STEP), DOTS, TIMES[:40]) for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize("latency", [0.1, 0.5, 1.0])
def test_a_late_answer_is_carried_to_the_newest_frame(latency):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], TrackerSettings(2, synchronous=True, latency=latency))
    history = run(tracker, DOTS)
    late = [tracks for tracks in history if tracks.timestamp > latency + 1e-3]
    assert all(len(tracks) == 1 for tracks in late)
    assert max(nearest_error(tracks, RED_DOT) for tracks in late) < 0.5
    moved = np.linalg.norm(RED_DOT.at(latency) - RED_DOT.at(0))  # the error without carrying
    assert moved > 5
    assert tracker.stats.latency == pytest.approx(latency, abs=1.5 / FPS)
    first = next(tracks for tracks in history if len(tracks))
    assert (first.source, first.age[0]) == (("grounded",), pytest.approx(latency, abs=1.5 / FPS))


def test_an_occluded_object_is_said_to_be_lost_and_comes_back_with_its_number():
    walker = Dot("red", RED, lambda t: (40 + 80 * t, 120))
    tracker = StreamingTracker(Pointer([walker]), ["red"], IN_STEP)
    history = run(tracker, [walker], wall=(120, 170))
    hidden = [tracks for tracks in history if 133 < walker.at(tracks.timestamp)[0] < 157]
    assert hidden
    assert not any(tracks.visible.any() for tracks in hidden)
    assert {number for tracks in history for number in tracks.object_id} == {1}
    back = [tracks for tracks in history if walker.at(tracks.timestamp)[0] > 200]
    assert all(tracks.visible.all() for tracks in back)
    assert max(nearest_error(tracks, walker) for tracks in back) < 8  # on it; its edge was seen first


def test_what_comes_out_again_is_found_before_the_model_looks():
    walker = Dot("red", RED, lambda t: (40 + 80 * t, 120))
    settings = TrackerSettings(rate=0.5, synchronous=True, latency=30.0)  # it is never heard of again
    tracker = StreamingTracker(Pointer([walker]), [], settings)
    tracker.update(draw([walker], 0.0), 0.0)
    tracker.add((40.5, 118.5))
    history = run(tracker, [walker], TIMES[1:], wall=(120, 150))
    out = [tracks for tracks in history if walker.at(tracks.timestamp)[0] > 152]
    assert all(tracks.visible.all() for tracks in out)
    assert max(np.hypot(*(tracks.xy[0] - walker.at(tracks.timestamp))) for tracks in out) < walker.radius


def test_an_object_that_left_comes_back_elsewhere_with_its_number():
    def path(time):
        return (60 - 120 * time, 60) if time < 1.5 else (SIZE[0] + 120 * (1.8 - time), 200)

    dot = Dot("red", RED, path)
    history = run(StreamingTracker(Pointer([dot]), ["red"], IN_STEP), [dot])
    assert not any(tracks.visible.any() for tracks in history if 0.7 < tracks.timestamp < 1.7)
    assert history[-1].visible.tolist() == [True]
    assert history[-1].object_id.tolist() == [1]
    assert nearest_error(history[-1], dot) < 2


def test_two_of_one_query_that_pass_each_other_keep_their_numbers():
    pair = [
        Dot("green", GREEN, lambda t: (60 + 60 * t, 100)),
        Dot("green", GREEN, lambda t: (240 - 60 * t, 140)),
    ]
    history = run(StreamingTracker(Pointer(pair), ["green"], IN_STEP), pair)
    first = dict(zip(history[0].object_id, history[0].xy, strict=True))
    last = dict(zip(history[-1].object_id, history[-1].xy, strict=True))
    assert first.keys() == last.keys() == {1, 2}
    for number in first:
        assert abs(first[number][1] - last[number][1]) < 2  # each stays on its line


def test_what_there_is_but_once_keeps_its_number_when_the_model_errs():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerSettings(rate=5, synchronous=True))
    run(tracker, DOTS, TIMES[:20])
    pointer.colours["red"] = BLUE
    assert nearest_error(run(tracker, DOTS, TIMES[20:30])[-1], RED_DOT) > 100
    pointer.colours["red"] = RED
    last = run(tracker, DOTS, TIMES[30:40])[-1]
    assert last.object_id.tolist() == [1]
    assert nearest_error(last, RED_DOT) < 2


def test_what_looks_different_after_a_long_absence_is_another_thing():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerSettings(rate=5, synchronous=True))
    run(tracker, [RED_DOT], TIMES[:20])
    away = run(tracker, [], np.arange(20, 120) / FPS)[-1]
    assert not away.visible.any()
    pointer.colours["red"] = BLUE
    blue = Dot("red", BLUE, lambda t: (200, 60))
    last = run(tracker, [blue], np.arange(120, 140) / FPS)[-1]
    assert [one.object_id for one in last if one.visible] == [2]


def test_what_flow_lost_on_the_way_is_not_guessed():
    dot = Dot("red", RED, lambda t: (60, 120))
    tracker = StreamingTracker(Pointer([dot]), ["red"], TrackerSettings(1, synchronous=True, latency=0.5))
    for index in range(20):  # gone from the sixth frame on, while the model still thinks of the first
        tracks = tracker.update(draw([dot] if index < 6 else [], index / FPS), index / FPS)
    assert tracker.stats.groundings == 1
    assert not tracks.visible.any()


def test_the_frame_may_be_overwritten_while_the_model_looks():
    looked, release = [], threading.Event()

    def point(image, queries):
        assert release.wait(20)
        looked.append(image.copy())
        return [molmo_act.Points(xy=[], score=[], image_size=[SIZE], query="red")]

    frame = draw(DOTS, 0)
    kept = frame.copy()
    with StreamingTracker(point, ["red"]) as tracker:
        tracker.update(frame, 0.0)
        frame[:] = 0
        release.set()
    assert (looked[0] == kept).all()


def test_update_does_not_wait_for_the_model_and_uses_its_late_answer():
    release, asked = threading.Event(), threading.Event()
    perfect = Pointer(DOTS)

    def slow(image, queries):
        asked.set()
        assert release.wait(20)
        return perfect(image, queries)

    with StreamingTracker(slow, ["red"], TrackerSettings(rate=2)) as tracker:
        history = run(tracker, DOTS, TIMES[:40])  # returns although the model has not answered
        assert asked.is_set() or asked.wait(20)
        assert not any(len(tracks) for tracks in history)
        assert tracker.stats.groundings == 0
        release.set()
        for index in range(40, 4000):  # nothing moves until the answer is there
            tracks = tracker.update(draw(DOTS, 40 / FPS), index / FPS)
            if len(tracks):
                break
    assert tracker.stats.groundings == 1
    assert np.hypot(*(tracks.xy[0] - RED_DOT.at(40 / FPS))) < 0.5


def test_a_model_that_fails_is_counted_and_asked_again():
    perfect = Pointer(DOTS)
    turns = iter([RuntimeError("out of memory"), None, RuntimeError("again"), None, None, None])

    def shaky(image, queries):
        error = next(turns)
        if error:
            raise error
        return perfect(image, queries)

    tracker = StreamingTracker(shaky, ["red"], IN_STEP)
    history = run(tracker, DOTS)
    assert tracker.stats.grounding_errors == 2
    assert str(tracker.stats.last_error) == "again"
    assert tracker.stats.groundings == 4
    assert nearest_error(history[-1], RED_DOT) < 1.5


def test_a_failing_thread_neither_stops_nor_blocks_the_stream():
    def broken(image, queries):
        raise RuntimeError("no")

    with StreamingTracker(broken, ["red"], TrackerSettings(rate=100)) as tracker:
        for index in range(4000):
            tracker.update(draw(DOTS, 0), index / FPS)
            if tracker.stats.grounding_errors >= 2:
                break
    assert tracker.stats.grounding_errors >= 2


def test_what_the_model_does_not_see_any_more_is_lost_although_flow_would_go_on():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerSettings(rate=5, synchronous=True, patience=3))
    assert run(tracker, DOTS, TIMES[:20])[-1].visible.all()
    pointer.colours.clear()
    history = run(tracker, DOTS, TIMES[20:60])
    assert history[3].visible.all()  # one miss is no loss
    assert not any(tracks.visible.any() for tracks in history[20:])


def test_looks_in_haste_count_as_one_miss():
    pointer = Pointer([RED_DOT, BLUE_DOT])
    tracker = StreamingTracker(pointer, ["red", "blue"], TrackerSettings(rate=2, synchronous=True))
    run(tracker, [RED_DOT, BLUE_DOT], TIMES[:20])
    pointer.colours.clear()
    before = len(pointer.calls)
    history = run(tracker, [RED_DOT], TIMES[20:50])  # blue is looked for in haste, and red is not seen
    assert len(pointer.calls) - before > 5
    assert all(tracks.visible[0] for tracks in history if tracks.timestamp < 1.5)


def test_the_next_look_begins_on_the_frame_that_hears_of_the_last():
    pointer = Pointer([RED_DOT])
    settings = TrackerSettings(rate=30, synchronous=True, latency=0.1)  # three frames
    run(StreamingTracker(pointer, ["red"], settings), DOTS, TIMES[:31])
    assert len(pointer.calls) == 10


def test_what_was_seen_once_is_not_heard_of_again_but_keeps_its_number():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerSettings(rate=5, synchronous=True))
    assert [len(tracks) for tracks in run(tracker, DOTS, TIMES[:3])] == [1, 1, 1]
    colours, pointer.colours = pointer.colours, {}
    assert len(run(tracker, DOTS, TIMES[3:20])[-1]) == 0
    pointer.colours = colours
    assert run(tracker, DOTS, TIMES[20:40])[-1].object_id.tolist() == [1]


def test_a_query_with_no_match_is_no_trouble():
    tracker = StreamingTracker(Pointer(DOTS), ["never there"], TrackerSettings(rate=1, synchronous=True))
    frame = draw(DOTS, 0)
    assert not any(len(tracker.update(frame, float(second))) for second in range(300))  # five minutes
    assert tracker.stats.groundings == 300


# --- adding and removing ------------------------------------------------------------------------------------


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


def test_an_object_that_was_removed_does_not_come_back_under_another_number():
    tracker = StreamingTracker(Pointer(DOTS), ["green"], IN_STEP)
    run(tracker, DOTS, TIMES[:5])
    tracker.remove(1)
    history = run(tracker, DOTS, TIMES[5:80])
    assert {number for tracks in history for number in tracks.object_id} == {2}


def test_two_hundred_objects_are_followed_and_one_too_many_refused():
    tracker = StreamingTracker(Pointer([]), [], TrackerSettings(synchronous=True, max_objects=200))
    tracker.update(draw([], 0), 0.0)
    for index in range(200):
        tracker.add((20.0 + index, 100.0))
    with pytest.raises(InputError, match="200 objects are followed already"):
        tracker.add((5, 5))
    assert len(tracker.update(draw([], 0), 0.1)) == 200


def test_more_objects_than_there_is_room_for_are_counted():
    settings = TrackerSettings(synchronous=True, max_objects=1)
    tracker = StreamingTracker(Pointer(DOTS), ["green"], settings)
    assert len(run(tracker, DOTS, TIMES[:3])[-1]) == 1
    assert tracker.stats.overflowing == 1


# --- what can go wrong --------------------------------------------------------------------------------------


@pytest.mark.parametrize("timestamp", [1.0, 0.5, float("nan"), float("inf"), -1.0, None, "now"])
def test_a_timestamp_that_is_no_later_one_is_refused_and_nothing_changes(timestamp):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], IN_STEP)
    tracker.update(draw(DOTS, 0), 1.0)
    with pytest.raises(InputError, match="timestamp"):
        tracker.update(draw(DOTS, 0), timestamp)
    assert (tracker.stats.frames, tracker.stats.refused) == (1, 1)
    assert len(tracker.update(draw(DOTS, 0), 1.1)) == 1


@pytest.mark.parametrize("frame", [None, np.zeros((0, 4, 3), np.uint8), np.full((4, 4, 3), np.nan)])
def test_a_frame_that_is_no_picture_is_refused(frame):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], IN_STEP)
    with pytest.raises(molmo_act.ImageError):
        tracker.update(frame, 0.0)
    assert tracker.stats.refused == 1


def test_frames_of_another_size_start_anew_with_the_same_queries():
    tracker = StreamingTracker(Pointer(DOTS), ["red"], IN_STEP)
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
        assert release.wait(20)
        looked.set()
        return perfect(image, queries)

    with StreamingTracker(slow, ["red"], TrackerSettings(rate=2)) as tracker:
        run(tracker, DOTS, TIMES[:5])
        half = draw(DOTS, 0.2)[::2, ::2]
        tracker.update(half, 0.2)
        release.set()
        assert looked.wait(20)
        for index in range(1, 4000):
            tracks = tracker.update(half, 0.2 + index / FPS)
            if len(tracks):
                break
    assert tracks.image_size == (160, 120)
    assert np.hypot(*(tracks.xy[0] * 2 - RED_DOT.at(0.2))) < 2
    assert (tracker.stats.restarts, tracker.stats.grounding_errors) == (1, 0)


def test_an_answer_about_frames_before_a_reset_is_dropped():
    settings = TrackerSettings(rate=1, synchronous=True, latency=0.2)
    tracker = StreamingTracker(Pointer(DOTS), ["red"], settings)
    run(tracker, DOTS, TIMES[:3])
    tracker.reset()
    history = run(tracker, DOTS, TIMES[:8])  # timestamps begin anew
    assert [len(tracks) for tracks in history] == [0] * 6 + [1, 1]
    assert tracker.stats.groundings == 1


def test_large_frames_are_reported_in_their_own_pixels():
    def path(t):
        return 200 + 300 * t, 500

    dot = Dot("red", RED, path)
    tracker = StreamingTracker(Pointer([dot]), ["red"], IN_STEP)
    for index in range(20):
        frame = np.full((1080, 1920, 3), 90, np.uint8)
        frame[::16] = 120
        x, y = (round(value) for value in dot.at(index / FPS))
        frame[y - 40 : y + 40, x - 40 : x + 40] = RED
        tracks = tracker.update(frame, index / FPS)
    assert np.hypot(*(tracks.xy[0] - dot.at(19 / FPS))) < 4


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


def test_a_closed_tracker_takes_nothing_and_leaves_no_thread():
    before = threading.active_count()
    tracker = StreamingTracker(Pointer(DOTS), ["red"])
    tracker.update(draw(DOTS, 0), 0.0)
    tracker.close()
    tracker.close()
    assert threading.active_count() == before
    with pytest.raises(InputError, match="closed"):
        tracker.update(draw(DOTS, 0), 1.0)


@pytest.mark.parametrize(
    ("package", "name"), [("cv2", "opencv-python-headless"), ("scipy.optimize", "scipy")]
)
def test_a_missing_package_names_its_extra(monkeypatch, package, name):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{name}.*molmo-act\[video\]"):
        StreamingTracker(Pointer(DOTS), ["red"], IN_STEP)


# --- endless ------------------------------------------------------------------------------------------------


def test_nothing_grows_on_an_endless_stream():
    """Objects come, go, and are forgotten: no more is held at the end than was near the beginning."""
    settings = TrackerSettings(rate=2, synchronous=True, memory=1, latency=0.2)
    visitors = [Dot("red", RED, lambda t, i=i: (40 + (70 * t + 97 * i) % 400, 60 + 80 * i)) for i in range(2)]
    tracker = StreamingTracker(Pointer(visitors), ["red", "never there"], settings)
    held = []
    for index in range(600):
        tracker.update(draw(visitors, index / FPS), index / FPS)
        held.append((len(tracker._objects), len(tracker._buffer)))
    assert max(held[300:]) <= max(held[:300])
    assert tracker.stats.groundings > 35


def test_a_model_that_never_answers_keeps_a_bounded_number_of_frames():
    settings = TrackerSettings(rate=2, synchronous=True, latency=1e6)
    tracker = StreamingTracker(Pointer(DOTS), ["red"], settings)
    frame = draw(DOTS, 0)
    for index in range(300):
        tracker.update(frame, index / FPS)
    assert len(tracker._buffer) <= 64
