"""Queries for objects by their place: sides, order, relations to others; only where the margin is clear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.scenes.nouns import has_one_form
from model.data.scenes.objects import SceneObject, by_noun
from model.data.scenes.queries.templates import pick
from model.data.schema import Query


@dataclass(frozen=True)
class Side:
    """A side of an image and how it is spoken of.

    Attributes:
        axis: 0 for x, 1 for y.
        sign: 1 when the side is where the coordinate is small, -1 where it is large.
        name: "left".
        extreme: Ways to say that an object is further there than all others of its kind.
        there: Ways to say that it alone is in that half of the image.
    """

    axis: int
    sign: int
    name: str
    extreme: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True)
class SpatialTerms:
    """Words for places in a kind of image.

    Attributes:
        sides: The sides of the image.
        relations: Of one object to another: axis, sign of the way there, and ways to say it.
        near: Whether what is near in the image is near in truth.
    """

    sides: tuple[Side, ...]
    relations: tuple[tuple[int, int, tuple[str, ...]], ...]
    near: bool


_LEFT = Side(
    0, 1, "left", ("the leftmost {}", "the {} furthest to the left"), ("the {} on the left", "the left {}")
)
_RIGHT = Side(
    0, -1, "right", ("the rightmost {}", "the {} furthest right"), ("the {} on the right", "the right {}")
)
_BESIDE = ((0, -1, ("to the left of", "left of")), (0, 1, ("to the right of", "right of")))

FLAT_TERMS = SpatialTerms(
    sides=(
        _LEFT,
        _RIGHT,
        Side(1, 1, "top", ("the topmost {}", "the highest {}"), ("the {} at the top", "the top {}")),
        Side(
            1,
            -1,
            "bottom",
            ("the lowest {}", "the {} furthest down"),
            ("the {} at the bottom", "the bottom {}"),
        ),
    ),
    relations=(
        *_BESIDE,
        (1, -1, ("above", "over", "higher than")),
        (1, 1, ("below", "under", "beneath")),
    ),
    near=True,
)
"""Of drawings."""
ROOM_TERMS = SpatialTerms(
    sides=(
        _LEFT,
        _RIGHT,
        Side(
            1, 1, "back", ("the {} furthest away", "the farthest {}"), ("the {} at the back", "the back {}")
        ),
        Side(
            1,
            -1,
            "front",
            ("the {} closest to the camera", "the nearest {}"),
            ("the {} at the front", "the front {}"),
        ),
    ),
    relations=(*_BESIDE, (1, -1, ("behind",)), (1, 1, ("in front of",))),
    near=False,
)
"""Of objects that stand on one plane before a camera."""


def _along(found: list[SceneObject], axis: int, sign: int) -> list[SceneObject]:
    return sorted(found, key=lambda obj: sign * obj.place[axis])


_LEAD = 0.1  # least lead over the next object, as a share of the image's side


def position_queries(
    rng: np.random.Generator, objects: list[SceneObject], size: tuple[int, int], terms: SpatialTerms
) -> list[Query]:
    """Asks for one of several objects of a noun by its side: "the leftmost circle".

    Args:
        rng: Source of all choices.
        objects: All objects of the image.
        size: (width, height) of the image in pixels.
        terms: Words for places.

    Returns:
        One query for each noun and side where the lead is clear.
    """
    queries = []
    for noun, found in by_noun(objects).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        for side in terms.sides:
            length = size[side.axis]
            order = _along(found, side.axis, side.sign)
            first, second = (side.sign * (t.place[side.axis] - length / 2) for t in order[:2])
            if second - first >= _LEAD * length:
                ways = side.extreme + (side.there if first < -0.03 * length and second > 0 else ())
                text = pick(rng, ways).format(noun)
                queries.append(Query(text, f"{side.name} {noun}", (order[0].target,), "position"))
    return queries


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def ordinal_queries(
    rng: np.random.Generator, objects: list[SceneObject], width: int, *, margin: float = 0.07
) -> list[Query]:
    """Asks for one of three to five objects by counting from a side: "the second star from the left".

    Args:
        rng: Source of the choice.
        objects: All objects of the image.
        width: Image width, pixels.
        margin: Least distance between neighbours, as a share of the width.

    Returns:
        At most one query for each noun.
    """
    queries = []
    for noun, found in by_noun(objects).items():
        if not 3 <= len(found) <= 5 or has_one_form(noun):
            continue
        order = _along(found, 0, 1)
        gaps = np.diff([obj.place[0] for obj in order])
        if gaps.min() < margin * width:
            continue
        place, side = int(rng.integers(len(order))), pick(rng, ("left", "right"))
        chosen = order[place] if side == "left" else order[-1 - place]
        text = f"the {_ORDINALS[place]} {noun} from the {side}"
        queries.append(Query(text, noun, (chosen.target,), "ordinal"))
    return queries


def _related(
    found: list[SceneObject], anchor: SceneObject, axis: int, sign: int, margin: float
) -> SceneObject | None:
    """Returns the only object clearly on one side of the anchor; None when there is none or any doubt."""
    chosen = []
    for obj in found:
        away = np.subtract(obj.place, anchor.place).tolist()
        along, across = sign * away[axis], abs(away[1 - axis])
        if along > -margin and along < max(margin, 1.2 * across):
            return None  # it lies askew: people would disagree
        if along >= margin:
            chosen.append(obj)
    return chosen[0] if len(chosen) == 1 else None


_MOST_RELATIONS, _RELATION_TRIES = 3, 12


def relation_queries(
    rng: np.random.Generator, objects: list[SceneObject], size: tuple[int, int], terms: SpatialTerms
) -> list[Query]:
    """Asks for an object by its side of another, the only one of its name: "the apple left of the dog".

    Args:
        rng, objects, size, terms: See `position_queries`.

    Returns:
        At most three queries.
    """
    groups = by_noun(objects)
    anchors = [found[0] for found in groups.values() if len(found) == 1]
    queries: list[Query] = []
    if not anchors or len(groups) < 2:
        return queries
    for _ in range(_RELATION_TRIES):
        anchor = anchors[int(rng.integers(len(anchors)))]
        noun = pick(rng, list(groups))
        axis, sign, ways = terms.relations[int(rng.integers(len(terms.relations)))]
        if noun == anchor.noun or has_one_form(noun):
            continue
        obj = _related(groups[noun], anchor, axis, sign, 0.12 * size[axis])
        if obj is not None:
            text = f"the {noun} {pick(rng, ways)} the {anchor.noun}"
            queries.append(Query(text, noun, (obj.target,), "relation"))
        if len(queries) == _MOST_RELATIONS:
            break
    return queries


def nearest_queries(rng: np.random.Generator, objects: list[SceneObject]) -> list[Query]:
    """Asks for the one of several objects of a noun that is clearly nearest to another object.

    Args:
        rng: Source of all choices.
        objects: All objects of the image.

    Returns:
        At most one query for each noun.
    """
    groups = by_noun(objects)
    anchors = [found[0] for found in groups.values() if len(found) == 1]
    queries = []
    for noun, found in groups.items():
        if len(found) < 2 or not anchors or has_one_form(noun):
            continue
        anchor = anchors[int(rng.integers(len(anchors)))]
        away = [float(np.hypot(*np.subtract(t.target.point, anchor.target.point))) for t in found]
        order = np.argsort(away)
        if away[order[1]] >= 1.6 * away[order[0]]:
            way = pick(rng, ("closest to", "nearest to", "next to", "nearest"))
            text = f"the {noun} {way} the {anchor.noun}"
            queries.append(Query(text, noun, (found[order[0]].target,), "relation"))
    return queries
