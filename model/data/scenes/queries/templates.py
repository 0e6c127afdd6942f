"""Ways to ask for objects by their name: "the mug", "all the mugs", "a cup"."""

from __future__ import annotations

import numpy as np

from model.data.scenes.nouns import has_one_form, is_plural_only, plural, synonyms, with_article


def pick(rng: np.random.Generator, options: tuple[str, ...] | list[str]) -> str:
    """Returns one of some words, all equally likely."""
    return options[int(rng.integers(len(options)))]


def ask_for(rng: np.random.Generator, phrase: str, noun: str, *, several: bool) -> str:
    """Words a query for objects by their name.

    Args:
        rng: Source of the choice.
        phrase: Name that ends in the noun: "red mug".
        noun: "mug".
        several: Whether all objects of the name are asked for, however many there are, or the only one.

    Returns:
        For example "the red mug", or of several "all the red mugs".
    """
    return pick(rng, _ways_for_all(phrase, noun) if several else _ways_for_one(phrase, noun))


def _ways_for_one(phrase: str, noun: str) -> list[str]:
    ways = [phrase, f"the {phrase}", f"the {phrase}"]
    return ways if has_one_form(noun) else [*ways, with_article(phrase, noun)]


def _ways_for_all(phrase: str, noun: str) -> list[str]:
    many = plural(noun)
    if many is None:
        return [phrase, f"all the {phrase}", f"the {phrase}"]
    many = phrase[: len(phrase) - len(noun)] + many
    ways = [many, f"the {many}", f"all the {many}", f"all {many}", phrase]
    if not is_plural_only(noun):
        ways += [f"every {phrase}", f"each {phrase}", f"each of the {many}"]
    return ways


def with_synonym(rng: np.random.Generator, phrase: str, noun: str) -> tuple[str, str]:
    """Replaces the noun of a phrase by another word for it, one time in five.

    Args:
        rng: Source of the choice.
        phrase: Name that ends in the noun: "red mug".
        noun: "mug".

    Returns:
        The phrase and its noun.
    """
    others = synonyms(noun)
    if not others or rng.random() >= 0.2:
        return phrase, noun
    other = pick(rng, others)
    return phrase[: len(phrase) - len(noun)] + other, other
