"""Which key gives which character, on keyboards of several layouts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from gui_agent.input.x11.keyboard import Keymap, KeyStroke, held_modifiers, is_held
from tests.support.windows import focus

FIRST = 8  # the lowest number of a key
SHIFT, ALTGR = 0xFFE1, 0xFE03
PRINTABLE = "".join(map(chr, range(ord(" "), ord("~") + 1)))


def keymap(*keys: str | int, state: int = 0) -> Keymap:
    """A keyboard whose keys give characters, plain, with Shift, AltGr and both; or one symbol by number."""
    rows = []
    for key in keys:
        if isinstance(key, int):
            rows.append([key])
            continue
        plain, shifted, *others = [0 if one == " " else ord(one) for one in key]
        rows.append([plain, shifted, plain, shifted, *others])
    return Keymap(rows, FIRST, state)


def strokes(keys: Keymap, text: str) -> list[tuple[int, tuple[int, ...]] | None]:
    found = [keys.of_character(one) for one in text]
    return [stroke and (stroke.keycode, stroke.held) for stroke in found]


def test_each_character_has_the_keys_that_give_it() -> None:
    keys = keymap("aA", "<>", "qQ@ ", SHIFT, ALTGR)
    shift, altgr = FIRST + 3, FIRST + 4
    assert strokes(keys, "aA<>@Q") == [
        (FIRST, ()), (FIRST, (shift,)), (FIRST + 1, ()), (FIRST + 1, (shift,)), (FIRST + 2, (altgr,)),
        (FIRST + 2, (shift,)),
    ]  # fmt: skip
    assert strokes(keys, "zÜ€") == [None, None, None]


def test_the_key_with_the_fewest_others_is_taken() -> None:
    assert keymap("bA", "aB", "Aa", SHIFT).of_character("A") == KeyStroke(FIRST + 2)


def test_a_character_whose_modifier_is_missing_has_no_key() -> None:
    assert strokes(keymap("qQ@ ", SHIFT), "@") == [None]


def test_caps_lock_turns_letters_around_and_nothing_else() -> None:
    keys = keymap("aA", "1!", "öÖ", SHIFT, state=0x0002)
    shift = FIRST + 3
    assert strokes(keys, "aA1!öÖ") == [
        (FIRST, (shift,)), (FIRST, ()), (FIRST + 1, ()), (FIRST + 1, (shift,)), (FIRST + 2, (shift,)),
        (FIRST + 2, ()),
    ]  # fmt: skip


def test_under_caps_lock_a_small_letter_without_its_capital_has_no_key() -> None:
    assert strokes(keymap("é2", SHIFT, state=0x0002), "éÉ2") == [None, None, (FIRST, (FIRST + 1,))]


def test_a_second_group_has_its_own_characters() -> None:
    rows = [[ord("a"), ord("A"), 0x01000444, 0x01000424], [SHIFT]]  # Cyrillic small and capital ef
    russian = Keymap(rows, FIRST, 0x2000)
    assert strokes(russian, "фФa") == [(FIRST, ()), (FIRST, (FIRST + 1,)), None]
    assert strokes(Keymap(rows, FIRST, 0), "фa") == [None, (FIRST, ())]


def test_a_chord_takes_the_level_of_its_symbol_and_letters_as_they_are() -> None:
    keys = keymap("aA", "=+", SHIFT, 0xFFE3, state=0x0002)  # Caps Lock is on
    shift, ctrl = FIRST + 2, FIRST + 3
    assert keys.chord(["ctrl", "+"]) == [ctrl, shift, FIRST + 1]
    assert keys.chord(["ctrl", "a"]) == keys.chord(["ctrl", "A"]) == [ctrl, FIRST]
    assert keys.chord(["ctrl", "shift", "a"]) == [ctrl, shift, FIRST]
    assert keys.chord(["ctrl", "b"]) is None


def test_held_keys_are_bits_of_the_keymap() -> None:
    pressed = [0] * 32
    pressed[38 // 8] = 1 << 38 % 8
    display = SimpleNamespace(query_keymap=lambda: pressed)
    assert is_held(display, 38)
    assert not is_held(display, 39)
    assert not is_held(display, 30)


def test_a_modifier_counts_where_one_of_its_keys_is_down() -> None:
    pressed = [0] * 32
    rows = [[50, 62], [66, 0], [37, 105], [64, 0], [77, 0], [0, 0], [133, 0], [108, 78]]  # 78 is Scroll Lock
    display = SimpleNamespace(query_keymap=lambda: pressed, get_modifier_mapping=lambda: rows)
    assert held_modifiers(display, 0x02 | 0x10) == ()  # Caps Lock and Num Lock
    assert held_modifiers(display, 0x80) == ()  # a lock that is on: nobody holds its key
    pressed[62 // 8] = 1 << 62 % 8
    assert held_modifiers(display, 0x01 | 0x80) == ("Shift",)


@pytest.fixture
def keyboard(display) -> Iterator[None]:
    """Puts the keyboard back as it was."""
    yield
    subprocess.run(["setxkbmap", "us"], check=True)


DEAD = {ord(one): "" for one in "^`~"}  # on some keyboards
LAYOUTS = {  # what each gives, and what it gives as long as Caps Lock is off
    "us": (PRINTABLE, ""),
    "de": (PRINTABLE.translate(DEAD) + "~äöüÄÖÜ€", "ßµ"),
    "fr": (PRINTABLE + "€", "éèçàµ"),
    "us(dvorak)": (PRINTABLE, ""),
    "ch": (PRINTABLE.translate(DEAD) + "€", "üéèöà"),
}


@pytest.mark.slow
@pytest.mark.display
@pytest.mark.parametrize("lock", [False, True], ids=["", "caps lock"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_character_of_a_keyboard_arrives_without_the_clipboard(
    open_window, desktop, keyboard, monkeypatch, layout, lock
) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    subprocess.run(["setxkbmap", layout], check=True)
    always, only_plain = LAYOUTS[layout]
    text = always if lock else always + only_plain
    if lock:
        subprocess.run(["xdotool", "key", "Caps_Lock"], check=True)
    try:
        with monkeypatch.context() as without_xclip:
            without_xclip.setenv("PATH", os.devnull)
            desktop.type(text)
        assert window.final_text(text) == text
    finally:
        if lock:
            subprocess.run(["xdotool", "key", "Caps_Lock"], check=True)


@pytest.mark.slow
@pytest.mark.display
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("key", ["<", "/", "=", "[", "@", "1", "A"])
def test_a_single_key_gives_its_symbol(open_window, desktop, keyboard, layout, key) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    subprocess.run(["setxkbmap", layout], check=True)
    desktop.press(key)
    assert window.final_text(key) == key


@pytest.mark.display
def test_a_layout_that_changes_later_changes_the_keys_of_chords(open_window, desktop, keyboard) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    desktop.type("abc")
    assert window.final_text("abc") == "abc"
    subprocess.run(["setxkbmap", "fr"], check=True)  # where a and q are in each other's place
    desktop.press("Control+Slash")  # selects everything in Tk
    desktop.press("BackSpace")
    assert window.final_text("") == ""
