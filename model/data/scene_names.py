"""Asks for things by what they are: noun, colour, size; knows no places."""

from __future__ import annotations

import numpy as np

from model.data.sample import Query
from model.data.scene_phrases import ask_for_all, ask_for_one, pick, spoken
from model.data.scene_things import Thing, by_noun
from model.data.vocabulary import has_one_form


def _named(rng: np.random.Generator, phrase: str, noun: str, found: list[Thing], kind: str) -> Query:
    phrase, noun = spoken(rng, phrase, noun)
    several = len(found) > 1 or rng.random() < 0.06
    text = (ask_for_all if several else ask_for_one)(rng, phrase, noun)
    if len(found) > 1:
        kind = "count" if kind == "noun" else f"count {kind}"
    return Query(text, phrase, tuple(thing.target for thing in found), kind)


def noun_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """One query for each noun in the picture: "the mug", or "all the mugs" when there are several."""
    return [_named(rng, noun, noun, found, "noun") for noun, found in by_noun(things).items()]


def colour_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """Colour and noun: "the red circle"; only for nouns whose things all have a sure colour."""
    queries = []
    for noun, found in by_noun(things).items():
        if any(thing.colour is None for thing in found):
            continue
        for colour in dict.fromkeys(thing.colour for thing in found):
            same = [thing for thing in found if thing.colour == colour]
            queries.append(_named(rng, f"{colour} {noun}", noun, same, "colour"))
    return queries


def shape_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """All shapes of one colour, when nothing but shapes is in the picture: "the blue shapes"."""
    if len(things) < 2 or not all(thing.is_shape for thing in things):
        return []
    queries = []
    for colour in dict.fromkeys(thing.colour for thing in things):
        same = [thing for thing in things if thing.colour == colour]
        phrase = f"{colour} {pick(rng, ('shape', 'thing', 'object'))}"
        queries.append(_named(rng, phrase, phrase.split()[1], same, "colour"))
    return queries


_BIGGEST = (("biggest", "largest"), ("smallest", "tiniest"))


def size_queries(rng: np.random.Generator, things: list[Thing], *, ratio: float = 1.4) -> list[Query]:
    """The biggest and the smallest of several things of a noun, when its area differs by the ratio."""
    queries = []
    for noun, found in by_noun(things).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        order = sorted(found, key=lambda thing: -thing.area)
        for words, first, second in ((_BIGGEST[0], order[0], order[1]), (_BIGGEST[1], order[-1], order[-2])):
            larger, smaller = max(first.area, second.area), min(first.area, second.area)
            if larger >= ratio * smaller:
                word = pick(rng, words)
                if len(found) == 2 and rng.random() < 0.3:
                    word = "bigger" if words is _BIGGEST[0] else "smaller"
                queries.append(Query(f"the {word} {noun}", f"{word} {noun}", (first.target,), "size"))
    return queries
