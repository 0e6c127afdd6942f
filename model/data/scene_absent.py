"""Asks for what is not in a picture; never for a lookalike of what is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.data.sample import Query
from model.data.scene_phrases import ask_for_all, ask_for_one, pick, spoken
from model.data.scene_things import Thing, by_noun
from model.data.shapes import COLOURS, SHAPES
from model.data.vocabulary import clash

NameNoun = Callable[[np.random.Generator], str]

# What a photograph used as ground may show by itself.
_SCENERY = ("mountain", "tree", "sun", "cloud", "leaf", "flower", "rock", "island", "bridge", "wave", "moon")


def _missing(noun: str, things: list[Thing], *, on_photo: bool) -> bool:
    if on_photo and any(clash(noun, seen) for seen in _SCENERY):
        return False
    return not any(clash(noun, thing.noun) or noun == thing.colour for thing in things)


def _absent_noun(
    rng: np.random.Generator, things: list[Thing], name_noun: NameNoun, *, on_photo: bool
) -> tuple[str, str] | None:
    for _ in range(8):
        noun = name_noun(rng)
        if _missing(noun, things, on_photo=on_photo):
            colour = f"{pick(rng, COLOURS)} " if noun in SHAPES and rng.random() < 0.5 else ""
            return f"{colour}{noun}", noun
    return None


def _absent_colour(rng: np.random.Generator, things: list[Thing]) -> tuple[str, str] | None:
    """The right noun in a colour that none of its things has."""
    groups = [found for found in by_noun(things).values() if all(thing.colour is not None for thing in found)]
    if not groups:
        return None
    found = groups[int(rng.integers(len(groups)))]
    present = {thing.colour for thing in found}
    # a colour that something else in the picture has is the hardest
    others = [t.colour for t in things if t.colour and t.colour not in present]
    colour = pick(rng, others) if others and rng.random() < 0.6 else pick(rng, COLOURS)
    if any(colour == p or frozenset((colour, p)) in _NEAR_COLOURS for p in present):
        return None
    return f"{colour} {found[0].noun}", found[0].noun


_NEAR_COLOURS = frozenset(
    map(
        frozenset,
        (
            ("red", "orange"), ("orange", "yellow"), ("red", "pink"), ("pink", "purple"), ("purple", "blue"),
            ("brown", "orange"), ("brown", "red"), ("black", "grey"), ("white", "grey"), ("black", "brown"),
        ),
    )
)  # fmt: skip


def absent_queries(
    rng: np.random.Generator, things: list[Thing], name_noun: NameNoun, *, wanted: int, on_photo: bool = False
) -> list[Query]:
    """Things that are not in the picture, among them the right noun in a wrong colour."""
    queries: list[Query] = []
    for _ in range(4 + 4 * wanted):
        if len(queries) == wanted:
            break
        by_colour = rng.random() < 0.4
        if by_colour:
            found = _absent_colour(rng, things)
        else:
            found = _absent_noun(rng, things, name_noun, on_photo=on_photo)
        if found is None or any(query.label == found[0] for query in queries):
            continue
        phrase, noun = spoken(rng, *found)
        text = (ask_for_all if rng.random() < 0.3 else ask_for_one)(rng, phrase, noun)
        queries.append(Query(text, phrase, (), "absent colour" if by_colour else "absent"))
    return queries
