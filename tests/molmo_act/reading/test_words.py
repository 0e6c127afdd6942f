"""The lists of words say one kind each, and what is matched can be looked up."""

from __future__ import annotations

import pytest

from molmo_act.reading import words


@pytest.mark.parametrize("kind", words.KINDS)
def test_every_word_of_a_kind_says_a_kind(kind):
    for word in words._SECTIONS[f"kind {kind}"]:
        found = words.KIND.match(word)
        assert found
        assert words.kind_of(found.group()) in words.KINDS


@pytest.mark.parametrize(("word", "kind"), [("Buttons", "button"), ("check  boxes"[:10], "check box")])
def test_plurals_and_spaces(word, kind):
    assert words.kind_of(words.KIND.match(word.casefold()).group()) == kind


def test_ordinals_and_sides():
    assert [words.ordinal_of(word) for word in ("third", "letzte", "7")] == [3, -1, 7]
    assert words.side_of("En Haut") == "top"


@pytest.mark.parametrize(
    ("label", "expected"), [("red", True), ("Big round", True), ("Red Hat", False), ("", False)]
)
def test_words_of_looks_are_told_from_labels(label, expected):
    assert words.is_look(label) is expected
