"""Queries about scenes: what is asked is true, doubtful objects are not asked, absent objects are absent."""

from __future__ import annotations

import re

from model.data.scenes.nouns import clash
from model.data.scenes.queries.sample import ask
from model.data.schema import Query
from tests.model.data.named_objects import HEIGHT, WIDTH, obj, rng


def found(queries: list[Query], text: str) -> list[tuple[float, float]] | None:
    """Points of the query of which the text matches a pattern; None when nothing like it is asked."""
    for query in queries:
        if re.fullmatch(text, query.text):
            return [target.point for target in query.targets]
    return None


def test_ask_gives_every_text_once_and_no_more_than_wanted() -> None:
    objects = [obj("key", 40 * i, 20 * i, side=10 + 6 * i) for i in range(1, 5)] + [obj("dog", 250, 30)]
    for seed in range(30):
        queries = ask(rng(seed), objects, lambda r: "banana", WIDTH, HEIGHT, most=10)
        assert len({q.text for q in queries}) == len(queries) <= 10
        assert any(q.kind.startswith("absent") for q in queries)


def test_an_empty_image_is_only_asked_for_absent_objects() -> None:
    queries = ask(rng(), [], lambda r: "banana", WIDTH, HEIGHT)
    assert queries
    assert all(not q.targets for q in queries)
    assert not any(clash(q.label, "dog") for q in queries)
