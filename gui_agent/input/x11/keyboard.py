"""Finds which keys give a symbol on this X11 keyboard as it is now, and presses them.

The server says which symbols each key gives, plain and with Shift or AltGr, in each of its groups (layouts).
Keys are pressed by what they give and not by what they would give on a US keyboard; a symbol that no key
gives has no strokes here, and its text has to take another way (`gui_agent.input.x11.clipboard`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gui_agent.input.key_names import KEYSYM_OF, MODIFIERS

SHIFT_MASK, LOCK_MASK, NUMLOCK_MASK, ALTGR_MASK = 0x01, 0x02, 0x10, 0x80
LOCKS = ("capslock", "numlock", "scrolllock")
MODIFIER_ROWS = {0: "Shift", 2: "Ctrl", 3: "Alt", 5: "Mod3", 6: "Super", 7: "AltGr"}
"""Bits of the state, and rows of the server's table of modifiers; without Caps Lock and Num Lock."""
GROUP_SHIFT, GROUP_BITS = 13, 3
COLUMNS_OF_GROUP = ((0, 1, 4, 5), (2, 3, 6, 7))
"""Where a key's symbols stand in the server's table: plain, with Shift, with AltGr, with both; by group."""
LEVEL_SHIFTED, LEVEL_ALTGR = 1, 2  # bits of a level
UNICODE = 0x01000000  # a symbol of X11 with this bit is the character of the remaining number
EURO = 0x20AC


@dataclass(frozen=True)
class KeyStroke:
    """A key, and the keys to be held with it.

    Attributes:
        keycode: The server's number of the key.
        held: Those of Shift and AltGr where the symbol needs them.
    """

    keycode: int
    held: tuple[int, ...] = ()


class Keymap:
    """What each key of a keyboard gives in its present state.

    Args:
        symbols: For each key its symbols, 0 where there is none.
        first: Number of the first key.
        state: Locks and the group, as the server reports them with the pointer.
    """

    def __init__(self, symbols: Sequence[Sequence[int]], first: int, state: int) -> None:
        self._strokes: dict[int, KeyStroke] = {}
        plain = {keys[0]: number for number, keys in enumerate(symbols, start=first) if len(keys)}
        shift = plain.get(_symbol("Shift_L")) or plain.get(_symbol("Shift_R"))
        altgr = plain.get(_symbol("ISO_Level3_Shift"))
        group = min(state >> GROUP_SHIFT & GROUP_BITS, len(COLUMNS_OF_GROUP) - 1)
        rows = [_given(keys, group) for keys in symbols]
        for level in range(len(COLUMNS_OF_GROUP[0])):  # the plain level first: the fewest keys to hold
            for keycode, given in enumerate(rows, start=first):
                pressed = _level_under_locks(level, given, state)
                needed = (LEVEL_SHIFTED, shift), (LEVEL_ALTGR, altgr)
                held = [key for bit, key in needed if pressed & bit]
                if not given[level] or None in held:
                    continue
                stroke = KeyStroke(keycode, tuple(one for one in held if one))
                if state & LOCK_MASK and pressed == level and _is_small(given[level]):
                    continue  # programs make something else of it then
                known = self._strokes.get(given[level])
                if known is None or len(known.held) > len(stroke.held):
                    self._strokes[given[level]] = stroke

    @classmethod
    def read(cls, display: Any) -> Keymap:
        """Reads the keyboard of a display as it is now.

        Args:
            display: A connection to the X server.

        Returns:
            The keymap.
        """
        first, last = display.display.info.min_keycode, display.display.info.max_keycode
        symbols = display.get_keyboard_mapping(first, last - first + 1)
        return cls(symbols, first, display.screen().root.query_pointer().mask)

    def of_character(self, character: str) -> KeyStroke | None:
        """Finds the stroke that gives a character; None where no key does."""
        code = ord(character)
        if " " <= character <= "~" or "\u00a0" <= character <= "ÿ":
            return self._strokes.get(code) or self._strokes.get(UNICODE | code)
        known = self._strokes.get(code) if code == EURO else None
        return known or self._strokes.get(UNICODE | code)

    def of_key(self, name: str) -> KeyStroke | None:
        """Finds the stroke of a key by the name that `gui_agent.input.key_names` gives it; None for none."""
        if name in KEYSYM_OF:
            return self._strokes.get(_symbol(KEYSYM_OF[name]))
        return self.of_character(name) if len(name) == 1 else None

    def chord(self, names: Sequence[str]) -> list[int] | None:
        """Finds the keys of a chord in the order in which they go down.

        Args:
            names: Of keys, modifiers first. Letters are the same in upper and lower case beside another key.

        Returns:
            Their numbers, with Shift or AltGr where a symbol needs it; None where one is missing.
        """
        keys: list[int] = []
        for name in names:
            is_letter = len(name) == 1 and name.isalpha() and len(names) > 1
            stroke = self.of_key(name.lower() if is_letter else name)
            if stroke is None:
                return None
            # A letter gives its chord by the key it is on, whatever Caps Lock makes of it.
            held = () if is_letter or name in MODIFIERS else stroke.held
            keys += [key for key in (*held, stroke.keycode) if key not in keys]
        return keys


