"""Queries by noun, colour and size."""

from __future__ import annotations

import re

import pytest

from model.data.scenes.queries.attributes import colour_queries, noun_queries, shape_queries, size_queries
from tests.model.data.named_objects import asked_often, obj, rng


def test_a_noun_finds_all_of_its_objects_and_only_them() -> None:
    objects = [obj("key", 50, 50), obj("key", 150, 50), obj("dog", 250, 50)]
    for query in asked_often(lambda r: noun_queries(r, objects)):
        assert len(query.targets) == (2 if query.label == "key" else 1)
        assert query.kind == ("count" if query.label == "key" else "noun")


def test_wording_follows_how_many_there_are() -> None:
    one = {q.text for q in asked_often(lambda r: noun_queries(r, [obj("key", 50, 50)]))}
    two = {q.text for q in asked_often(lambda r: noun_queries(r, [obj("key", 50, 50), obj("key", 90, 90)]))}
    assert {"key", "the key", "a key"} <= one
    assert {"keys", "all the keys", "every key", "each of the keys"} <= two
    assert not {"the key", "a key"} & two


def test_colour_is_only_asked_where_every_colour_is_sure() -> None:
    sure = [obj("star", 50, 50, colour="red"), obj("star", 90, 90, colour="blue")]
    doubtful = [*sure, obj("star", 150, 90)]  # the third could be red as well
    assert {q.label for q in colour_queries(rng(), sure)} == {"red star", "blue star"}
    assert colour_queries(rng(), doubtful) == []


def test_blue_shapes_are_only_asked_among_shapes() -> None:
    shapes = [
        obj("star", 50, 50, colour="blue", shape=True),
        obj("ring", 9, 9, colour="blue", shape=True),
    ]
    assert [len(q.targets) for q in shape_queries(rng(), shapes)] == [2]
    assert shape_queries(rng(), [*shapes, obj("dog", 150, 90)]) == []  # the dog may be blue


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        pytest.param((20, 40), {20, 40}, id="clearly different"),
        pytest.param((38, 40), set(), id="too alike"),
        pytest.param((10, 38, 40), {10}, id="only the smallest is clear"),
    ],
)
def test_size_needs_a_clear_margin(sides: tuple[float, ...], expected: set[float]) -> None:
    objects = [obj("star", 40 + 80 * i, 50, side=side) for i, side in enumerate(sides)]
    queries = size_queries(rng(), objects)
    assert {q.targets[0].box[2] - q.targets[0].box[0] for q in queries} == expected
    for query in queries:
        big = query.targets[0].box[2] - query.targets[0].box[0] == max(sides)
        assert bool(re.search("big|larg", query.text)) == big


def test_bigger_is_only_said_of_two() -> None:
    three = [obj("star", 40 + 80 * i, 50, side=side) for i, side in enumerate((10, 20, 40))]
    assert not any(re.search("bigger|smaller", q.text) for q in asked_often(lambda r: size_queries(r, three)))


def test_other_words_for_a_noun_are_used_and_find_the_same_object() -> None:
    queries = asked_often(lambda r: noun_queries(r, [obj("rabbit", 40, 60)]), 200)
    assert {"rabbit", "bunny"} == {q.label for q in queries}
    assert {q.targets[0].point for q in queries} == {(40, 60)}
