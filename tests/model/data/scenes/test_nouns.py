"""Nouns: plurals, articles, lookalikes, synonyms, how common they are."""

from __future__ import annotations

import pytest

from model.data.paths import table_lines
from model.data.scenes.nouns import clash, plural, synonyms, with_article


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("key", "keys"),
        ("bus", "buses"),
        ("cherry", "cherries"),
        ("donkey", "donkeys"),  # vowel before the y
        ("glass of milk", "glasses of milk"),
        ("tennis ball", "tennis balls"),
        ("mouse", "mice"),
        ("sheep", "sheep"),
        ("scissors", "scissors"),
        ("toilet paper", None),
    ],
)
def test_plurals(noun: str, expected: str | None) -> None:
    assert plural(noun) == expected


@pytest.mark.parametrize(
    "expected", ["an apple", "a red apple", "a unicorn", "an umbrella", "an SUV", "scissors", "bread"]
)
def test_articles(expected: str) -> None:
    phrase = expected.removeprefix("an ").removeprefix("a ")
    assert with_article(phrase, noun=phrase.split()[-1]) == expected


def test_clash_is_symmetric_and_keeps_lookalikes_apart() -> None:
    assert clash("car", "racing car")
    assert clash("parrot", "owl")
    assert not clash("apple", "dog")
    nouns = ("car", "racing car", "parrot", "owl", "apple", "dog", "glass of milk", "stack of books", "ring")
    assert all(clash(a, b) == clash(b, a) for a in nouns for b in nouns)


def test_other_words_for_a_noun_name_nothing_that_could_stand_beside_it() -> None:
    """Else "the ball" would have two answers, or call an absent object what is there."""
    everyday = set(table_lines("everyday_nouns.txt"))
    for line in table_lines("spoken_names.txt"):
        noun = line.split(" = ")[0]
        for word in synonyms(noun):
            assert word != noun
            assert word not in everyday or clash(noun, word), f"{noun!r} is also called {word!r}"
