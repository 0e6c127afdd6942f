"""Splits a text into keys to press and pieces to paste, and a chord into keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from gui_agent.input.key_names import key_name
from molmo_act.errors import InputError

KEY_OF_CONTROL_CHARACTER = {"\n": "enter", "\t": "tab"}


@dataclass(frozen=True)
class Press:
    """One key that is pressed and released.

    Attributes:
        key: A single character or a pyautogui key name.
    """

    key: str


@dataclass(frozen=True)
class Paste:
    """A piece of text that goes through the clipboard.

    Attributes:
        text: Without line breaks or tabs, at least one character.
    """

    text: str


def plan_strokes(
    text: str, key_delivers: Callable[[str], bool], *, split: bool = False
) -> list[Press | Paste]:
    r"""Splits a text so that each character reaches the application.

    Line breaks and tabs are the keys Enter and Tab. Between them, a piece whose characters the keyboard can
    all produce is typed key by key; any other piece is pasted whole.

    Args:
        text: What to type; "\r\n" counts as one line break.
        key_delivers: Whether pressing the key for this one character delivers exactly that character.
        split: Whether only those characters are pasted that no key delivers, as for a secret; to paste a
            piece whole is quicker.

    Returns:
        What to do, in order.

    Raises:
        InputError: The text is not a string, is empty, or holds a control character or half a surrogate pair.

    Example:
        >>> plan_strokes("ok\nÜ", str.isascii)
        [Press(key='o'), Press(key='k'), Press(key='enter'), Paste(text='Ü')]
    """
    if not isinstance(text, str):
        raise InputError(f"Only text can be typed, got {type(text).__name__}.")
    if not text:
        raise InputError("The text to type is empty; give at least one character. Nothing was typed.")
    text = text.replace("\r\n", "\n")
    for place, character in enumerate(text):
        if character not in KEY_OF_CONTROL_CHARACTER and unicodedata.category(character) in ("Cc", "Cs"):
            raise InputError(
                f"Character {place} of the text is {character!r}, which cannot be typed; of the control "
                "characters only line breaks and tabs can. Nothing was typed."
            )

    strokes: list[Press | Paste] = []
    for is_control, run in groupby(text, KEY_OF_CONTROL_CHARACTER.__contains__):
        piece = "".join(run)
        if is_control:
            strokes += [Press(KEY_OF_CONTROL_CHARACTER[character]) for character in piece]
            continue
        delivers = [key_delivers(character) for character in piece]
        if not split and not all(delivers):
            strokes.append(Paste(piece))
            continue
        for has_keys, pairs in groupby(zip(delivers, piece, strict=True), lambda pair: pair[0]):
            characters = [character for _, character in pairs]
            strokes += [Press(one) for one in characters] if has_keys else [Paste("".join(characters))]
    return strokes


def split_chord(chord: str) -> tuple[str, ...]:
    """Splits a chord, which is written with plus signs, into its keys.

    Args:
        chord: Such as "ctrl+shift+s", "f5", "ctrl++".

    Returns:
        Names of keys (`gui_agent.input.key_names`); letters beside another key in lower case.

    Raises:
        InputError: It is not a string, or names no key between two plus signs.

    Example:
        >>> split_chord("Ctrl+s"), split_chord("ctrl++"), split_chord("+")
        (('ctrl', 's'), ('ctrl', '+'), ('+',))
    """
    if not isinstance(chord, str):
        raise InputError(f"A chord is text such as 'ctrl+s', got {type(chord).__name__}.")
    names = [*chord[:-2].split("+"), "+"] if chord.endswith("++") else chord.split("+")
    names = ["+"] if chord == "+" else names
    if not all(names):
        raise InputError(f"The chord {chord!r} has an empty part; write keys such as 'ctrl+s' or 'f5'.")
    keys = [key_name(name) for name in names]
    return tuple(key.lower() if len(key) == 1 and len(keys) > 1 else key for key in keys)
