"""How texts are split into keys and pasted pieces, on keyboards that deliver more or less."""

from __future__ import annotations

import pytest

from gui_agent.input.keystrokes import Paste, Press, plan_strokes, split_chord
from molmo_act.errors import InputError


def no_less_than(character: str) -> bool:
    return character.isascii() and character != "<"


PLANS = [
    ("ab", [Press("a"), Press("b")]),  # all by keys
    ("a<", [Paste("a<")]),  # one character without a key: the whole piece is pasted, in order
    ("ü\na", [Paste("ü"), Press("enter"), Press("a")]),  # pieces end at a line break
    ("ü\tß", [Paste("ü"), Press("tab"), Paste("ß")]),  # and at a tab
    ("\r\n\n", [Press("enter"), Press("enter")]),  # both kinds of line break
]


@pytest.mark.parametrize(("text", "strokes"), PLANS)
def test_plans(text: str, strokes: list[Press | Paste]) -> None:
    assert plan_strokes(text, no_less_than) == strokes


IMPOSSIBLE = [
    ("a\x1b", r"Character 1 of the text is '\\x1b'"),  # escape
    ("\x00", "Character 0"),  # null
    ("a\rb", "Character 1"),  # a carriage return on its own
    ("\ud83d", "Character 0"),  # half a surrogate pair
    (b"bytes", "Only text can be typed, got bytes"),
    (None, "Only text can be typed, got NoneType"),
    ("", "The text to type is empty"),
]


@pytest.mark.parametrize(("text", "message"), IMPOSSIBLE)
def test_what_cannot_be_typed_is_one_error(text: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        plan_strokes(text, str.isascii)


CHORDS = [
    ("ctrl+s", ("ctrl", "s")),  # the usual
    ("Ctrl+Shift+S", ("ctrl", "shift", "s")),  # in any case
    ("Control_L+ArrowLeft", ("ctrl", "left")),  # names of other tools
    ("S", ("S",)),  # a capital by itself is that character
    ("f5", ("f5",)),  # one key
    ("+", ("+",)),  # the plus key by itself
    ("ctrl++", ("ctrl", "+")),  # and in a chord
]


@pytest.mark.parametrize(("chord", "keys"), CHORDS)
def test_chords(chord: str, keys: tuple[str, ...]) -> None:
    assert split_chord(chord) == keys


@pytest.mark.parametrize("chord", ["", "ctrl+", "+s", "ctrl++s", None])
def test_no_chords(chord: object) -> None:
    with pytest.raises(InputError, match="chord"):
        split_chord(chord)
