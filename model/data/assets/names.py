"""What drawings show: the concepts of interface icons, and the nouns of emoji and stamps."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from model.data.paths import table_lines, table_sections

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")


@dataclass(frozen=True)
class ObjectName:
    """What a drawing shows.

    Attributes:
        noun: Singular everyday noun, lower case: "apple".
        colour: The colour that the drawing's name states, one of `COLOURS`; None when it states none.
    """

    noun: str
    colour: str | None = None


_DROPPED_PATTERN = re.compile(
    r"skin-tone|couple|^family|-oclock$|-thirty$|keycap|^letter-|-button$|moon|-arrow|^flag-|^japanese-"
    r"|^(man|woman|person|men|women|people|merperson|deaf)-|facing-right|-(dark|light|medium)$|-yen"
)


@functools.cache
def _renamed(table: str) -> dict[str, ObjectName | None]:
    """What a table of `name = noun, colour` says of each name; None for a dropped one."""
    names: dict[str, ObjectName | None] = {}
    for line in table_lines(table):
        name, _, shown = line.partition(" = ")
        noun, _, colour = shown.partition(", ")
        names[name] = None if noun == "-" else ObjectName(noun, colour or None)
    return names


@functools.cache
def _kept_only() -> dict[str, frozenset[str]]:
    sections = table_sections("emoji_kept.txt").items()
    return {category: frozenset(" ".join(lines).split()) for category, lines in sections}


_COLOURED = re.compile(rf"^({'|'.join(COLOURS)})-(heart|circle|square)$")


def emoji_name(slug: str, category: str | None) -> ObjectName | None:
    """What an emoji drawing shows, in everyday words.

    Args:
        slug: The drawing's name in its set, words joined by hyphens: "red-apple".
        category: Unicode's category of the emoji, e.g. "Food & Drink"; None when unknown.

    Returns:
        Its name, or None for drawings that no everyday noun names: skin-tone and gender variants, flags
        of countries, letters, buttons, clock faces beyond one, whole sceneries, near-duplicates.

    Example:
        >>> emoji_name("red-apple", "Food & Drink")
        ObjectName(noun='apple', colour='red')
        >>> emoji_name("farmer-dark-skin-tone", "People & Body") is None
        True
    """
    if category is None:
        return None
    kept = _kept_only().get(category)
    if kept is not None and slug not in kept:
        return None
    if coloured := _COLOURED.match(slug):
        return ObjectName(coloured[2], coloured[1])
    renamed = _renamed("emoji_nouns.txt")
    if slug in renamed:
        return renamed[slug]
    if kept is None and _DROPPED_PATTERN.search(slug):
        return None
    return ObjectName(slug.replace("-", " "))


_STAMPS_DROPPED = re.compile(
    r"symbols/(alphabets|money|math|music/(key|rest)|faces)|/flags/|roadsigns|body_parts|spider_|grave-|"
    r"docks|/mine$|magic_stones|sedan_police|inukshuk|trainSign|tux|wildboar|chess|people/toys|military/ammun"
)
_STAMP_LEAD = (
    "a pair of|a couple of|a bunch of|a cluster of|a head of|a very small|a small|a large|a big|a lit|"
    "a wooden|a ripe,?|a happy|a cup of(?= coffee)|a modern|a male|a female|a colou?rful|a toy|some|the|an?"
)
_STAMP_NOUN = re.compile(rf"^(?:(?:{_STAMP_LEAD})\s)?\s*([a-z][a-z' -]+?)\s*[.!?,;(—-]", re.IGNORECASE)


def stamp_name(slug: str, description: str) -> ObjectName | None:
    """What a stamp of Tux Paint shows, from its one-line description.

    Args:
        slug: Its path below the stamps folder, without suffix: "food/fruit/apple_red".
        description: First line of its text file: "A red apple."

    Returns:
        Its name, or None when the description is no short name of one object.

    Example:
        >>> stamp_name("food/fruit/apple_red", "A red apple.")
        ObjectName(noun='apple', colour='red')
        >>> stamp_name("household/toilet", "Remember to flush the toilet!") is None
        True
    """
    if _STAMPS_DROPPED.search(slug):
        return None
    text = re.sub('[“”"].*?[“”"] ', "", description.replace("’", "'")).strip() + "."
    match = _STAMP_NOUN.match(text)
    if match is None:
        return None
    noun = match[1].lower().strip()
    renamed = _renamed("stamp_nouns.txt")
    if noun in renamed:
        return renamed[noun]
    colour: str | None = None
    first, _, rest = noun.partition(" ")
    if first == "gray":
        first = "grey"
    if first in COLOURS and rest:
        noun, colour = rest, first
    if noun in renamed:
        known = renamed[noun]
        return known and ObjectName(known.noun, colour or known.colour)
    if len(noun.split()) > 2 or len(noun) < 3:
        return None
    return ObjectName(noun, colour)


# Drawn with lines in title bars, in no icon set.
_WINDOW_BUTTONS = """
minimise: minimise, minimize, minimise window ~ minus
maximise: maximise, maximize, maximise window ~ fullscreen, stop
""".strip()


@dataclass(frozen=True)
class IconConcept:
    """One meaning of an icon.

    Attributes:
        name: Unique key.
        spoken: What people call it, the usual word first; "icon" or "button" may follow.
        filed: Names under which icon sets file drawings of it, without style endings.
        alike: Keys of concepts whose drawings or names are easily taken for it.
    """

    name: str
    spoken: tuple[str, ...]
    filed: tuple[str, ...]
    alike: frozenset[str]


@functools.cache
def window_buttons() -> dict[str, IconConcept]:
    """Returns the icon concepts that only title bars show, by key."""
    return {concept.name: concept for concept in map(_read_line, _WINDOW_BUTTONS.splitlines())}


@functools.cache
def icon_concepts() -> dict[str, IconConcept]:
    """Returns all icon concepts by key, in the order of the table."""
    return {concept.name: concept for concept in map(_read_line, table_lines("icon_names.txt"))}


def known_concept(name: str) -> bool:
    """Tells whether an icon concept has that key.

    Args:
        name: The key.
    """
    return name in icon_concepts() or name in window_buttons()


def concept_label(name: str) -> str:
    """Returns what people usually call an icon concept.

    Args:
        name: Its key.
    """
    return (icon_concepts().get(name) or window_buttons()[name]).spoken[0]


def _read_line(line: str) -> IconConcept:
    name, _, rest = line.partition(":")
    rest, _, alike = rest.partition("~")
    spoken_part, _, filed_part = rest.partition("=")
    spoken, filed, look_alikes = (
        tuple(word.strip() for word in part.split(",") if word.strip())
        for part in (spoken_part, filed_part, alike)
    )
    own = (word.replace(" ", "-") for word in spoken)
    return IconConcept(name, spoken, tuple(dict.fromkeys((name, *filed, *own))), frozenset(look_alikes))
