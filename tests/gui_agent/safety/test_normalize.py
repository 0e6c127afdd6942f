"""Spellings that look the same come to one form, and those that do not stay apart."""

from __future__ import annotations

import pytest

from gui_agent.safety.normalize import canonical, skeleton, words_of

UNSEEN = {
    "case": "MY BANK",
    "spaces": "  my \t bank ",
    "no-break space": "my\u00a0bank",
    "zero width": "m\u200by\u2060 ba\ufeffnk",
    "soft hyphen": "my ba\u00adnk",
    "direction marks": "\u202emy bank\u202c",
    "full width": "ｍｙ　ｂａｎｋ",
    "mathematical": "𝐦𝐲 𝐛𝐚𝐧𝐤",
    "variation selector": "my\ufe0f bank",
    "Hangul filler": "my ba\u3164nk",
    "tags": "my bank\U000e0041",
    "control character": "my\x00bank",
}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_nobody_sees_makes_no_difference(name) -> None:
    assert canonical(UNSEEN[name]) == skeleton(UNSEEN[name]) == "my bank"


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert canonical("Lo\u0308schen") == canonical("L\u00f6schen") != canonical("Loschen")
    assert skeleton("Lo\u0308schen") == skeleton("Löschen") == "loschen"


ALIKE = [
    "d\u0435l\u0435t\u0435",
    "\u0501elete",
    "dele\u03c4e",
    "DEL\u0395TE",
    "DELETE\u0301",
    "de1ete",
    "del3te",
]


@pytest.mark.parametrize("word", ALIKE)
def test_what_looks_alike_has_one_skeleton(word) -> None:
    assert skeleton(word) == "delete"
    assert canonical(word) != "delete"


def test_numbers_stay_numbers() -> None:
    assert skeleton("row 10 of 345") == "row 10 of 345"


def test_words() -> None:
    assert words_of("delete_all log-out Don’t d e l e t e (now)") == [
        *("delete", "all", "log", "out", "dont", "delete", "now")
    ]
    assert words_of("") == words_of("?!") == []