def name_of_key(symbols: Sequence[int], state: int) -> str | None:
    """Tells what a key gives.

    Args:
        symbols: Of the key, as the server's table has them.
        state: Locks, modifiers and the group, as the server reports them with an event.

    Returns:
        A character, or a name of `gui_agent.input.key_names`; "" for what is neither, such as a dead key;
        None for a modifier.
    """
    group = min(state >> GROUP_SHIFT & GROUP_BITS, len(COLUMNS_OF_GROUP) - 1)
    given = _given(symbols, group)
    level = (LEVEL_SHIFTED if state & SHIFT_MASK else 0) | (LEVEL_ALTGR if state & ALTGR_MASK else 0)
    level = _level_under_locks(level, given, state)
    symbol = given[level] or given[level & LEVEL_SHIFTED] or given[0]
    if (character := _character(symbol)) is not None:
        return character
    name = next((name for name, known in KEYSYM_OF.items() if _symbol(known) == symbol), "")
    if not name and given[0]:  # Shift+Tab has a symbol of its own
        name = next((name for name, known in KEYSYM_OF.items() if _symbol(known) == given[0]), "")
    return None if name in (*MODIFIERS, *LOCKS) else name


def press(display: Any, stroke: KeyStroke) -> None:
    """Presses and releases a key, with those it needs.

    Args:
        display: A connection to the X server.
        stroke: What to press.
    """
    keys = (*stroke.held, stroke.keycode)
    for key in keys:
        set_down(display, key, is_down=True)
    for key in reversed(keys):
        set_down(display, key, is_down=False)


def set_down(display: Any, keycode: int, *, is_down: bool) -> None:
    """Presses or releases a key.

    Args:
        display: A connection to the X server.
        keycode: The server's number of the key.
        is_down: Whether to press it.
    """
    from Xlib import X
    from Xlib.ext.xtest import fake_input

    fake_input(display, X.KeyPress if is_down else X.KeyRelease, keycode)
    display.flush()


def is_held(display: Any, keycode: int) -> bool:
    """Tells whether a key is down now, whoever presses it.

    Args:
        display: A connection to the X server.
        keycode: The server's number of the key.

    Returns:
        Whether it is down.
    """
    pressed = display.query_keymap()  # a bit for each key
    return bool(pressed[keycode // 8] >> keycode % 8 & 1)


def held_modifiers(display: Any, state: int) -> tuple[str, ...]:
    """Tells which modifiers are down now, whoever holds them.

    Args:
        display: A connection to the X server.
        state: What the server reports with the pointer; a modifier in it may also be a lock that is on.

    Returns:
        Their names; empty for none.
    """
    if not any(state & 1 << row for row in MODIFIER_ROWS):
        return ()
    pressed, keys = display.query_keymap(), display.get_modifier_mapping()
    return tuple(
        name
        for row, name in MODIFIER_ROWS.items()
        if state & 1 << row and any(pressed[key // 8] >> key % 8 & 1 for key in keys[row] if key)
    )


def _level_under_locks(level: int, given: Sequence[int], state: int) -> int:
    """The level to press so that a key gives the symbol of another level while a lock is on."""
    letters = [_is_pair(given[low], given[low + 1]) for low in (0, 2) if low + 1 < len(given)]
    if state & LOCK_MASK and letters and letters[0] and (level < LEVEL_ALTGR or all(letters)):
        return level ^ LEVEL_SHIFTED
    if state & NUMLOCK_MASK and level < LEVEL_ALTGR and any(_is_keypad(symbol) for symbol in given[:2]):
        return level ^ LEVEL_SHIFTED
    return level


def _is_pair(plain: int, shifted: int) -> bool:
    small, large = _character(plain), _character(shifted)
    return bool(small and large and small != large and small.upper() == large)


def _character(symbol: int) -> str | None:
    if 0x20 <= symbol <= 0x7E or 0xA0 <= symbol <= 0xFF:
        return chr(symbol)
    return chr(symbol & ~UNICODE) if symbol & UNICODE and symbol & ~UNICODE <= 0x10FFFF else None


def _is_small(symbol: int) -> bool:
    character = _character(symbol)
    return character is not None and character.islower()


def _is_keypad(symbol: int) -> bool:
    return 0xFFAA <= symbol <= 0xFFB9  # the signs and digits of the number pad


def _given(symbols: Sequence[int], group: int) -> list[int]:
    """What a key gives at each level of a group; of one that knows only the first group, what that gives."""
    for columns in (COLUMNS_OF_GROUP[group], COLUMNS_OF_GROUP[0]):
        given = [symbols[column] if column < len(symbols) else 0 for column in columns]
        if any(given):
            break
    return given


def _symbol(name: str) -> int:
    from Xlib import XK

    if name == "ISO_Level3_Shift" and not hasattr(XK, f"XK_{name}"):
        XK.load_keysym_group("xkb")
    return int(XK.string_to_keysym(name))
