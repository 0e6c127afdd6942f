"""Asks for things by their place: sides, order, relations to others; only where the margin is clear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model.data.sample import Query
from model.data.scene_phrases import pick
from model.data.scene_things import Thing, by_noun
from model.data.vocabulary import has_one_form


@dataclass(frozen=True)
class Side:
    """A side of a picture and what is said of things there.

    Attributes:
        axis: 0 for x, 1 for y.
        sign: 1 when the side is where the coordinate is small, -1 where it is large.
        name: "left".
        extreme: Ways to say that a thing is further there than all others of its kind.
        there: Ways to say that it alone is in that half of the picture.
    """

    axis: int
    sign: int
    name: str
    extreme: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True)
class Words:
    """How people speak of places in a kind of picture.

    Attributes:
        sides: Of the picture.
        relations: Of one thing to another: axis, sign of the way there, and ways to say it.
        near: Whether what is near in the picture is near in truth.
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

FLAT = Words(
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
ROOM = Words(
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
"""Of things that stand on one plane before a camera."""


def _along(found: list[Thing], axis: int, sign: int) -> list[Thing]:
    return sorted(found, key=lambda thing: sign * thing.place[axis])


def position_queries(
    rng: np.random.Generator,
    things: list[Thing],
    width: int,
    height: int,
    *,
    margin: float = 0.1,
    words: Words = FLAT,
) -> list[Query]:
    """Things of a noun singled out by side: "the leftmost circle"; the margin is relative."""
    queries = []
    for noun, found in by_noun(things).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        for side in words.sides:
            length = (width, height)[side.axis]
            order = _along(found, side.axis, side.sign)
            first, second = (side.sign * (t.place[side.axis] - length / 2) for t in order[:2])
            if second - first >= margin * length:
                ways = side.extreme + (side.there if first < -0.03 * length and second > 0 else ())
                text = pick(rng, ways).format(noun)
                queries.append(Query(text, f"{side.name} {noun}", (order[0].target,), "position"))
    return queries


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def ordinal_queries(
    rng: np.random.Generator, things: list[Thing], width: int, *, margin: float = 0.07
) -> list[Query]:
    """One of three or more things counted from a side: "the second star from the left"."""
    queries = []
    for noun, found in by_noun(things).items():
        if not 3 <= len(found) <= 5 or has_one_form(noun):
            continue
        order = _along(found, 0, 1)
        gaps = np.diff([thing.place[0] for thing in order])
        if gaps.min() < margin * width:
            continue
        place, side = int(rng.integers(len(order))), pick(rng, ("left", "right"))
        chosen = order[place] if side == "left" else order[-1 - place]
        text = f"the {_ORDINALS[place]} {noun} from the {side}"
        queries.append(Query(text, noun, (chosen.target,), "ordinal"))
    return queries


def _related(found: list[Thing], anchor: Thing, axis: int, sign: int, margin: float) -> Thing | None:
    """The only thing that lies clearly on one side of the anchor, or None when there is none or any doubt."""
    chosen = []
    for thing in found:
        away = np.subtract(thing.place, anchor.place).tolist()
        along, across = sign * away[axis], abs(away[1 - axis])
        if along > -margin and along < max(margin, 1.2 * across):
            return None  # it lies askew: people would disagree
        if along >= margin:
            chosen.append(thing)
    return chosen[0] if len(chosen) == 1 else None


def relation_queries(
    rng: np.random.Generator,
    things: list[Thing],
    width: int,
    height: int,
    *,
    wanted: int = 3,
    words: Words = FLAT,
) -> list[Query]:
    """A thing by its side of another, which must be the only one of its name: "the apple left of the dog"."""
    groups = by_noun(things)
    anchors = [found[0] for found in groups.values() if len(found) == 1]
    queries: list[Query] = []
    if not anchors or len(groups) < 2:
        return queries
    for _ in range(4 * wanted):
        anchor = anchors[int(rng.integers(len(anchors)))]
        noun = pick(rng, list(groups))
        axis, sign, ways = words.relations[int(rng.integers(len(words.relations)))]
        if noun == anchor.noun or has_one_form(noun):
            continue
        thing = _related(groups[noun], anchor, axis, sign, 0.12 * (width, height)[axis])
        if thing is not None:
            text = f"the {noun} {pick(rng, ways)} the {anchor.noun}"
            queries.append(Query(text, noun, (thing.target,), "relation"))
        if len(queries) == wanted:
            break
    return queries


def nearest_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """The one of several things of a noun that is clearly nearest to another thing."""
    groups = by_noun(things)
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
