"""Queries for what is not in an image; never for a lookalike of what is there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.data.scenes.nouns import clash
from model.data.scenes.objects import SceneObject, by_noun
from model.data.scenes.queries.templates import ask_for, pick, with_synonym
from model.data.scenes.shapes import COLOURS, SHAPES
from model.data.schema import Query

NameNoun = Callable[[np.random.Generator], str]

# What a photograph used as ground may show by itself.
_SCENERY = ("mountain", "tree", "sun", "cloud", "leaf", "flower", "rock", "island", "bridge", "wave", "moon")


def _missing(noun: str, objects: list[SceneObject], *, on_photo: bool) -> bool:
    if on_photo and any(clash(noun, seen) for seen in _SCENERY):
        return False
    return not any(clash(noun, obj.noun) or noun == obj.colour for obj in objects)


def _absent_noun(
    rng: np.random.Generator, objects: list[SceneObject], name_noun: NameNoun, *, on_photo: bool
) -> tuple[str, str] | None:
    for _ in range(8):
        noun = name_noun(rng)
        if _missing(noun, objects, on_photo=on_photo):
            colour = f"{pick(rng, COLOURS)} " if noun in SHAPES and rng.random() < 0.5 else ""
            return f"{colour}{noun}", noun
    return None


def _absent_colour(rng: np.random.Generator, objects: list[SceneObject]) -> tuple[str, str] | None:
    """The right noun in a colour that none of its objects has."""
    groups = [found for found in by_noun(objects).values() if all(obj.colour is not None for obj in found)]
    if not groups:
        return None
    found = groups[int(rng.integers(len(groups)))]
    present = {obj.colour for obj in found}
    # a colour that something else in the image has is the hardest
    others = [t.colour for t in objects if t.colour and t.colour not in present]
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
    rng: np.random.Generator,
    objects: list[SceneObject],
    name_noun: NameNoun,
    *,
    wanted: int,
    on_photo: bool = False,
) -> list[Query]:
    """Asks for objects that are not in the image, among them the right noun in a wrong colour.

    Args:
        rng: Source of all choices.
        objects: All objects of the image.
        name_noun: Draws a noun.
        wanted: How many queries to make.
        on_photo: Whether the background is a photograph, which may show scenery that is in no list.

    Returns:
        Up to `wanted` queries without targets.
    """
    queries: list[Query] = []
    for _ in range(4 + 4 * wanted):
        if len(queries) == wanted:
            break
        by_colour = rng.random() < 0.4
        if by_colour:
            found = _absent_colour(rng, objects)
        else:
            found = _absent_noun(rng, objects, name_noun, on_photo=on_photo)
        if found is None or any(query.label == found[0] for query in queries):
            continue
        phrase, noun = with_synonym(rng, *found)
        text = ask_for(rng, phrase, noun, several=bool(rng.random() < 0.3))
        queries.append(Query(text, phrase, (), "absent colour" if by_colour else "absent"))
    return queries
