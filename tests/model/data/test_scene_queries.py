"""Queries about scenes: what is asked is true, doubtful things are not asked, absent things are absent."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from model.data.sample import Query, Target
from model.data.scene_absent import absent_queries
from model.data.scene_names import colour_queries, noun_queries, shape_queries, size_queries
from model.data.scene_places import (
    ROOM,
    nearest_queries,
    ordinal_queries,
    position_queries,
    relation_queries,
)
from model.data.scene_queries import ask
from model.data.scene_things import Thing
from model.data.shapes import COLOURS
from model.data.vocabulary import clash

WIDTH, HEIGHT = 300, 200


def thing(
    noun: str, x: float, y: float, *, colour: str | None = None, side: float = 20, shape: bool = False
) -> Thing:
    box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return Thing(noun, colour, shape, Target((x, y), box), side * side)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def found(queries: list[Query], text: str) -> list[tuple[float, float]] | None:
    """Points of the query of which the text matches a pattern; None when nothing like it is asked."""
    for query in queries:
        if re.fullmatch(text, query.text):
            return [target.point for target in query.targets]
    return None


def asked_often(make, seeds: int = 60) -> list[Query]:
    return [query for seed in range(seeds) for query in make(rng(seed))]


def test_a_noun_finds_all_of_its_things_and_only_them() -> None:
    things = [thing("key", 50, 50), thing("key", 150, 50), thing("dog", 250, 50)]
    for query in asked_often(lambda r: noun_queries(r, things)):
        assert len(query.targets) == (2 if query.label == "key" else 1)
        assert query.kind == ("count" if query.label == "key" else "noun")


def test_wording_follows_how_many_there_are() -> None:
    one = {q.text for q in asked_often(lambda r: noun_queries(r, [thing("key", 50, 50)]))}
    two = {
        q.text for q in asked_often(lambda r: noun_queries(r, [thing("key", 50, 50), thing("key", 90, 90)]))
    }
    assert {"key", "the key", "a key"} <= one
    assert {"keys", "all the keys", "every key", "each of the keys"} <= two
    assert not {"the key", "a key"} & two


def test_colour_is_only_asked_where_every_colour_is_sure() -> None:
    sure = [thing("star", 50, 50, colour="red"), thing("star", 90, 90, colour="blue")]
    doubtful = [*sure, thing("star", 150, 90)]  # the third could be red as well
    assert {q.label for q in colour_queries(rng(), sure)} == {"red star", "blue star"}
    assert colour_queries(rng(), doubtful) == []


def test_blue_shapes_are_only_asked_among_shapes() -> None:
    shapes = [
        thing("star", 50, 50, colour="blue", shape=True),
        thing("ring", 9, 9, colour="blue", shape=True),
    ]
    assert [len(q.targets) for q in shape_queries(rng(), shapes)] == [2]
    assert shape_queries(rng(), [*shapes, thing("dog", 150, 90)]) == []  # the dog may be blue


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        pytest.param((20, 40), {20, 40}, id="clearly different"),
        pytest.param((38, 40), set(), id="too alike"),
        pytest.param((10, 38, 40), {10}, id="only the smallest is clear"),
    ],
)
def test_size_needs_a_clear_margin(sides: tuple[float, ...], expected: set[float]) -> None:
    things = [thing("star", 40 + 80 * i, 50, side=side) for i, side in enumerate(sides)]
    queries = size_queries(rng(), things)
    assert {q.targets[0].box[2] - q.targets[0].box[0] for q in queries} == expected
    for query in queries:
        big = query.targets[0].box[2] - query.targets[0].box[0] == max(sides)
        assert bool(re.search("big|larg", query.text)) == big


def test_bigger_is_only_said_of_two() -> None:
    three = [thing("star", 40 + 80 * i, 50, side=side) for i, side in enumerate((10, 20, 40))]
    assert not any(re.search("bigger|smaller", q.text) for q in asked_often(lambda r: size_queries(r, three)))


def test_sides_are_true_and_clear() -> None:
    things = [thing("key", 30, 100), thing("key", 150, 104), thing("key", 270, 96)]
    queries = asked_often(lambda r: position_queries(r, things, WIDTH, HEIGHT))
    for query in queries:
        assert query.label in ("left key", "right key")  # their heights are too alike
        assert query.targets[0].point[0] == (30 if query.label == "left key" else 270)


def test_on_the_left_is_only_said_of_things_on_the_left() -> None:
    things = [thing("key", 190, 50), thing("key", 280, 50)]  # the leftmost one is in the right half
    texts = {q.text for q in asked_often(lambda r: position_queries(r, things, WIDTH, HEIGHT))}
    assert "the leftmost key" in texts
    assert "the key on the left" not in texts


def test_ordinals_count_from_the_side_they_name() -> None:
    things = [thing("key", x, 50) for x in (250, 50, 150)]
    expected = {"first": 50, "second": 150, "third": 250}
    for query in asked_often(lambda r: ordinal_queries(r, things, WIDTH)):
        ordinal, side = re.fullmatch(r"the (\w+) key from the (left|right)", query.text).groups()
        x = expected[ordinal]
        assert query.targets[0].point[0] == (x if side == "left" else WIDTH - x)
    assert ordinal_queries(rng(), [thing("key", x, 50) for x in (50, 55, 150)], WIDTH) == []  # too close


@pytest.mark.parametrize(
    ("words", "dx", "dy"),
    [("left of", -1, 0), ("right of", 1, 0), ("above|over|higher", 0, -1), ("below|under|beneath", 0, 1)],
)
def test_relations_are_true(words: str, dx: int, dy: int) -> None:
    things = [
        thing("dog", 150, 100),
        thing("key", 150 + 80 * dx, 100 + 80 * dy),
        thing("bus", 160 - 80 * dx, 90),
    ]
    queries = asked_often(lambda r: relation_queries(r, things, WIDTH, HEIGHT))
    texts = {q.text for q in queries if re.search(words, q.text)}
    assert any(re.fullmatch(rf"the key .*(?:{words}).* the dog", text) for text in texts)
    for query in queries:
        if query.text.startswith("the key") and query.text.endswith("the dog"):
            assert re.search(words, query.text)


def test_doubtful_relations_are_not_asked() -> None:
    askew = [thing("dog", 150, 100), thing("key", 100, 55)]  # left of it and above it
    assert asked_often(lambda r: relation_queries(r, askew, WIDTH, HEIGHT)) == []
    twice = [thing("dog", 250, 100), thing("key", 50, 100), thing("key", 120, 100)]  # both are left of it
    for query in asked_often(lambda r: relation_queries(r, twice, WIDTH, HEIGHT)):
        assert not query.text.startswith("the key")


def test_nearest_needs_a_clear_margin() -> None:
    clear = [thing("dog", 50, 100), thing("key", 90, 100), thing("key", 250, 100)]
    alike = [thing("dog", 150, 100), thing("key", 90, 100), thing("key", 200, 100)]
    assert [q.targets[0].point[0] for q in nearest_queries(rng(), clear)] == [90]
    assert nearest_queries(rng(), alike) == []


def test_rooms_are_spoken_of_by_where_things_stand() -> None:
    """A tall thing that stands in front reaches higher in the picture than a flat one behind it."""
    tall = replace(thing("bottle", 150, 60, side=100), stands=(150, 160))
    flat = replace(thing("plate", 150, 90), stands=(150, 95))
    queries = asked_often(lambda r: relation_queries(r, [tall, flat], WIDTH, HEIGHT, words=ROOM))
    assert {q.text for q in queries} == {"the plate behind the bottle", "the bottle in front of the plate"}
    keys = [replace(thing("key", 50, 60), stands=(50, 160)), replace(thing("key", 60, 90), stands=(60, 95))]
    for query in asked_often(lambda r: position_queries(r, keys, WIDTH, HEIGHT, words=ROOM)):
        front = re.search("front|nearest|closest", query.text)
        assert query.targets[0].point[1] == (60 if front else 90)
    assert not any(
        re.search("closest to the d|next to", query.text)
        for query in asked_often(lambda r: ask(r, [*keys, tall], lambda r: "dog", WIDTH, HEIGHT, words=ROOM))
    )


def test_absent_things_are_absent_and_no_lookalikes() -> None:
    things = [thing("car", 50, 50), thing("ring", 90, 50, colour="red", shape=True)]
    nouns = ("taxi", "car", "circle", "banana", "ring", "dog")

    def name_noun(r: np.random.Generator) -> str:
        return nouns[int(r.integers(len(nouns)))]

    queries = asked_often(lambda r: absent_queries(r, things, name_noun, wanted=3), 200)
    assert {q.label for q in queries if q.kind == "absent"} == {"banana", "dog"}
    wrong_colours = {q.label for q in queries if q.kind == "absent colour"}
    assert wrong_colours <= {f"{colour} ring" for colour in COLOURS} - {
        "red ring",
        "orange ring",
        "pink ring",
    }
    assert len(wrong_colours) > 4


def test_scenery_is_never_called_absent_before_a_photograph() -> None:
    def name_noun(r: np.random.Generator) -> str:
        return ("mountain", "pine tree", "key")[int(r.integers(3))]

    things = [thing("dog", 50, 50)]
    on_photo = asked_often(lambda r: absent_queries(r, things, name_noun, wanted=2, on_photo=True))
    on_wall = asked_often(lambda r: absent_queries(r, things, name_noun, wanted=2))
    assert {q.label for q in on_photo} == {"key"}
    assert {"mountain", "key"} <= {q.label for q in on_wall}


def test_other_words_for_a_noun_are_used_and_find_the_same_thing() -> None:
    queries = asked_often(lambda r: noun_queries(r, [thing("rabbit", 40, 60)]), 200)
    assert {"rabbit", "bunny"} == {q.label for q in queries}
    assert {q.targets[0].point for q in queries} == {(40, 60)}


def test_ask_gives_every_text_once_and_no_more_than_wanted() -> None:
    things = [thing("key", 40 * i, 20 * i, side=10 + 6 * i) for i in range(1, 5)] + [thing("dog", 250, 30)]
    for seed in range(30):
        queries = ask(rng(seed), things, lambda r: "banana", WIDTH, HEIGHT, most=10)
        assert len({q.text for q in queries}) == len(queries) <= 10
        assert any(q.kind.startswith("absent") for q in queries)


def test_an_empty_picture_is_only_asked_for_absent_things() -> None:
    queries = ask(rng(), [], lambda r: "banana", WIDTH, HEIGHT)
    assert queries
    assert all(not q.targets for q in queries)
    assert not any(clash(q.label, "dog") for q in queries)
