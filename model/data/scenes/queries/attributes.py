"""Queries for objects by what they are: noun, colour, size."""

from __future__ import annotations

import numpy as np

from model.data.scenes.nouns import has_one_form
from model.data.scenes.objects import SceneObject, by_noun
from model.data.scenes.queries.templates import ask_for, pick, with_synonym
from model.data.schema import Query


def _named(rng: np.random.Generator, phrase: str, noun: str, found: list[SceneObject], kind: str) -> Query:
    phrase, noun = with_synonym(rng, phrase, noun)
    several = len(found) > 1 or rng.random() < 0.06
    text = ask_for(rng, phrase, noun, several=several)
    if len(found) > 1:
        kind = "count" if kind == "noun" else f"count {kind}"
    return Query(text, phrase, tuple(obj.target for obj in found), kind)


def noun_queries(rng: np.random.Generator, objects: list[SceneObject]) -> list[Query]:
    """Asks for each noun in the image: "the mug", or "all the mugs" when there are several.

    Args:
        rng: Source of the wording.
        objects: All objects of the image.

    Returns:
        One query for each noun.
    """
    return [_named(rng, noun, noun, found, "noun") for noun, found in by_noun(objects).items()]


def colour_queries(rng: np.random.Generator, objects: list[SceneObject]) -> list[Query]:
    """Asks by colour and noun: "the red circle"; only for nouns whose objects all have a sure colour.

    Args:
        rng: Source of the wording.
        objects: All objects of the image.

    Returns:
        One query for each colour of each such noun.
    """
    queries = []
    for noun, found in by_noun(objects).items():
        if any(obj.colour is None for obj in found):
            continue
        for colour in dict.fromkeys(obj.colour for obj in found):
            same = [obj for obj in found if obj.colour == colour]
            queries.append(_named(rng, f"{colour} {noun}", noun, same, "colour"))
    return queries


def shape_queries(rng: np.random.Generator, objects: list[SceneObject]) -> list[Query]:
    """Asks for all shapes of one colour, when the image shows nothing but shapes: "the blue shapes".

    Args:
        rng, objects: See `noun_queries`.

    Returns:
        One query for each colour; none when there is anything else, or only one shape.
    """
    if len(objects) < 2 or not all(obj.is_shape for obj in objects):
        return []
    queries = []
    for colour in dict.fromkeys(obj.colour for obj in objects):
        same = [obj for obj in objects if obj.colour == colour]
        phrase = f"{colour} {pick(rng, ('shape', 'thing', 'object'))}"
        queries.append(_named(rng, phrase, phrase.split()[1], same, "colour"))
    return queries


_BIGGEST = (("biggest", "largest"), ("smallest", "tiniest"))


def size_queries(rng: np.random.Generator, objects: list[SceneObject], *, ratio: float = 1.4) -> list[Query]:
    """Asks for the biggest and the smallest of several objects of a noun.

    Args:
        rng, objects: See `noun_queries`.
        ratio: Least ratio of its area to that of the next one.

    Returns:
        At most two queries for each noun.
    """
    queries = []
    for noun, found in by_noun(objects).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        order = sorted(found, key=lambda obj: -obj.area)
        for words, first, second in ((_BIGGEST[0], order[0], order[1]), (_BIGGEST[1], order[-1], order[-2])):
            larger, smaller = max(first.area, second.area), min(first.area, second.area)
            if larger >= ratio * smaller:
                word = pick(rng, words)
                if len(found) == 2 and rng.random() < 0.3:
                    word = "bigger" if words is _BIGGEST[0] else "smaller"
                queries.append(Query(f"the {word} {noun}", f"{word} {noun}", (first.target,), "size"))
    return queries
