"""Queries for elements of a screen without their labels: by what they are for and by where they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from model.data.assets.names import concept_label, icon_concepts
from model.data.paths import table_lines
from model.data.random_blocks import RandomBlocks
from model.data.schema import Query, Target
from model.data.screens.elements import Box, Element, ScreenContent

MOST = 2  # queries of either kind
ABSENT_SHARE = 0.18  # of the queries by purpose
_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_ACTIVE = (
    "button",
    "link",
    "field",
    "search",
    "dropdown",
    "checkbox",
    "radio",
    "toggle",
    "tab",
    "menu",
    "menu item",
    "icon",
    "slider",
)
_ROLE_NAMES = {"checkbox": "check box", "radio": "radio button", "search": "search field", "toggle": "switch"}


@dataclass(frozen=True)
class Purpose:
    """One line of the table of purposes.

    Attributes:
        labels: What is written on elements that serve it.
        concepts: What icons that serve it show.
        phrases: How people say what they want.
    """

    labels: frozenset[str]
    concepts: frozenset[str]
    phrases: tuple[str, ...]


@lru_cache(maxsize=1)
def purposes() -> tuple[Purpose, ...]:
    """Reads the table of purposes, `tables/functions.txt`."""

    def words(part: str) -> list[str]:
        return [word.strip() for word in part.split(",") if word.strip()]

    read = []
    for line in table_lines("functions.txt"):
        named, _, phrases = line.partition("=")
        labels, _, concepts = named.partition(";")
        read.append(Purpose(frozenset(words(labels)), frozenset(words(concepts)), tuple(words(phrases))))
    return tuple(read)


def ask_without_labels(shown: ScreenContent, size: tuple[int, int], rand: RandomBlocks) -> tuple[Query, ...]:
    """Asks by purpose and by place, at most `MOST` queries of each.

    Each asks for one element or for none, and only where the screen leaves no doubt. Kinds are "function" or
    "absent" by purpose, and "position".

    Args:
        shown: What the screen shows.
        size: Width and height of the image, pixels.
        rand: Source of all choices.

    Returns:
        The queries.
    """
    by_purpose = [*_given_intents(shown, rand), *_served_purposes(shown, rand)]
    by_place = [*_in_rows(shown, rand), *_beside(shown, rand), *_in_corners(shown, size, rand)]
    by_place += _by_order(shown, size)
    chosen = rand.shuffled(by_purpose)[:MOST]
    absent = sum(rand.chance() < ABSENT_SHARE for _ in range(MOST))
    queries = chosen[: MOST - absent] + _unserved_purposes(shown, rand, absent)
    return (*queries, *rand.shuffled(by_place)[:MOST])


def _query(text: str, element: Element, kind: str) -> Query:
    x0, y0, x1, y1 = element.box
    target = Target(((x0 + x1) / 2, (y0 + y1) / 2), element.box)
    return Query(text, _name(element), (target,), kind)


def _name(element: Element) -> str:
    """What is put behind the points: the label, or what the icon is called."""
    return f"{concept_label(element.label)} icon" if element.role == "icon" else element.label


def _given_intents(shown: ScreenContent, rand: RandomBlocks) -> Iterator[Query]:
    """What the page itself says people want of its elements."""
    count = Counter(intent for element in shown.elements for intent in element.intents)
    for element in shown.elements:
        clear = [intent for intent in element.intents if count[intent] == 1]
        if clear and element.label.casefold() not in shown.half_seen:
            yield _query(rand.one_of(clear), element, "function")


def _served_purposes(shown: ScreenContent, rand: RandomBlocks) -> Iterator[Query]:
    """What elements are for by their label or icon, where nothing else on the screen is for the same."""
    active = [element for element in shown.elements if element.role in _ACTIVE]
    for purpose in purposes():
        if (purpose.labels | purpose.concepts) & shown.half_seen:
            continue
        serving = [element for element in active if _serves(element, purpose)]
        outer = [each for each in serving if not any(_within(each, other) for other in serving)]
        if len(outer) == 1:
            yield _query(rand.one_of(purpose.phrases), outer[0], "function")


def _unserved_purposes(shown: ScreenContent, rand: RandomBlocks, count: int) -> list[Query]:
    """Up to `count` purposes that nothing on the screen serves, nor looks or reads as if it did."""
    concepts = {element.label for element in shown.elements if element.role == "icon"} | shown.half_seen
    alike = {other for name in concepts if name in icon_concepts() for other in icon_concepts()[name].alike}
    read = " ".join((*(text.casefold() for text, _ in shown.texts), *shown.half_seen))
    read += " ".join(element.label.casefold() for element in shown.elements)
    unserved = [
        purpose
        for purpose in purposes()
        if not purpose.concepts & (concepts | alike) and not any(label in read for label in purpose.labels)
    ]
    phrases = [rand.one_of(purpose.phrases) for purpose in rand.shuffled(unserved)[:count]]
    return [Query(phrase, phrase, (), "absent") for phrase in phrases]


def _serves(element: Element, purpose: Purpose) -> bool:
    if element.role == "icon":
        return element.label in purpose.concepts
    return element.label.casefold() in purpose.labels


def _within(inner: Element, outer: Element) -> bool:
    (a0, b0, a1, b1), (x0, y0, x1, y1) = inner.box, outer.box
    return inner is not outer and x0 <= a0 and y0 <= b0 and a1 <= x1 and b1 <= y1


def _references(shown: ScreenContent) -> list[Element]:
    """Elements that can be named to say where another one is: of a label that is nowhere else."""
    count = Counter(element.label.casefold() for element in shown.elements if element.role != "icon")
    texts = Counter(text.casefold() for text, _ in shown.texts)
    return [
        element
        for element in shown.elements
        if element.role != "icon"
        and sum(letter.isalpha() for letter in element.label) >= 3
        and len(element.label) <= 30
        and count[element.label.casefold()] == 1
        and texts[element.label.casefold()] <= 1
        and element.label.casefold() not in shown.half_seen
    ]


def _in_rows(shown: ScreenContent, rand: RandomBlocks) -> Iterator[Query]:
    """One of several equal icons by the text in its row: "the trash icon next to Anna Smith"."""
    icons: dict[str, list[Element]] = defaultdict(list)
    for element in shown.elements:
        if element.role == "icon" and element.label not in shown.half_seen:
            icons[element.label].append(element)
    references = _references(shown)
    for concept, equal in icons.items():
        for icon in equal if len(equal) > 1 else ():
            named = [each for each in references if _same_row(icon.box, each.box) and not _within(icon, each)]
            alone = sum(_same_row(icon.box, other.box) for other in equal) == 1
            if named and alone:
                beside = min(named, key=lambda each: abs(each.box[0] - icon.box[0]))
                form = rand.one_of(
                    ("the {} icon next to {}", "the {} icon in the row of {}", "{} icon beside {}")
                )
                yield _query(form.format(concept_label(concept), beside.label), icon, "position")


def _same_row(one: Box, other: Box) -> bool:
    middle, other_middle = (one[1] + one[3]) / 2, (other[1] + other[3]) / 2
    return one[1] <= other_middle <= one[3] and other[1] <= middle <= other[3]


def _beside(shown: ScreenContent, rand: RandomBlocks) -> Iterator[Query]:
    """The nearest element of its role on one side of a named one: "the button to the right of Cancel"."""
    for reference in rand.shuffled(_references(shown))[: 2 * MOST]:
        role = rand.one_of(_ACTIVE)
        others = [
            each
            for each in shown.elements
            if each.role == role and not _within(each, reference) and not _within(reference, each)
        ]
        side, gap = rand.one_of(_SIDES)
        gaps = sorted((gap(reference.box, each.box), number) for number, each in enumerate(others))
        reach = 4 * (reference.box[3] - reference.box[1])
        if not gaps or gaps[0][0] > reach or (len(gaps) > 1 and gaps[1][0] < gaps[0][0] + 8):
            continue
        text = f"the {_ROLE_NAMES.get(role, role)} {side} {reference.label}"
        yield _query(text, others[gaps[0][1]], "position")


def _gap_right(reference: Box, other: Box) -> float:
    """Pixels from the right edge of one to the left edge of the other; far away if not in its row."""
    gap = other[0] - reference[2]
    return gap if gap >= -1 and _same_row(reference, other) else 1e9


def _gap_below(reference: Box, other: Box) -> float:
    """Pixels from the bottom of one to the top of the other, if either is above the middle of the other."""
    gap, middle = other[1] - reference[3], (other[0] + other[2]) / 2
    aligned = (
        reference[0] <= middle <= reference[2] or other[0] <= (reference[0] + reference[2]) / 2 <= other[2]
    )
    return gap if gap >= -1 and aligned else 1e9


_SIDES: tuple[tuple[str, Callable[[Box, Box], float]], ...] = (
    ("to the right of", _gap_right),
    ("right of", _gap_right),
    ("to the left of", lambda reference, other: _gap_right(other, reference)),
    ("left of", lambda reference, other: _gap_right(other, reference)),
    ("below", _gap_below),
    ("under", _gap_below),
    ("above", lambda reference, other: _gap_below(other, reference)),
)


def _in_corners(shown: ScreenContent, size: tuple[int, int], rand: RandomBlocks) -> Iterator[Query]:
    """The icon, button or link in a corner of the image, where one is clearly nearest to it."""
    for role, side, end in product(("icon", "button", "link"), ("left", "right"), ("top", "bottom")):
        corner = (size[0] * (side == "right"), size[1] * (end == "bottom"))
        near = sorted(
            (_distance(element, corner), n)
            for n, element in enumerate(shown.elements)
            if element.role == role
        )
        if len(near) < 2 or near[0][0] > 0.2 * min(size) or 1.6 * near[0][0] + 8 > near[1][0]:
            continue
        forms = (
            "the {role} at the {end} {side}",
            "the {role} in the {end} {side} corner",
            "{end} {side} {role}",
        )
        text = rand.one_of(forms).format(role=role, end=end, side=side)
        yield _query(text, shown.elements[near[0][1]], "position")


def _distance(element: Element, place: tuple[float, float]) -> float:
    x0, y0, x1, y1 = element.box
    return max(abs((x0 + x1) / 2 - place[0]), abs((y0 + y1) / 2 - place[1]))


def _by_order(shown: ScreenContent, size: tuple[int, int]) -> Iterator[Query]:
    """Tabs and menus of a row, entries of a menu, by their number."""
    for role, axis in (("tab", 0), ("menu", 0), ("menu item", 1)):
        alike = sorted(
            (element for element in shown.elements if element.role == role), key=lambda each: each.box[axis]
        )
        if len(alike) < 3 or not _in_line(alike, 1 - axis):
            continue
        first, last = alike[0].box, alike[-1].box
        if first[axis] > first[axis + 2] - first[axis]:  # else one before it may be out of sight
            for ordinal, element in zip(_ORDINALS, alike, strict=False):
                yield _query(f"the {ordinal} {role}", element, "position")
        if size[axis] - last[axis + 2] > last[axis + 2] - last[axis]:
            yield _query(f"the last {role}", alike[-1], "position")


def _in_line(elements: Sequence[Element], across: int) -> bool:
    starts = [element.box[across] for element in elements]
    return max(starts) - min(starts) <= 4
