"""Who is who on a stream: hiding, coming back, being removed, and how many there may be."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest

from molmo_act import InputError, Points, StreamingTracker, TrackerConfig
from tests.support.dot_streams import (
    BLUE_DOT,
    DOTS,
    GREEN_PAIR,
    RED_DOT,
    SYNCHRONOUS,
    TIMES,
    nearest_error,
    run,
)
from tests.support.moving_dots import BLUE, FPS, GREEN, RED, SIZE, Dot, Pointer, draw


def test_an_occluded_object_is_said_to_be_lost_and_comes_back_with_its_number():
    walker = Dot("red", RED, lambda t: (40 + 80 * t, 120))
    tracker = StreamingTracker(Pointer([walker]), ["red"], SYNCHRONOUS)
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
    config = TrackerConfig(rate=0.5, synchronous=True, latency=30.0)  # its grounding never comes
    tracker = StreamingTracker(Pointer([walker]), [], config)
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
    history = run(StreamingTracker(Pointer([dot]), ["red"], SYNCHRONOUS), [dot])
    assert not any(tracks.visible.any() for tracks in history if 0.7 < tracks.timestamp < 1.7)
    assert history[-1].visible.tolist() == [True]
    assert history[-1].object_id.tolist() == [1]
    assert nearest_error(history[-1], dot) < 2


def test_two_of_one_query_that_pass_each_other_keep_their_numbers():
    pair = [
        Dot("green", GREEN, lambda t: (60 + 60 * t, 100)),
        Dot("green", GREEN, lambda t: (240 - 60 * t, 140)),
    ]
    history = run(StreamingTracker(Pointer(pair), ["green"], SYNCHRONOUS), pair)
    first = dict(zip(history[0].object_id, history[0].xy, strict=True))
    last = dict(zip(history[-1].object_id, history[-1].xy, strict=True))
    assert first.keys() == last.keys() == {1, 2}
    for number in first:
        assert abs(first[number][1] - last[number][1]) < 2  # each stays on its line


def test_what_there_is_but_once_keeps_its_number_when_the_model_errs():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerConfig(rate=5, synchronous=True))
    run(tracker, DOTS, TIMES[:20])
    pointer.colours["red"] = BLUE
    assert nearest_error(run(tracker, DOTS, TIMES[20:30])[-1], RED_DOT) > 100
    pointer.colours["red"] = RED
    last = run(tracker, DOTS, TIMES[30:40])[-1]
    assert last.object_id.tolist() == [1]
    assert nearest_error(last, RED_DOT) < 2


def test_what_looks_different_after_a_long_absence_is_another_object():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerConfig(rate=5, synchronous=True))
    run(tracker, [RED_DOT], TIMES[:20])
    away = run(tracker, [], np.arange(20, 120) / FPS)[-1]
    assert not away.visible.any()
    pointer.colours["red"] = BLUE
    blue = Dot("red", BLUE, lambda t: (200, 60))
    last = run(tracker, [blue], np.arange(120, 140) / FPS)[-1]
    assert [one.object_id for one in last if one.visible] == [2]


def test_what_the_model_does_not_see_any_more_is_lost_although_flow_would_go_on():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerConfig(rate=5, synchronous=True, max_misses=3))
    assert run(tracker, DOTS, TIMES[:20])[-1].visible.all()
    pointer.colours.clear()
    history = run(tracker, DOTS, TIMES[20:60])
    assert history[3].visible.all()  # one miss is no loss
    assert not any(tracks.visible.any() for tracks in history[20:])


def test_groundings_in_haste_count_as_one_miss():
    pointer = Pointer([RED_DOT, BLUE_DOT])
    tracker = StreamingTracker(pointer, ["red", "blue"], TrackerConfig(rate=2, synchronous=True))
    run(tracker, [RED_DOT, BLUE_DOT], TIMES[:20])
    pointer.colours.clear()
    before = len(pointer.calls)
    history = run(tracker, [RED_DOT], TIMES[20:50])  # blue is looked for in haste, and red is not seen
    assert len(pointer.calls) - before > 5
    assert all(tracks.visible[0] for tracks in history if tracks.timestamp < 1.5)


def test_what_was_seen_once_is_not_heard_of_again_but_keeps_its_number():
    pointer = Pointer([RED_DOT])
    tracker = StreamingTracker(pointer, ["red"], TrackerConfig(rate=5, synchronous=True))
    assert [len(tracks) for tracks in run(tracker, DOTS, TIMES[:3])] == [1, 1, 1]
    colours, pointer.colours = pointer.colours, {}
    assert len(run(tracker, DOTS, TIMES[3:20])[-1]) == 0
    pointer.colours = colours
    assert run(tracker, DOTS, TIMES[20:40])[-1].object_id.tolist() == [1]


def test_an_object_that_was_removed_does_not_come_back_under_another_number():
    tracker = StreamingTracker(Pointer(DOTS), ["green"], SYNCHRONOUS)
    run(tracker, DOTS, TIMES[:5])
    tracker.remove(1)
    history = run(tracker, DOTS, TIMES[5:80])
    assert {number for tracks in history for number in tracks.object_id} == {2}


def test_two_hundred_objects_are_tracked_and_one_too_many_is_refused():
    tracker = StreamingTracker(Pointer([]), [], TrackerConfig(synchronous=True, max_objects=200))
    tracker.update(draw([], 0), 0.0)
    for index in range(200):
        tracker.add((20.0 + index, 100.0))
    with pytest.raises(InputError, match="200 objects are tracked already"):
        tracker.add((5, 5))
    assert len(tracker.update(draw([], 0), 0.1)) == 200


def test_more_objects_than_there_is_room_for_are_counted():
    config = TrackerConfig(synchronous=True, max_objects=1)
    tracker = StreamingTracker(Pointer(DOTS), ["green"], config)
    assert len(run(tracker, DOTS, TIMES[:3])[-1]) == 1
    assert tracker.stats.dropped_objects == 1


def test_after_a_wrong_detection_is_removed_the_right_object_is_reported():
    pointer = Pointer([RED_DOT])
    pointer.colours["red"] = BLUE
    tracker = StreamingTracker(pointer, ["red"], TrackerConfig(rate=5, synchronous=True))
    run(tracker, DOTS, TIMES[:10])
    tracker.remove(1)
    pointer.colours["red"] = RED
    last = run(tracker, DOTS, TIMES[10:20])[-1]
    assert last.object_id.tolist() == [2]
    assert nearest_error(last, RED_DOT) < 1


@pytest.mark.parametrize("query", [None, "green"])
def test_what_is_removed_makes_room(query):
    config = TrackerConfig(synchronous=True, max_objects=2)
    tracker = StreamingTracker(Pointer(DOTS), [query] if query else [], config)
    run(tracker, DOTS, TIMES[:1])
    for dot in GREEN_PAIR if query is None else []:
        tracker.add(tuple(dot.at(0)))
    tracker.remove(1)
    assert tracker.add(tuple(BLUE_DOT.at(0))) == (3,)
    assert {number for tracks in run(tracker, DOTS, TIMES[1:40]) for number in tracks.object_id} == {2, 3}
    assert tracker.stats.dropped_objects == 0


def test_a_point_that_was_removed_is_not_held_any_more():
    tracker = StreamingTracker(Pointer(DOTS), [], SYNCHRONOUS)
    run(tracker, DOTS, TIMES[:1])
    for _ in range(3):
        tracker.remove(*tracker.add(tuple(BLUE_DOT.at(0))))
    assert len(tracker._tracks) == 0


def test_what_is_seen_takes_the_room_of_what_has_been_lost_longest():
    tracker = StreamingTracker(Pointer(DOTS), [], TrackerConfig(synchronous=True, max_objects=2))
    run(tracker, DOTS, TIMES[:1])
    for dot in GREEN_PAIR:
        tracker.add(tuple(dot.at(0)))
    assert not run(tracker, [], TIMES[1:10])[-1].visible.any()
    tracker.add("red")
    last = run(tracker, [RED_DOT], TIMES[10:12])[-1]
    assert [(one.object_id, one.visible) for one in last] == [(2, False), (3, True)]
    assert tracker.stats.dropped_objects == 0


def test_how_many_there_were_is_not_kept_for_queries_that_are_gone():
    config = TrackerConfig(rate=2, synchronous=True, latency=0.2)
    tracker = StreamingTracker(Pointer(DOTS), ["green"], config)
    run(tracker, DOTS, TIMES[:3])
    tracker.remove("green")  # before the model has answered
    run(tracker, DOTS, TIMES[3:10])
    assert not tracker._tracks._most_at_once


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_model_says_numbers_places_and_room_hold(seed):
    """A model that overlooks, invents and fails; people who add and remove; frames that jump and resize."""
    assert erratic_stream(seed) == erratic_stream(seed)


def erratic_stream(seed):
    """What a tracker says of such a stream, checked on every frame."""
    rng = np.random.default_rng(seed)
    config = TrackerConfig(rate=5, synchronous=True, latency=0.1 * (seed % 2), max_objects=5, lost_timeout=2)
    tracker = StreamingTracker(erratic(Pointer(DOTS), rng), ["red", "green"], config)
    removed, queries, said, now, step = set(), {}, [], 0.0, 1
    for _ in range(80):
        now += rng.choice([1 / FPS, 0.5, 3.0], p=[0.96, 0.03, 0.01])
        step = 3 - step if rng.random() < 0.02 else step
        tracks = tracker.update(draw(DOTS, now)[::step, ::step], now)
        said.append(tracks.to_dict())
        numbers = tracks.object_id.tolist()
        assert numbers == sorted(set(numbers) - removed)
        assert len(numbers) <= config.max_objects
        assert all(number in queries or number > max(queries, default=0) for number in numbers)
        queries |= {one.object_id: queries.get(one.object_id, one.query) for one in tracks}
        assert all(queries[one.object_id] == one.query for one in tracks)
        inside = (tracks.xy >= 0).all(axis=1) & (tracks.xy <= tracks.image_size).all(axis=1)
        assert inside[tracks.visible].all()
        if numbers and rng.random() < 0.05:
            one = int(rng.choice(numbers))
            tracker.remove(one)
            removed.add(one)
        if rng.random() < 0.1:
            with contextlib.suppress(InputError):  # there is no room
                tracker.add(tuple(rng.uniform(0, 100, 2)))
    assert len(queries) > config.max_objects
    return said


def erratic(pointer, rng):
    def point(image, queries):
        if rng.random() < 0.1:
            raise RuntimeError("out of memory")
        return [invented(points) for points in pointer(image, queries)]

    def invented(points):
        kept = points.xy[rng.random(len(points)) < 0.8]
        (width, height), *_ = points.image_size
        xy = np.concatenate([kept, rng.uniform(0, 1, (rng.integers(2), 2)) * (width - 1, height - 1)])
        return Points(xy=xy, score=rng.random(len(xy)), image_size=[(width, height)], query=points.query)

    return point
