"""The streaming tracker on rendered frames whose truth is known to a fraction of a pixel."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import molmo_act
from molmo_act import StreamingTracker, TrackerConfig
from tests.support.dot_streams import DOTS, RED_DOT, SYNCHRONOUS, TIMES, nearest_error, run
from tests.support.moving_dots import FPS, RED, SIZE, Dot, Pointer, draw


def test_dots_are_tracked_between_keyframes_with_their_ids():
    pointer = Pointer(DOTS)
    tracker = StreamingTracker(pointer, ["red", "blue", "green"], SYNCHRONOUS)
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
        run(StreamingTracker(Pointer(DOTS), ["red", "green"], SYNCHRONOUS), DOTS, TIMES[:40])
        for _ in range(2)
    )
    for one, other in zip(first, second, strict=True):
        assert one.to_dict() == other.to_dict()


@pytest.mark.parametrize("latency", [0.1, 0.5, 1.0])
def test_a_late_answer_is_propagated_to_the_newest_frame(latency):
    tracker = StreamingTracker(Pointer(DOTS), ["red"], TrackerConfig(2, synchronous=True, latency=latency))
    history = run(tracker, DOTS)
    late = [tracks for tracks in history if tracks.timestamp > latency + 1e-3]
    assert all(len(tracks) == 1 for tracks in late)
    assert max(nearest_error(tracks, RED_DOT) for tracks in late) < 0.5
    moved = np.linalg.norm(RED_DOT.at(latency) - RED_DOT.at(0))  # the error without carrying
    assert moved > 5
    assert tracker.stats.latency == pytest.approx(latency, abs=1.5 / FPS)
    first = next(tracks for tracks in history if len(tracks))
    assert (first.source, first.age[0]) == (("grounded",), pytest.approx(latency, abs=1.5 / FPS))


def test_what_flow_lost_on_the_way_is_not_guessed():
    dot = Dot("red", RED, lambda t: (60, 120))
    tracker = StreamingTracker(Pointer([dot]), ["red"], TrackerConfig(1, synchronous=True, latency=0.5))
    for index in range(20):  # gone from the sixth frame on, while the model still thinks of the first
        tracks = tracker.update(draw([dot] if index < 6 else [], index / FPS), index / FPS)
    assert tracker.stats.groundings == 1
    assert not tracks.visible.any()


def test_the_frame_may_be_overwritten_while_the_model_looks():
    looked, release = [], threading.Event()

    def point(image, queries):
        assert release.wait(60)
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
        assert release.wait(60)
        return perfect(image, queries)

    with StreamingTracker(slow, ["red"], TrackerConfig(rate=2)) as tracker:
        history = run(tracker, DOTS, TIMES[:40])  # returns although the model has not answered
        assert asked.is_set() or asked.wait(60)
        assert not any(len(tracks) for tracks in history)
        assert tracker.stats.groundings == 0
        release.set()
        for index in range(40, 4000):  # nothing moves until the answer is there
            tracks = tracker.update(draw(DOTS, 40 / FPS), index / FPS)
            if len(tracks):
                break
    assert tracker.stats.groundings == 1
    assert np.hypot(*(tracks.xy[0] - RED_DOT.at(40 / FPS))) < 0.5


def test_the_next_grounding_begins_on_the_frame_that_uses_the_last():
    pointer = Pointer([RED_DOT])
    config = TrackerConfig(rate=30, synchronous=True, latency=0.1)  # three frames
    run(StreamingTracker(pointer, ["red"], config), DOTS, TIMES[:31])
    assert len(pointer.calls) == 10


def test_large_frames_are_reported_in_their_own_pixels():
    def path(t):
        return 200 + 300 * t, 500

    dot = Dot("red", RED, path)
    tracker = StreamingTracker(Pointer([dot]), ["red"], SYNCHRONOUS)
    for index in range(20):
        frame = np.full((1080, 1920, 3), 90, np.uint8)
        frame[::16] = 120
        x, y = (round(value) for value in dot.at(index / FPS))
        frame[y - 40 : y + 40, x - 40 : x + 40] = RED
        tracks = tracker.update(frame, index / FPS)
    assert np.hypot(*(tracks.xy[0] - dot.at(19 / FPS))) < 4


@pytest.mark.parametrize("size", [(4000, 2), (1, 3000), (1000, 701), (1, 1)])
def test_frames_of_any_shape_are_taken_and_points_lie_on_them(size):
    corner = np.array(size) - 1e-3

    def point(image, queries):
        return [molmo_act.Points(xy=[corner], score=[0.5], image_size=[size], query="red")]

    tracker = StreamingTracker(point, ["red"], SYNCHRONOUS)
    for index in range(3):
        tracks = tracker.update(np.full((size[1], size[0], 3), 90, np.uint8), index / FPS)
        assert tracks.visible.all()
        assert (tracks.xy <= size).all()
