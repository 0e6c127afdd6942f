"""Every tool's name of a key is understood."""

from __future__ import annotations

import pytest

from gui_agent.input.key_names import KEYSYM_OF, OTHER_NAMES, key_name, pasting_chord

NAMES = {
    **{"Control": "ctrl", "Meta": "win", "ArrowLeft": "left", "Page_Down": "pagedown", "KP_Enter": "kpenter"},
    **{"Return": "enter", "Escape": "esc", "BackSpace": "backspace", "Shift_L": "shift", "KeyA": "a"},
    **{"Digit5": "5", "F12": "f12", "ISO_Level3_Shift": "altgr", "super": "win", "cmd": "win", "A": "A"},
    **{" ": "space", "\n": "enter", "slash": "/", "hyperspace": "hyperspace", "ctrl": "ctrl"},
}


@pytest.mark.parametrize("name", NAMES)
def test_names(name) -> None:
    assert key_name(name) == NAMES[name]


def test_other_names_are_of_keys_that_there_are() -> None:
    assert {name for name in OTHER_NAMES.values() if len(name) > 1} <= set(KEYSYM_OF)


def test_symbols_have_the_names_that_x11_knows() -> None:
    XK = pytest.importorskip("Xlib.XK")
    XK.load_keysym_group("xkb")
    assert [name for name, symbol in KEYSYM_OF.items() if not XK.string_to_keysym(symbol)] == []


def test_terminals_paste_otherwise() -> None:
    assert pasting_chord(()) == pasting_chord(("mousepad", "Mousepad")) == ("ctrl", "v")
    assert pasting_chord(("gnome-terminal-server", "Gnome-terminal")) == ("ctrl", "shift", "v")
    assert pasting_chord(("xterm", "XTerm")) is None
