"""A query that keeps failing rests longer and longer, and costs the others nothing."""

from __future__ import annotations

import numpy as np
import pytest

from molmo_act.outputs.points import Points
from molmo_act.tracking.config import TrackerConfig
from molmo_act.tracking.failing_queries import LONGEST_REST, FailingQueries
from molmo_act.tracking.tracker import StreamingTracker

ERROR = RuntimeError("out of memory")


def test_rests_double_up_to_the_longest():
    failing = FailingQueries()
    asked_at = []
    for keyframe in range(400):
        asked = failing.due(["a", "b"])
        assert "a" in asked
        if "b" in asked:
            asked_at.append(keyframe)
        failing.note(
            [one for one in asked if one == "a"], dict.fromkeys([one for one in asked if one == "b"], ERROR)
        )
    gaps = np.diff(asked_at).tolist()
    assert gaps == [2, 3, 5, 9, 17, 33, *[LONGEST_REST + 1] * (len(gaps) - 6)]
    assert len(gaps) > 7


def test_a_query_counts_as_failing_while_it_rests_and_until_it_is_answered_or_dropped():
    failing = FailingQueries()
    failing.note(["a"], {"b": ERROR})
    assert failing.due(["a", "b"]) == ("a",)
    failing.note(["a"], {})
    assert failing.errors == {"b": ERROR}
    failing.note(["b"], {})
    assert failing.errors == {}
    failing.note(["a"], {"b": ERROR})
    failing.forget("b")
    assert failing.errors == {}


def test_an_answer_ends_a_rest_and_so_does_whoever_asks_for_all():
    failing = FailingQueries()
    failing.note(["a"], {"b": ERROR})
    assert failing.due(["a", "b"], every=True) == ("a", "b")
    failing.note(["a", "b"], {})
    assert failing.due(["a", "b"]) == ("a", "b")
    failing.note(["a"], {"b": ERROR})
    assert failing.due(["b"]) == ("b",)  # alone it never rests
    failing.note(["a"], {"b": ERROR})
    failing.forget("b")
    assert failing.due(["a", "b"]) == ("a", "b")


@pytest.mark.filterwarnings("error")
def test_a_tracker_asks_a_failing_query_seldom_and_says_so_once(caplog):
    calls = []

    def pointer(image, queries):
        calls.append(tuple(queries))
        if "broken" in queries:
            raise RuntimeError("cannot answer this")
        return [Points(xy=[[20, 20]], score=[0.9], image_size=[(64, 48)], query=query) for query in queries]

    frame = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    config = TrackerConfig(rate=1.0, synchronous=True)
    with StreamingTracker(pointer, ["mug", "broken"], config) as tracker:
        for second in range(60):
            tracks = tracker.update(frame, float(second))
            assert tracks.query == ("mug",)
        assert tracker.stats.groundings == 60
        assert (
            sum("broken" in call for call in calls) <= 2 * 6
        )  # in a batch and alone: at 0, 2, 5, 10, 19, 36
        assert len([line for line in caplog.messages if "broken" in line]) == 1
        before = len(calls)
        tracker.refresh()
        tracker.update(frame, 60.0)
        assert ("broken",) in calls[before:]
