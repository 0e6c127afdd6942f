"""Words of queries."""

from __future__ import annotations

import pytest

from model.data.scenes.queries.templates import ask_for, pick, with_synonym
from tests.model.data.named_objects import rng


def texts(phrase: str, noun: str, *, several: bool) -> set[str]:
    return {ask_for(rng(seed), phrase, noun, several=several) for seed in range(80)}


@pytest.mark.parametrize(
    ("phrase", "noun", "expected"),
    [
        ("red mug", "mug", {"red mug", "the red mug", "a red mug"}),
        ("orange", "orange", {"orange", "the orange", "an orange"}),
        ("scissors", "scissors", {"scissors", "the scissors"}),  # no article fits
        ("toilet paper", "toilet paper", {"toilet paper", "the toilet paper"}),  # nor here
    ],
)
def test_one_object_is_asked_for_in_the_singular(phrase: str, noun: str, expected: set[str]) -> None:
    assert texts(phrase, noun, several=False) == expected


def test_all_objects_are_asked_for_in_the_plural_or_one_by_one() -> None:
    assert texts("red mug", "mug", several=True) == {
        *("red mugs", "the red mugs", "all the red mugs", "all red mugs", "red mug"),
        *("every red mug", "each red mug", "each of the red mugs"),
    }
    assert texts("bread", "bread", several=True) == {"bread", "all the bread", "the bread"}
    assert not any("every" in text or "each" in text for text in texts("glasses", "glasses", several=True))


def test_one_in_five_phrases_has_another_word_for_its_noun() -> None:
    found = [with_synonym(rng(seed), "white rabbit", "rabbit") for seed in range(500)]
    assert set(found) == {("white rabbit", "rabbit"), ("white bunny", "bunny")}
    assert 0.13 < found.count(("white bunny", "bunny")) / 500 < 0.27
    assert with_synonym(rng(0), "red pyramid", "pyramid") == ("red pyramid", "pyramid")


def test_every_option_is_picked() -> None:
    generator = rng(0)
    assert {pick(generator, ("a", "b", "c")) for _ in range(60)} == {"a", "b", "c"}
