"""Measures of tracking on cases small enough to work out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from model.evaluation.metrics.tracking import (
    Scored,
    Sequences,
    hota_rates,
    identity_switches,
    returns,
    score_frame,
)


def frame(time, wanted, points, hidden=()):
    """Points as pairs of an id and the thing it lies on, 0 for none."""
    return Scored(
        time, tuple(wanted), tuple(hidden), tuple(p[0] for p in points), tuple(p[1] for p in points)
    )


OWNER = np.zeros((10, 20), np.uint8)
OWNER[2:5, 2:5], OWNER[2:5, 10:13], OWNER[7:9, 15:17] = 1, 2, 3
SHARE = np.array([1.0, 0.5, 0.1])  # the third is hardly to be seen

# Each row: points, the things they lie on, F1 by hand when all three things are asked for (two are wanted).
CASES = [
    ([], (), 0.0),
    ([(3.5, 3.5), (11.5, 3.5)], (1, 2), 1.0),
    ([(3.5, 3.5)], (1,), 2 / 3),  # precision 1, recall 1/2
    ([(3.5, 3.5), (2.1, 2.1)], (1, 1), 0.5),  # twice on one thing: one hit of two, one thing of two
    ([(3.5, 3.5), (0.5, 0.5)], (1, 0), 0.5),
    ([(3.5, 3.5), (15.5, 7.5)], (1,), 2 / 3),  # on what is hardly to be seen: neither right nor wrong
    ([(-1.0, 3.0), (25.0, 3.0)], (0, 0), 0.0),  # outside of the frame
    ([(4.99, 4.99)], (1,), 2 / 3),  # the last pixel
    ([(5.0, 3.0)], (0,), 0.0),  # the first one beyond
]


@pytest.mark.parametrize(("xy", "on", "f1"), CASES)
def test_points_on_things(xy, on, f1):
    scored = score_frame(0.0, OWNER, SHARE, (1, 2, 3), np.array(xy), range(1, len(xy) + 1))
    assert scored.wanted == (1, 2)
    assert scored.on == on
    assert scored.f1 == pytest.approx(f1)


def test_nothing_to_find_and_nothing_found_is_right():
    nothing = np.zeros(3)
    assert score_frame(0.0, OWNER * 0, nothing, (1, 2), np.zeros((0, 2)), []).f1 == 1
    assert score_frame(0.0, OWNER * 0, nothing, (1, 2), np.ones((1, 2)), [1]).f1 == 0
    assert score_frame(0.0, OWNER * 0, nothing, (1, 2), np.zeros((0, 2)), []).hidden == (1, 2)


def test_things_that_were_not_asked_for_are_no_hits():
    scored = score_frame(0.0, OWNER, SHARE, (1,), np.array([(11.5, 3.5)]), [1])
    assert (scored.hits, scored.wanted) == (0, (1,))


@pytest.mark.parametrize(
    ("frames", "switches"),
    [
        ([[(1, 1)], [(1, 1)], [(1, 1)]], 0),
        ([[(1, 1)], [(2, 1)], [(2, 1)]], 1),
        ([[(1, 1)], [(2, 1)], [(1, 1)]], 2),  # there and back
        ([[(1, 1)], [], [(1, 1)]], 0),  # a gap is none
        ([[(1, 1)], [], [(2, 1)]], 1),  # another id behind the gap is one
        ([[(1, 1), (2, 2)], [(2, 1), (1, 2)]], 2),  # exchanged
        ([[(1, 1), (2, 1)], [(1, 1)]], 0),  # two points on one thing: the older one counts
        ([[(2, 1)], [(1, 1), (2, 1)], [(2, 1)]], 0),  # another one beside it changes nothing
        ([[(2, 1)], [(1, 1), (3, 1)], [(3, 1)]], 2),  # it is gone, and of two others the lower counts
    ],
)
def test_switches(frames, switches):
    assert identity_switches([frame(i, (1, 2), points) for i, points in enumerate(frames)]) == switches


def hiding(back_id, found_after):
    """Followed as 1 for a second, hidden for a second, visible for three; found again after a while."""
    frames = [frame(i / 10, (1,), [(1, 1)]) for i in range(10)]
    frames += [frame(i / 10, (), [], hidden=(1,)) for i in range(10, 20)]
    frames += [
        frame(i / 10, (1,), [(back_id, 1)] if i / 10 - 2 >= found_after else []) for i in range(20, 50)
    ]
    return frames


def test_returns():
    assert returns(hiding(1, 0.0)).times == pytest.approx([0.0])
    assert returns(hiding(1, 0.5)).times == pytest.approx([0.5])
    assert returns(hiding(1, 0.5)).in_time == 1
    assert returns(hiding(1, 1.5)).in_time == 0
    assert returns(hiding(2, 0.0)).times == (math.inf,)  # under another id
    assert returns(hiding(1, 9.0)).times == (math.inf,)  # never
    assert math.isnan(returns(hiding(1, 0)[:10]).in_time)  # nothing was hidden
    beside = [replace(one, ids=(0, *one.ids), on=(1, *one.on)) for one in hiding(1, 0.5)[20:]]
    assert returns(hiding(1, 0.5)[:20] + beside).times == pytest.approx([0.5])  # another one on it, too


def test_what_hid_again_at_once_had_no_chance():
    peeking = hiding(1, 9.0)[:25] + [frame(2.5 + i / 10, (), [], hidden=(1,)) for i in range(10)]
    assert returns(peeking).times == ()


def test_a_thing_that_was_never_followed_does_not_come_back():
    frames = [frame(one.timestamp, one.wanted, [], one.hidden) for one in hiding(1, 0)]
    assert returns(frames).times == ()


def test_hota_of_two_sequences_is_combined_or_averaged():
    perfect = [frame(i, (1,), [(1, 1)]) for i in range(1)]
    missed = [frame(i, (1,), []) for i in range(3)]
    found = hota_rates([perfect, missed])
    assert found["hota_per_video"] == 0.5
    assert found["hota"] == pytest.approx(math.sqrt(1 / 4), abs=1e-4)  # DetA = 1/4, AssA = 1


def test_summary_counts_object_minutes():
    sequences = Sequences([[frame(i / 10, (1, 2), [(1, 1), (2, 2)]) for i in range(101)]])
    summary = sequences.summary()
    assert summary["object_minutes"] == pytest.approx(2 * 10.1 / 60, abs=0.01)
    assert (summary["f1"], summary["switches"], summary["precision"], summary["recall"]) == (1, 0, 1, 1)
