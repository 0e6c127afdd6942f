"""Ways to ask for things by their name: "the mug", "all the mugs", "a cup"; knows no picture."""

from __future__ import annotations

import numpy as np

from model.data.vocabulary import has_one_form, is_plural_only, plural, spoken_names, with_article


def pick(rng: np.random.Generator, options: tuple[str, ...] | list[str]) -> str:
    """One of some words."""
    return options[int(rng.integers(len(options)))]


def ask_for_one(rng: np.random.Generator, phrase: str, noun: str) -> str:
    """Asks for the only thing of a name."""
    if has_one_form(noun):
        return pick(rng, (phrase, f"the {phrase}", f"the {phrase}"))
    return pick(rng, (phrase, f"the {phrase}", f"the {phrase}", with_article(phrase, noun)))


def ask_for_all(rng: np.random.Generator, phrase: str, noun: str) -> str:
    """Asks for all things of a name, however many there are."""
    many = plural(noun)
    if many is None:
        return pick(rng, (phrase, f"all the {phrase}", f"the {phrase}"))
    many = phrase[: len(phrase) - len(noun)] + many
    ways = [many, f"the {many}", f"all the {many}", f"all {many}", phrase]
    if not is_plural_only(noun):
        ways += [f"every {phrase}", f"each {phrase}", f"each of the {many}"]
    return pick(rng, ways)


def spoken(rng: np.random.Generator, phrase: str, noun: str) -> tuple[str, str]:
    """The phrase and its noun, one time in five with another word for the noun."""
    others = spoken_names(noun)
    if not others or rng.random() >= 0.2:
        return phrase, noun
    other = pick(rng, others)
    return phrase[: len(phrase) - len(noun)] + other, other
