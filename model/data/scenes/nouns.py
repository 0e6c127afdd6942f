"""Nouns of objects: how common they are, plurals, synonyms, and which of them look alike."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable

import numpy as np

from model.data.paths import table_lines, table_sections

_IRREGULAR = {
    "mouse": "mice", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "goose": "geese",
    "sheep": "sheep", "fish": "fish", "deer": "deer", "moose": "moose", "bison": "bison", "squid": "squid",
    "ox": "oxen", "die": "dice", "cactus": "cacti", "leaf": "leaves", "loaf": "loaves", "wolf": "wolves",
    "knife": "knives", "scarf": "scarves", "shelf": "shelves", "series": "series", "shrimp": "shrimps",
    "potato": "potatoes", "tomato": "tomatoes", "mango": "mangoes", "mosquito": "mosquitoes",
    "torpedo": "torpedoes", "fireman": "firemen", "snowman": "snowmen", "elf": "elves", "child": "children",
}  # fmt: skip


@functools.cache
def _without_singular() -> frozenset[str]:
    return frozenset(table_sections("uncountable.txt")["plural only"])


@functools.cache
def _uncounted() -> frozenset[str]:
    return frozenset(table_sections("uncountable.txt")["uncounted"])


@functools.cache
def synonyms(noun: str) -> tuple[str, ...]:
    """Returns other words that people use for a noun.

    Args:
        noun: "rabbit".

    Example:
        >>> synonyms("rabbit")
        ('bunny',)
    """
    return _synonyms().get(noun, ())


@functools.cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    pairs = (line.split(" = ") for line in table_lines("spoken_names.txt"))
    return {noun: tuple(words.split(", ")) for noun, words in pairs}


@functools.cache
def _ranks() -> dict[str, int]:
    return {noun: rank for rank, noun in enumerate(table_lines("everyday_nouns.txt"))}


@functools.cache
def _groups_of(noun: str) -> frozenset[int]:
    return frozenset(i for i, group in enumerate(_lookalikes()) if noun in group)


@functools.cache
def _lookalikes() -> tuple[frozenset[str], ...]:
    return tuple(frozenset(group.split(", ")) for group in table_lines("lookalikes.txt"))


def plural(noun: str) -> str | None:
    """Returns the plural of a noun, or None for what English does not count.

    Args:
        noun: Singular, one or more words.

    Example:
        >>> plural("glass of milk"), plural("mouse"), plural("scissors"), plural("toilet paper")
        ('glasses of milk', 'mice', 'scissors', None)
    """
    if noun in _uncounted():
        return None
    if noun in _without_singular():
        return noun
    head, of, rest = noun.partition(" of ")
    if of:
        return f"{plural(head)} of {rest}"
    words = noun.split(" ")
    last = words[-1]
    if last in _IRREGULAR:
        words[-1] = _IRREGULAR[last]
    elif last.endswith(("s", "x", "z", "ch", "sh")):
        words[-1] = last + "es"
    elif last.endswith("y") and len(last) > 1 and last[-2] not in "aeiou":
        words[-1] = last[:-1] + "ies"
    else:
        words[-1] = last + "s"
    return " ".join(words)


def is_plural_only(noun: str) -> bool:
    """Tells whether one such object is already named in the plural: "scissors".

    Args:
        noun: The noun.
    """
    return noun in _without_singular()


def has_one_form(noun: str) -> bool:
    """Tells whether singular and plural look the same, so that "the biggest …" is no way to ask.

    Args:
        noun: The noun.
    """
    return is_plural_only(noun) or plural(noun) is None


def with_article(phrase: str, noun: str) -> str:
    """Puts "a" or "an" before a phrase, or nothing where English has neither.

    Args:
        phrase: What to put the article before: "red apple".
        noun: The noun of the phrase, which decides whether it takes an article: "apple".

    Returns:
        The phrase with its article.

    Example:
        >>> with_article("orange cup", "cup"), with_article("scissors", "scissors")
        ('an orange cup', 'scissors')
    """
    if noun in _without_singular() or noun in _uncounted():
        return phrase
    an = phrase[0] in "aeiouAEIO" and not phrase.lower().startswith(("uni", "ufo", "eu", "one"))
    return f"{'an' if an or phrase[:2] in ('x-', 'SU') else 'a'} {phrase}"


@functools.cache
def clash(one: str, other: str) -> bool:
    """Tells whether one object could answer to both nouns, so that asking for one of them would be unfair.

    True for the same noun, for nouns of a common lookalike group, and for nouns with a common word.

    Args:
        one: A noun.
        other: Another.

    Example:
        >>> clash("car", "racing car"), clash("parrot", "owl"), clash("apple", "dog")
        (True, True, False)
    """
    if one == other or _groups_of(one) & _groups_of(other):
        return True
    return not set(one.lower().split()).isdisjoint(set(other.lower().split()) - {"of", "and", "the", "a"})


def popularity(nouns: Iterable[str]) -> np.ndarray:
    """Computes how often each noun is to be drawn: everyday objects first, a long tail after them.

    Args:
        nouns: Distinct nouns.

    Returns:
        float64 (N,), sums to 1; falls like rank^-0.9, ranks beyond the everyday list by a stable hash.
    """
    nouns, ranks = list(nouns), _ranks()
    order = sorted(nouns, key=lambda n: (ranks.get(n, len(ranks)), hashlib.sha1(n.encode()).digest()))
    rank = {noun: i for i, noun in enumerate(order)}
    weights = np.array([(rank[noun] + 15.0) ** -0.9 for noun in nouns])
    return weights / weights.sum() if len(nouns) else weights
