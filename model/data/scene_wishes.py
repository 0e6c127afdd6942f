"""What a scene is to show, before anything has a place; knows nouns and drawings, no pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.data.scene_assets import PictureLibrary
from model.data.shapes import COLOURS, SHAPES, draw_colour, draw_shape
from model.data.vocabulary import clash

_TINTS = tuple(colour for colour in COLOURS if colour not in ("black", "white", "grey", "brown"))


@dataclass(frozen=True)
class Wish:
    """A thing to be drawn, before it has a place.

    Attributes:
        noun: What it shows.
        colour: Its colour; for drawings None means as it is.
        drawing: Index in the library; None for a geometric shape.
        tinted: Whether the drawing is to be painted over in `colour`.
    """

    noun: str
    colour: str | None
    drawing: int | None
    tinted: bool = False


def _how_many(rng: np.random.Generator) -> int:
    return int(rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), p=_COUNT_CHANCES))


_COUNT_CHANCES = np.array((4, 8, 13, 16, 16, 14, 11, 8, 6, 4)) / 100


def wish_shape(
    rng: np.random.Generator, nouns: Sequence[str] = (), wishes: Sequence[Wish] = ()
) -> Wish | None:
    """A geometric shape, often one or a colour that is there already; None when it could be mistaken.

    Args:
        rng: Where all randomness comes from.
        nouns: What the picture shows already.
        wishes: The same as wishes.
    """
    shapes = [noun for noun in nouns if noun in SHAPES]
    noun = shapes[int(rng.integers(len(shapes)))] if shapes and rng.random() < 0.5 else draw_shape(rng)
    if noun not in nouns and any(clash(noun, other) for other in nouns):
        return None
    used = [wish.colour for wish in wishes if wish.colour]
    colour = used[int(rng.integers(len(used)))] if used and rng.random() < 0.3 else draw_colour(rng)
    return Wish(noun, colour, None)


def wish_drawing(rng: np.random.Generator, library: PictureLibrary, nouns: Sequence[str] = ()) -> Wish | None:
    """A drawing, often of a noun that is there already, now and then tinted; None when it could be mistaken.

    Args:
        rng: Where all randomness comes from.
        library: What can be drawn.
        nouns: What the picture shows already.
    """
    drawn = [noun for noun in nouns if noun in library.by_noun]
    repeat = drawn and rng.random() < 0.3
    noun = drawn[int(rng.integers(len(drawn)))] if repeat else library.draw_noun(rng)
    if noun not in nouns and any(clash(noun, other) for other in nouns):
        return None
    choices = library.by_noun[noun]
    index = choices[int(rng.integers(len(choices)))]
    if rng.random() < 0.12:
        return Wish(noun, _TINTS[int(rng.integers(len(_TINTS)))], index, tinted=True)
    return Wish(noun, library.drawings[index].colour, index)


def wish_list(rng: np.random.Generator, library: PictureLibrary | None) -> list[Wish]:
    """What a picture is to show: no two different nouns that one thing could both be called."""
    shapes = 1.0 if library is None else (0.0, 0.5, 1.0)[int(np.searchsorted((0.45, 0.75), rng.random()))]
    wishes: list[Wish] = []
    for _ in range(_how_many(rng)):
        nouns = list(dict.fromkeys(wish.noun for wish in wishes))
        for _ in range(6):
            if library is None or rng.random() < shapes:
                wish = wish_shape(rng, nouns, wishes)
            else:
                wish = wish_drawing(rng, library, nouns)
            if wish is not None:
                wishes.append(wish)
                break
    return wishes
