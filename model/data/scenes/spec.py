"""Chooses which objects a scene is to show, before any of them has a place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.data.scenes.nouns import clash
from model.data.scenes.shapes import COLOURS, SHAPES, draw_colour, draw_shape
from model.data.scenes.sprite_library import SpriteLibrary

_TINTS = tuple(colour for colour in COLOURS if colour not in ("black", "white", "grey", "brown"))


@dataclass(frozen=True)
class ObjectSpec:
    """An object to be drawn, before it has a place.

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


def shape_spec(
    rng: np.random.Generator, nouns: Sequence[str] = (), specs: Sequence[ObjectSpec] = ()
) -> ObjectSpec | None:
    """Chooses a geometric shape, often one or a colour that is there already.

    Args:
        rng: Source of all randomness.
        nouns: What the image shows already.
        specs: The objects it shows already, for their colours.

    Returns:
        The shape; None when it could be mistaken for something that is there.
    """
    shapes = [noun for noun in nouns if noun in SHAPES]
    noun = shapes[int(rng.integers(len(shapes)))] if shapes and rng.random() < 0.5 else draw_shape(rng)
    if noun not in nouns and any(clash(noun, other) for other in nouns):
        return None
    used = [spec.colour for spec in specs if spec.colour]
    colour = used[int(rng.integers(len(used)))] if used and rng.random() < 0.3 else draw_colour(rng)
    return ObjectSpec(noun, colour, None)


def drawing_spec(
    rng: np.random.Generator, library: SpriteLibrary, nouns: Sequence[str] = ()
) -> ObjectSpec | None:
    """Chooses a drawing, often of a noun that is there already, now and then tinted.

    Args:
        rng: Source of all randomness.
        library: What can be drawn.
        nouns: What the image shows already.

    Returns:
        The drawing; None when it could be mistaken for something that is there.
    """
    drawn = [noun for noun in nouns if noun in library.by_noun]
    repeat = drawn and rng.random() < 0.3
    noun = drawn[int(rng.integers(len(drawn)))] if repeat else library.draw_noun(rng)
    if noun not in nouns and any(clash(noun, other) for other in nouns):
        return None
    choices = library.by_noun[noun]
    index = choices[int(rng.integers(len(choices)))]
    if rng.random() < 0.12:
        return ObjectSpec(noun, _TINTS[int(rng.integers(len(_TINTS)))], index, tinted=True)
    return ObjectSpec(noun, library.drawings[index].colour, index)


def scene_specs(rng: np.random.Generator, library: SpriteLibrary | None) -> list[ObjectSpec]:
    """Chooses the objects of an image: no two different nouns that one object could both be called.

    Args:
        rng: Source of all randomness.
        library: What can be drawn; None for shapes only.

    Returns:
        One to ten objects.
    """
    shapes = 1.0 if library is None else (0.0, 0.5, 1.0)[int(np.searchsorted((0.45, 0.75), rng.random()))]
    specs: list[ObjectSpec] = []
    for _ in range(_how_many(rng)):
        nouns = list(dict.fromkeys(spec.noun for spec in specs))
        for _ in range(6):
            if library is None or rng.random() < shapes:
                spec = shape_spec(rng, nouns, specs)
            else:
                spec = drawing_spec(rng, library, nouns)
            if spec is not None:
                specs.append(spec)
                break
    return specs
