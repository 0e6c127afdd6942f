"""Asks about a composed picture in the ways people speak; knows names, places and sizes, no pixels.

Every query is answerable without doubt: superlatives, sides and relations are only asked when the margin is
clear, and absent things are never lookalikes of what is there.
"""

from __future__ import annotations

import numpy as np

from model.data.sample import Query
from model.data.scene_absent import NameNoun, absent_queries
from model.data.scene_names import colour_queries, noun_queries, shape_queries, size_queries
from model.data.scene_places import (
    FLAT,
    Words,
    nearest_queries,
    ordinal_queries,
    position_queries,
    relation_queries,
)
from model.data.scene_things import Thing


def _some(rng: np.random.Generator, queries: list[Query], most: int) -> list[Query]:
    return [queries[i] for i in rng.permutation(len(queries))[:most]]


def ask(
    rng: np.random.Generator,
    things: list[Thing],
    name_noun: NameNoun,
    width: int,
    height: int,
    *,
    on_photo: bool = False,
    most: int = 16,
    words: Words = FLAT,
) -> tuple[Query, ...]:
    """Up to `most` queries about a picture, each text once, in random order; about one in six is absent.

    Args:
        rng: Where all randomness comes from.
        things: All nameable things in the picture; none of them hidden.
        name_noun: Draws a noun of the vocabulary, for absent things.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        on_photo: Whether the ground is a photograph, which may show scenery that is in no list.
        most: Upper bound of the number of queries.
        words: How places are spoken of.
    """
    queries = _some(rng, noun_queries(rng, things), 6)
    queries += _some(rng, colour_queries(rng, things), 4)
    queries += _some(rng, size_queries(rng, things), 2)
    queries += _some(rng, position_queries(rng, things, width, height, words=words), 3)
    queries += _some(rng, ordinal_queries(rng, things, width), 1)
    queries += _some(rng, relation_queries(rng, things, width, height, words=words), 3)
    if words.near:
        queries += _some(rng, nearest_queries(rng, things), 1)
    queries += _some(rng, shape_queries(rng, things), 2)
    unique = {query.text: query for query in queries}
    for query in noun_queries(rng, things) + colour_queries(rng, things):
        if len(unique) < 9:
            unique.setdefault(query.text, query)
    absent = max(1, round(len(unique) * 0.21 + float(rng.uniform(-0.5, 0.5))))
    chosen = _some(rng, list(unique.values()), most - absent)
    chosen += absent_queries(rng, things, name_noun, wanted=absent, on_photo=on_photo)
    return tuple(_some(rng, chosen, most))
