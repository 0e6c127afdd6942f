"""Which queries are tracked, and when they end; without rclpy."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="needs the extra ros")
from molmo_act_ros.conversions.points import MAX_QUERIES
from molmo_act_ros.tracked_queries import TrackedQueries

from molmo_act.errors import InputError


def track(query: str | None, object_id: int) -> SimpleNamespace:
    return SimpleNamespace(query=query, object_id=object_id)


def test_an_added_query_ends_with_its_last_object():
    """Else nobody could remove it: its objects came back, and its place was never free again."""
    tracked = TrackedQueries(lambda: ["of a goal"])
    tracked.added["green"] = set()
    tracked.note([track("green", 4), track("green", 5), track("red", 6), track(None, 7)])
    assert tracked.all(["red"]) == ["red", "green", "of a goal"]
    for object_id, left in [(6, True), (7, True), (4, True), (5, False)]:
        tracked.remove_object(object_id)
        assert ("green" in tracked.added) == left, object_id


def test_an_added_query_that_has_found_nothing_yet_stays():
    tracked = TrackedQueries(list)
    tracked.added["green"] = set()
    tracked.note([])
    tracked.remove_object(1)
    assert tracked.all([]) == ["green"]


def test_added_queries_without_an_object_end_together():
    tracked = TrackedQueries(lambda: ["green"])
    tracked.added |= {"green": set(), "red": {4}, "blue": set()}
    assert tracked.remove_unfound() == ["green", "blue"]
    assert tracked.all([]) == ["red", "green"], "the goal still asks for it"
    with pytest.raises(InputError, match="no added query without an object"):
        tracked.remove_unfound()


def test_room_counts_the_queries_of_every_origin_once():
    tracked = TrackedQueries(lambda: ["goal", "text 0"])
    texts = [f"text {number}" for number in range(MAX_QUERIES - 2)]
    tracked.added["added"] = set()
    tracked.require_room(texts, "added", "goal")
    with pytest.raises(InputError, match="65 queries would be tracked"):
        tracked.require_room(texts, "one more")
