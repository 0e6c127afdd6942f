"""Every name that people have for an icon finds that icon, however the query is put."""

from __future__ import annotations

import pytest

from molmo_act.reading.icons.network import icon_network
from molmo_act.reading.icons.vocabulary import Concept, Vocabulary, further_words, plain

KNOWN = icon_network().vocabulary


@pytest.mark.parametrize(
    ("label", "wanted"),
    [
        ("magnifying glass", "search"),
        ("the search icon", "search"),
        ("Settings", "settings"),
        ("gear", "settings"),
        ("close button", "close"),
        ("X", "close"),
        ("hamburger menu", "menu"),
        ("icon with three horizontal lines", "menu"),
        ("download arrow", "download"),
        ("trash can", "trash"),
        ("trash-can", "trash"),
        ("Zahnrad", "settings"),
        ("Corbeille", "trash"),
        ("engranaje", "settings"),
        ("stars", "star"),  # several
        ("icon to look up", "search"),  # by purpose
        ("close this window", "close"),
        ("delete the message", "trash"),
        ("attach a file", "attach"),
    ],
)
def test_names(label, wanted):
    assert [KNOWN.concepts[number].name for number in KNOWN.find(label)] == [wanted]


@pytest.mark.parametrize("label", ["", "the icon", "zebra", "Q3 report", "save the whales"])
def test_what_names_no_icon(label):
    assert not KNOWN.find(label)


def test_no_two_concepts_have_one_further_name():
    names: dict[str, str] = {}
    for concept in KNOWN.concepts:
        for word in dict.fromkeys(plain(each) for each in (*concept.spoken, concept.name)):
            assert names.setdefault(word, concept.name) == concept.name, word
    assert set(further_words()) <= {concept.name for concept in KNOWN.concepts}


def test_round_trip():
    small = Vocabulary((Concept("lock", ("lock", "padlock"), ("unlock",)), Concept("key", ("key",))))
    assert Vocabulary.from_json(small.to_json()) == small
    assert small.with_words({"key": ("clé",), "other": ("x",)}).find("la clé") == ()
    assert small.with_words({"key": ("clé",)}).find("Clé icon") == (1,)
