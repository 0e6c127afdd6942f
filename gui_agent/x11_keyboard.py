"""Which keys pyautogui has to press on this X11 keyboard, asked of the server; knows no pointer.

pyautogui presses the first key that carries a character, as it was at its import, and adds Shift for those
characters that need it on a US keyboard. On another layout, and for ``<`` even on the US one, that gives
another character, and a character without a key is dropped in silence. So before a text is typed, pyautogui's
table is corrected to the keys that do deliver, and the other characters are named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gui_agent import x11_connection

# Caps Lock swaps letters and a second keyboard group (bits 13 and 14) swaps whole alphabets.
LOCKED_STATES = 0x0002 | 0x6000


def learn_keys(pyautogui: Any) -> Callable[[str], bool]:
    """Corrects pyautogui's table of keys to the keyboard as it is now.

    Returns:
        A test whether pyautogui, given one character, now delivers that character.
    """
    display = x11_connection.of(pyautogui)
    first, last = display.display.info.min_keycode, display.display.info.max_keycode
    keymap = display.get_keyboard_mapping(first, last - first + 1)
    keycodes = _keycodes(keymap, first, pyautogui.isShiftCharacter)
    pyautogui.platformModule.keyboardMapping.update(keycodes)
    if display.screen().root.query_pointer().mask & LOCKED_STATES:
        return lambda character: False
    return keycodes.__contains__


def is_held(display: Any, keycode: int) -> bool:
    """Whether a key is down now, whoever presses it.

    Args:
        display: A connection to the X server.
        keycode: The server's number of the key.
    """
    pressed = display.query_keymap()  # a bit for each key
    return bool(pressed[keycode // 8] >> keycode % 8 & 1)


def _keycodes(
    keymap: Sequence[Sequence[int]], first: int, with_shift: Callable[[str], bool]
) -> dict[str, int]:
    """The key that gives each ASCII character, with Shift held where pyautogui holds it.

    Args:
        keymap: For each key its symbols: plain, with Shift, and so on; 0 where there is none.
        first: Code of the first key.
        with_shift: Whether pyautogui holds Shift for a character.
    """
    keycodes: dict[str, int] = {}
    for keycode, (plain, shifted, *_) in enumerate(keymap, start=first):
        for keysym, is_shifted in ((plain, False), (shifted, True)):
            character = (
                chr(keysym) if ord(" ") <= keysym <= ord("~") else None
            )  # in ASCII both have one number
            if character and with_shift(character) == is_shifted:
                keycodes.setdefault(character, keycode)
    return keycodes
