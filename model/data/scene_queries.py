"""Asks about a composed picture in the ways people speak; knows names, places and sizes, no pixels.

Every query is answerable without doubt: superlatives, sides and relations are only asked when the margin is
clear, and absent things are never lookalikes of what is there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from model.data.sample import Query, Target
from model.data.shapes import COLOURS, SHAPES
from model.data.vocabulary import clash, has_one_form, is_plural_only, plural, spoken_names, with_article

NameNoun = Callable[[np.random.Generator], str]


@dataclass(frozen=True, eq=False)
class Thing:
    """One named thing in a picture.

    Attributes:
        noun: "mug", "circle".
        colour: Its colour name; None when nobody could say for sure.
        is_shape: Whether it is a geometric shape.
        target: Where it is visible.
        area: Pixels it covers, hidden ones included; sizes are compared by it. In a room: those it would
            cover if everything were equally far from the camera.
        stands: (x, y) of the picture where it stands, which may be hidden; sides and relations are judged by
            it. None in a flat picture, where they are judged by the target.
    """

    noun: str
    colour: str | None
    is_shape: bool
    target: Target
    area: float
    stands: tuple[float, float] | None = None

    @property
    def place(self) -> tuple[float, float]:
        """(x, y) by which sides and relations are judged, pixels of the picture."""
        return self.stands or self.target.point

    @property
    def phrase(self) -> str:
        """Colour and noun as far as known: "red circle"."""
        return f"{self.colour} {self.noun}" if self.colour else self.noun


def _pick(rng: np.random.Generator, options: tuple[str, ...] | list[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _one(rng: np.random.Generator, phrase: str, noun: str) -> str:
    """Asks for the only thing of a name."""
    if has_one_form(noun):
        return _pick(rng, (phrase, f"the {phrase}", f"the {phrase}"))
    return _pick(rng, (phrase, f"the {phrase}", f"the {phrase}", with_article(phrase, noun)))


def _many(rng: np.random.Generator, phrase: str, noun: str) -> str:
    """Asks for all things of a name, however many there are."""
    many = plural(noun)
    if many is None:
        return _pick(rng, (phrase, f"all the {phrase}", f"the {phrase}"))
    many = phrase[: len(phrase) - len(noun)] + many
    ways = [many, f"the {many}", f"all the {many}", f"all {many}", phrase]
    if not is_plural_only(noun):
        ways += [f"every {phrase}", f"each {phrase}", f"each of the {many}"]
    return _pick(rng, ways)


def _spoken(rng: np.random.Generator, phrase: str, noun: str) -> tuple[str, str]:
    """The phrase and its noun, one time in five with another word for the noun."""
    others = spoken_names(noun)
    if not others or rng.random() >= 0.2:
        return phrase, noun
    other = _pick(rng, others)
    return phrase[: len(phrase) - len(noun)] + other, other


def _named(rng: np.random.Generator, phrase: str, noun: str, found: list[Thing], kind: str) -> Query:
    phrase, noun = _spoken(rng, phrase, noun)
    several = len(found) > 1 or rng.random() < 0.06
    text = (_many if several else _one)(rng, phrase, noun)
    if len(found) > 1:
        kind = "count" if kind == "noun" else f"count {kind}"
    return Query(text, phrase, tuple(thing.target for thing in found), kind)


def _by_noun(things: list[Thing]) -> dict[str, list[Thing]]:
    groups: dict[str, list[Thing]] = {}
    for thing in things:
        groups.setdefault(thing.noun, []).append(thing)
    return groups


def noun_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """One query for each noun in the picture: "the mug", or "all the mugs" when there are several."""
    return [_named(rng, noun, noun, found, "noun") for noun, found in _by_noun(things).items()]


def colour_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """Colour and noun: "the red circle"; only for nouns whose things all have a sure colour."""
    queries = []
    for noun, found in _by_noun(things).items():
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
        phrase = f"{colour} {_pick(rng, ('shape', 'thing', 'object'))}"
        queries.append(_named(rng, phrase, phrase.split()[1], same, "colour"))
    return queries


_BIGGEST = (("biggest", "largest"), ("smallest", "tiniest"))


def size_queries(rng: np.random.Generator, things: list[Thing], *, ratio: float = 1.4) -> list[Query]:
    """The biggest and the smallest of several things of a noun, when its area differs by the ratio."""
    queries = []
    for noun, found in _by_noun(things).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        order = sorted(found, key=lambda thing: -thing.area)
        for words, first, second in ((_BIGGEST[0], order[0], order[1]), (_BIGGEST[1], order[-1], order[-2])):
            larger, smaller = max(first.area, second.area), min(first.area, second.area)
            if larger >= ratio * smaller:
                word = _pick(rng, words)
                if len(found) == 2 and rng.random() < 0.3:
                    word = "bigger" if words is _BIGGEST[0] else "smaller"
                queries.append(Query(f"the {word} {noun}", f"{word} {noun}", (first.target,), "size"))
    return queries


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
    for noun, found in _by_noun(things).items():
        if len(found) < 2 or has_one_form(noun):
            continue
        for side in words.sides:
            length = (width, height)[side.axis]
            order = _along(found, side.axis, side.sign)
            first, second = (side.sign * (t.place[side.axis] - length / 2) for t in order[:2])
            if second - first >= margin * length:
                ways = side.extreme + (side.there if first < -0.03 * length and second > 0 else ())
                text = _pick(rng, ways).format(noun)
                queries.append(Query(text, f"{side.name} {noun}", (order[0].target,), "position"))
    return queries


_ORDINALS = ("first", "second", "third", "fourth", "fifth")


def ordinal_queries(
    rng: np.random.Generator, things: list[Thing], width: int, *, margin: float = 0.07
) -> list[Query]:
    """One of three or more things counted from a side: "the second star from the left"."""
    queries = []
    for noun, found in _by_noun(things).items():
        if not 3 <= len(found) <= 5 or has_one_form(noun):
            continue
        order = _along(found, 0, 1)
        gaps = np.diff([thing.place[0] for thing in order])
        if gaps.min() < margin * width:
            continue
        place, side = int(rng.integers(len(order))), _pick(rng, ("left", "right"))
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
    groups = _by_noun(things)
    anchors = [found[0] for found in groups.values() if len(found) == 1]
    queries: list[Query] = []
    if not anchors or len(groups) < 2:
        return queries
    for _ in range(4 * wanted):
        anchor = anchors[int(rng.integers(len(anchors)))]
        noun = _pick(rng, list(groups))
        axis, sign, ways = words.relations[int(rng.integers(len(words.relations)))]
        if noun == anchor.noun or has_one_form(noun):
            continue
        thing = _related(groups[noun], anchor, axis, sign, 0.12 * (width, height)[axis])
        if thing is not None:
            text = f"the {noun} {_pick(rng, ways)} the {anchor.noun}"
            queries.append(Query(text, noun, (thing.target,), "relation"))
        if len(queries) == wanted:
            break
    return queries


def nearest_queries(rng: np.random.Generator, things: list[Thing]) -> list[Query]:
    """The one of several things of a noun that is clearly nearest to another thing."""
    groups = _by_noun(things)
    anchors = [found[0] for found in groups.values() if len(found) == 1]
    queries = []
    for noun, found in groups.items():
        if len(found) < 2 or not anchors or has_one_form(noun):
            continue
        anchor = anchors[int(rng.integers(len(anchors)))]
        away = [float(np.hypot(*np.subtract(t.target.point, anchor.target.point))) for t in found]
        order = np.argsort(away)
        if away[order[1]] >= 1.6 * away[order[0]]:
            way = _pick(rng, ("closest to", "nearest to", "next to", "nearest"))
            text = f"the {noun} {way} the {anchor.noun}"
            queries.append(Query(text, noun, (found[order[0]].target,), "relation"))
    return queries


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
            colour = f"{_pick(rng, COLOURS)} " if noun in SHAPES and rng.random() < 0.5 else ""
            return f"{colour}{noun}", noun
    return None


def _absent_colour(rng: np.random.Generator, things: list[Thing]) -> tuple[str, str] | None:
    """The right noun in a colour that none of its things has."""
    groups = [
        found for found in _by_noun(things).values() if all(thing.colour is not None for thing in found)
    ]
    if not groups:
        return None
    found = groups[int(rng.integers(len(groups)))]
    present = {thing.colour for thing in found}
    # a colour that something else in the picture has is the hardest
    others = [t.colour for t in things if t.colour and t.colour not in present]
    colour = _pick(rng, others) if others and rng.random() < 0.6 else _pick(rng, COLOURS)
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
        phrase, noun = _spoken(rng, *found)
        text = (_many if rng.random() < 0.3 else _one)(rng, phrase, noun)
        queries.append(Query(text, phrase, (), "absent colour" if by_colour else "absent"))
    return queries


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
