"""Texts typed into real fields, judged by what the fields hold afterwards."""

from __future__ import annotations

import os
import string

import pytest

from molmo_act.errors import InputError, PlatformError
from tests.support.windows import focus

pytestmark = pytest.mark.display

PRINTABLE = "".join(sorted(set(string.printable) - set(string.whitespace))) + " "


LINES = [
    "a",  # one key
    PRINTABLE,  # all of ASCII, '<' among it
    "Ünal < 3",  # the two traps of pyautogui at once
    "naïve café, Straße, Œuvre",  # Latin letters with marks
    "Ελληνικά русский עברית العربية",  # other alphabets, right to left too
    "日本語 한국어 中文",  # no keys at all
    "e\u0301 \u200d \u00a0|",  # combining and invisible characters
    "done 🙂 👩‍💻",  # beyond the basic plane, joined
    "x" * 300,  # many keys
    "€" * 30_000,  # a long paste
]


@pytest.mark.parametrize("text", LINES, ids=lambda text: ascii(text[:12]))
def test_every_character_arrives(open_window, desktop, text) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    desktop.type(text)
    assert window.final_text(text) == text


def test_line_breaks_and_tabs_are_keys(open_window, desktop) -> None:
    window = open_window("--area", "Notes")
    focus(desktop, window.boxes["Notes"])
    desktop.type("first <\r\nÜ\t2\n\nend")
    assert window.final_text("first <\nÜ\t2\n\nend") == "first <\nÜ\t2\n\nend"


def test_typing_adds_where_the_cursor_is(open_window, desktop) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    for piece in ("ab", "ü", "cd"):
        desktop.type(piece)
    assert window.final_text("abücd") == "abücd"


def test_a_control_character_stops_before_the_first_key(open_window, desktop) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    with pytest.raises(InputError, match="Nothing was typed"):
        desktop.type("abc\x07")
    assert window.received() == []


def test_without_xclip_keys_work_and_the_rest_stops_before_the_first_key(
    open_window, desktop, monkeypatch
) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(PlatformError, match=r"apt install xclip\. Nothing was typed"):
        desktop.type("abc\nÜ")
    assert window.received() == []
    desktop.type("abc")
    assert window.final_text("abc") == "abc"


def test_an_unknown_key_is_one_error(desktop) -> None:
    with pytest.raises(InputError, match="no key 'hyperspace'"):
        desktop.backend.press("ctrl", "hyperspace")
