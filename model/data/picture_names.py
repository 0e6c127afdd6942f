"""Turns the names in picture sets into ordinary nouns, or drops them; knows no pixels and no weights."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from model.data.table_files import table_lines, table_sections

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white", "grey")


@dataclass(frozen=True)
class PictureName:
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
def _renamed(table: str) -> dict[str, PictureName | None]:
    """What a table of `name = noun, colour` says of each name; None for a dropped one."""
    names: dict[str, PictureName | None] = {}
    for line in table_lines(table):
        name, _, shown = line.partition(" = ")
        noun, _, colour = shown.partition(", ")
        names[name] = None if noun == "-" else PictureName(noun, colour or None)
    return names


@functools.cache
def _kept_only() -> dict[str, frozenset[str]]:
    sections = table_sections("emoji_kept.txt").items()
    return {category: frozenset(" ".join(lines).split()) for category, lines in sections}


_COLOURED = re.compile(rf"^({'|'.join(COLOURS)})-(heart|circle|square)$")


def picture_name(slug: str, category: str | None) -> PictureName | None:
    """What an emoji drawing shows, in everyday words.

    Args:
        slug: The drawing's name in its set, words joined by hyphens: "red-apple".
        category: Unicode's category of the emoji, e.g. "Food & Drink"; None when unknown.

    Returns:
        Its name, or None for drawings that no everyday noun names: skin-tone and gender variants, flags
        of countries, letters, buttons, clock faces beyond one, whole sceneries, near-duplicates.

    Example:
        >>> picture_name("red-apple", "Food & Drink")
        PictureName(noun='apple', colour='red')
        >>> picture_name("farmer-dark-skin-tone", "People & Body") is None
        True
    """
    if category is None:
        return None
    kept = _kept_only().get(category)
    if kept is not None and slug not in kept:
        return None
    if coloured := _COLOURED.match(slug):
        return PictureName(coloured[2], coloured[1])
    renamed = _renamed("emoji_nouns.txt")
    if slug in renamed:
        return renamed[slug]
    if kept is None and _DROPPED_PATTERN.search(slug):
        return None
    return PictureName(slug.replace("-", " "))


_STAMPS_DROPPED = re.compile(
    r"symbols/(alphabets|money|math|music/(key|rest)|faces)|/flags/|roadsigns|body_parts|spider_|grave-|"
    r"docks|/mine$|magic_stones|sedan_police|inukshuk|trainSign|tux|wildboar|chess|people/toys|military/ammun"
)
_STAMP_LEAD = (
    "a pair of|a couple of|a bunch of|a cluster of|a head of|a very small|a small|a large|a big|a lit|"
    "a wooden|a ripe,?|a happy|a cup of(?= coffee)|a modern|a male|a female|a colou?rful|a toy|some|the|an?"
)
_STAMP_NOUN = re.compile(rf"^(?:(?:{_STAMP_LEAD})\s)?\s*([a-z][a-z' -]+?)\s*[.!?,;(—-]", re.IGNORECASE)


def stamp_name(slug: str, description: str) -> PictureName | None:
    """What a stamp of Tux Paint shows, from its one-line description.

    Args:
        slug: Its path below the stamps folder, without suffix: "food/fruit/apple_red".
        description: First line of its text file: "A red apple."

    Returns:
        Its name, or None when the description is no short name of one thing.

    Example:
        >>> stamp_name("food/fruit/apple_red", "A red apple.")
        PictureName(noun='apple', colour='red')
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
        return known and PictureName(known.noun, colour or known.colour)
    if len(noun.split()) > 2 or len(noun) < 3:
        return None
    return PictureName(noun, colour)
