"""Asks about a composed image in the ways people speak.

Every query can be answered without doubt: superlatives, sides and relations are only asked when the margin is
clear, and absent objects are never lookalikes of what is there.
"""

from __future__ import annotations

import numpy as np

from model.data.scenes.objects import SceneObject
from model.data.scenes.queries.attributes import colour_queries, noun_queries, shape_queries, size_queries
from model.data.scenes.queries.negatives import NameNoun, absent_queries
from model.data.scenes.queries.spatial import (
    FLAT_TERMS,
    SpatialTerms,
    nearest_queries,
    ordinal_queries,
    position_queries,
    relation_queries,
)
from model.data.schema import Query


def _some(rng: np.random.Generator, queries: list[Query], most: int) -> list[Query]:
    return [queries[i] for i in rng.permutation(len(queries))[:most]]


def ask(
    rng: np.random.Generator,
    objects: list[SceneObject],
    name_noun: NameNoun,
    width: int,
    height: int,
    *,
    on_photo: bool = False,
    most: int = 16,
    terms: SpatialTerms = FLAT_TERMS,
) -> tuple[Query, ...]:
    """Asks about an image: up to `most` queries, each text once, in random order; about one in six is absent.

    Args:
        rng: Source of all randomness.
        objects: All nameable objects in the image; none of them hidden.
        name_noun: Draws a noun of the vocabulary, for absent objects.
        width: Image width, pixels.
        height: Image height, pixels.
        on_photo: Whether the background is a photograph, which may show scenery that is in no list.
        most: Upper bound of the number of queries.
        terms: Words for places in this kind of image.

    Returns:
        The queries.
    """
    queries = _some(rng, noun_queries(rng, objects), 6)
    queries += _some(rng, colour_queries(rng, objects), 4)
    queries += _some(rng, size_queries(rng, objects), 2)
    queries += _some(rng, position_queries(rng, objects, (width, height), terms), 3)
    queries += _some(rng, ordinal_queries(rng, objects, width), 1)
    queries += _some(rng, relation_queries(rng, objects, (width, height), terms), 3)
    if terms.near:
        queries += _some(rng, nearest_queries(rng, objects), 1)
    queries += _some(rng, shape_queries(rng, objects), 2)
    unique = {query.text: query for query in queries}
    for query in noun_queries(rng, objects) + colour_queries(rng, objects):
        if len(unique) < 9:
            unique.setdefault(query.text, query)
    absent = max(1, round(len(unique) * 0.21 + float(rng.uniform(-0.5, 0.5))))
    chosen = _some(rng, list(unique.values()), most - absent)
    chosen += absent_queries(rng, objects, name_noun, wanted=absent, on_photo=on_photo)
    return tuple(_some(rng, chosen, most))
