"""Queries by side, order and relation."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from model.data.scenes.queries.sample import ask
from model.data.scenes.queries.spatial import (
    FLAT_TERMS,
    ROOM_TERMS,
    nearest_queries,
    ordinal_queries,
    position_queries,
    relation_queries,
)
from tests.model.data.named_objects import HEIGHT, WIDTH, asked_often, obj, rng


def test_sides_are_true_and_clear() -> None:
    objects = [obj("key", 30, 100), obj("key", 150, 104), obj("key", 270, 96)]
    queries = asked_often(lambda r: position_queries(r, objects, (WIDTH, HEIGHT), FLAT_TERMS))
    for query in queries:
        assert query.label in ("left key", "right key")  # their heights are too alike
        assert query.targets[0].point[0] == (30 if query.label == "left key" else 270)


def test_on_the_left_is_only_said_of_objects_on_the_left() -> None:
    objects = [obj("key", 190, 50), obj("key", 280, 50)]  # the leftmost one is in the right half
    texts = {q.text for q in asked_often(lambda r: position_queries(r, objects, (WIDTH, HEIGHT), FLAT_TERMS))}
    assert "the leftmost key" in texts
    assert "the key on the left" not in texts


def test_ordinals_count_from_the_side_they_name() -> None:
    objects = [obj("key", x, 50) for x in (250, 50, 150)]
    expected = {"first": 50, "second": 150, "third": 250}
    for query in asked_often(lambda r: ordinal_queries(r, objects, WIDTH)):
        ordinal, side = re.fullmatch(r"the (\w+) key from the (left|right)", query.text).groups()
        x = expected[ordinal]
        assert query.targets[0].point[0] == (x if side == "left" else WIDTH - x)
    assert ordinal_queries(rng(), [obj("key", x, 50) for x in (50, 55, 150)], WIDTH) == []  # too close


@pytest.mark.parametrize(
    ("terms", "dx", "dy"),
    [("left of", -1, 0), ("right of", 1, 0), ("above|over|higher", 0, -1), ("below|under|beneath", 0, 1)],
)
def test_relations_are_true(terms: str, dx: int, dy: int) -> None:
    objects = [
        obj("dog", 150, 100),
        obj("key", 150 + 80 * dx, 100 + 80 * dy),
        obj("bus", 160 - 80 * dx, 90),
    ]
    queries = asked_often(lambda r: relation_queries(r, objects, (WIDTH, HEIGHT), FLAT_TERMS))
    texts = {q.text for q in queries if re.search(terms, q.text)}
    assert any(re.fullmatch(rf"the key .*(?:{terms}).* the dog", text) for text in texts)
    for query in queries:
        if query.text.startswith("the key") and query.text.endswith("the dog"):
            assert re.search(terms, query.text)


def test_doubtful_relations_are_not_asked() -> None:
    askew = [obj("dog", 150, 100), obj("key", 100, 55)]  # left of it and above it
    assert asked_often(lambda r: relation_queries(r, askew, (WIDTH, HEIGHT), FLAT_TERMS)) == []
    twice = [obj("dog", 250, 100), obj("key", 50, 100), obj("key", 120, 100)]  # both are left of it
    for query in asked_often(lambda r: relation_queries(r, twice, (WIDTH, HEIGHT), FLAT_TERMS)):
        assert not query.text.startswith("the key")


def test_nearest_needs_a_clear_margin() -> None:
    clear = [obj("dog", 50, 100), obj("key", 90, 100), obj("key", 250, 100)]
    alike = [obj("dog", 150, 100), obj("key", 90, 100), obj("key", 200, 100)]
    assert [q.targets[0].point[0] for q in nearest_queries(rng(), clear)] == [90]
    assert nearest_queries(rng(), alike) == []


def test_rooms_are_spoken_of_by_where_objects_stand() -> None:
    """A tall object that stands in front reaches higher in the image than a flat one behind it."""
    tall = replace(obj("bottle", 150, 60, side=100), stands=(150, 160))
    flat = replace(obj("plate", 150, 90), stands=(150, 95))
    queries = asked_often(lambda r: relation_queries(r, [tall, flat], (WIDTH, HEIGHT), ROOM_TERMS))
    assert {q.text for q in queries} == {"the plate behind the bottle", "the bottle in front of the plate"}
    keys = [replace(obj("key", 50, 60), stands=(50, 160)), replace(obj("key", 60, 90), stands=(60, 95))]
    for query in asked_often(lambda r: position_queries(r, keys, (WIDTH, HEIGHT), ROOM_TERMS)):
        front = re.search("front|nearest|closest", query.text)
        assert query.targets[0].point[1] == (60 if front else 90)
    assert not any(
        re.search("closest to the d|next to", query.text)
        for query in asked_often(
            lambda r: ask(r, [*keys, tall], lambda r: "dog", WIDTH, HEIGHT, terms=ROOM_TERMS)
        )
    )
