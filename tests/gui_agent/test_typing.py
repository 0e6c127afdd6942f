"""Texts typed into real fields, judged by what the fields hold afterwards and by the clipboard."""

from __future__ import annotations

import os
import string
import subprocess
import time
from collections.abc import Iterator

import pytest

from gui_agent import Desktop, NotTyped, x11_clipboard
from molmo_act.errors import InputError, PlatformError

pytestmark = pytest.mark.display

PRINTABLE = "".join(sorted(set(string.printable) - set(string.whitespace))) + " "
XCLIP = ["xclip", "-selection", "clipboard"]


@pytest.fixture
def desk(display, colour_finder) -> Desktop:
    return Desktop(colour_finder)


def focus(desk: Desktop, box: list[int]) -> None:
    left, top, width, height = box
    desk.backend.move(left + width // 2, top + height // 2)
    desk.backend.click()


def copy(content: bytes, *options: str) -> None:
    """Puts something on the clipboard, as another program would."""
    subprocess.run([*XCLIP, "-in", *options], input=content, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 5
    while subprocess.run([*XCLIP, "-out", *options], capture_output=True).stdout != content:
        assert time.monotonic() < deadline, "xclip did not take the clipboard over"
        time.sleep(0.02)


def pasted(*options: str) -> bytes:
    """What another program would get from the clipboard."""
    return subprocess.run([*XCLIP, "-out", *options], check=True, capture_output=True).stdout


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
def test_every_character_arrives(open_window, desk, text) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    desk.type(text)
    assert window.final_text(text) == text


def test_line_breaks_and_tabs_are_keys(open_window, desk) -> None:
    window = open_window("--area", "Notes")
    focus(desk, window.boxes["Notes"])
    desk.type("first <\r\nÜ\t2\n\nend")
    assert window.final_text("first <\nÜ\t2\n\nend") == "first <\nÜ\t2\n\nend"


def test_keys_do_not_overtake_the_click_before_them(open_window, desk) -> None:
    first = open_window("--field", "First", "--geometry", "300x120+80+80")
    second = open_window("--field", "Second", "--geometry", "300x120+760+480")
    typed = ""
    for key in "abcdefgh":
        typed += key
        for window, name in ((first, "First"), (second, "Second")):
            focus(desk, window.boxes[name])
            desk.type(key)
            assert window.final_text(typed) == typed


def test_typing_adds_where_the_cursor_is(open_window, desk) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    for piece in ("ab", "ü", "cd"):
        desk.type(piece)
    assert window.final_text("abücd") == "abücd"


@pytest.fixture
def keyboard(display) -> Iterator[None]:
    """Puts the keyboard back as it was."""
    yield
    subprocess.run(["setxkbmap", "us"], check=True)


@pytest.mark.parametrize("layout", ["de", "fr", "us(dvorak)"])
def test_another_keyboard_layout(open_window, desk, keyboard, layout) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    subprocess.run(["setxkbmap", layout], check=True)
    desk.type("Yazyz@1<q")
    assert window.final_text("Yazyz@1<q") == "Yazyz@1<q"


def test_caps_lock_changes_nothing(open_window, desk) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    subprocess.run(["xdotool", "key", "Caps_Lock"], check=True)
    try:
        desk.type("aBc")
        assert window.final_text("aBc") == "aBc"
    finally:
        subprocess.run(["xdotool", "key", "Caps_Lock"], check=True)


def test_the_clipboard_gets_its_text_back(open_window, desk) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    copy("from before, ä".encode())
    desk.type("Ü")
    assert window.final_text("Ü") == "Ü"
    assert pasted() == "from before, ä".encode()


def test_the_clipboard_gets_its_picture_back(open_window, desk) -> None:
    picture = bytes(range(256)) * 20  # the clipboard does not look into it
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    copy(picture, "-target", "image/png")
    desk.type("Ü")
    assert window.final_text("Ü") == "Ü"
    assert pasted("-target", "image/png") == picture


def test_a_text_typed_by_keys_leaves_the_clipboard_alone(open_window, desk) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    copy(b"untouched")
    desk.type("plain")
    assert window.final_text("plain") == "plain"
    assert pasted() == b"untouched"


def test_a_window_that_takes_no_text_is_an_error(open_window, desk) -> None:
    window = open_window("--button", "Only a button")
    copy(b"from before")
    with pytest.raises(NotTyped, match="did not take 2 characters pasted"):
        desk.type("Üß")
    assert pasted() == b"from before"
    assert window.next_event(seconds=0.3) is None


def test_a_control_character_stops_before_the_first_key(open_window, desk) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    with pytest.raises(InputError, match="Nothing was typed"):
        desk.type("abc\x07")
    assert window.next_event(seconds=0.3) is None


def test_without_xclip_keys_work_and_the_rest_stops_before_the_first_key(
    open_window, desk, monkeypatch
) -> None:
    window = open_window("--field", "Name")
    focus(desk, window.boxes["Name"])
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(PlatformError, match=r"apt install xclip\. Nothing was typed"):
        desk.type("abc\nÜ")
    assert window.next_event(seconds=0.3) is None
    desk.type("abc")
    assert window.final_text("abc") == "abc"


def test_an_unknown_key_is_one_error(desk) -> None:
    with pytest.raises(InputError, match="no key 'hyperspace'"):
        desk.backend.press("ctrl", "hyperspace")


FAILING_XCLIP = """#!/bin/sh
case "$*" in
  *TARGETS*) echo UTF8_STRING;;
  *-out*) echo before;;
  *-verbose*) {offer};;
  *) {restore};;
esac
"""


@pytest.fixture
def failing_xclip(tmp_path, monkeypatch):
    """Puts an xclip in place that does as it is told where it should offer a text, and give one back."""

    def install(offer: str, restore: str = "exit 0") -> None:
        program = tmp_path / "xclip"
        program.write_text(FAILING_XCLIP.format(offer=offer, restore=restore))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return install


def test_an_xclip_that_ends_at_once_is_one_error(failing_xclip) -> None:
    failing_xclip("exit 1")
    more_than_a_pipe_holds = "€" * 100_000
    with (
        pytest.raises(PlatformError, match="xclip could not take the clipboard over"),
        x11_clipboard.lend(more_than_a_pipe_holds),
    ):
        pytest.fail("the text is on offer")


def test_an_xclip_that_cannot_give_back_what_was_there_is_left_behind(failing_xclip, monkeypatch) -> None:
    failing_xclip("echo 'Waiting for selection request number 1' >&2; exec sleep 60", restore="exec sleep 60")
    started, real = [], subprocess.Popen

    def start(*args, **options):
        started.append(real(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    with x11_clipboard.lend("text"):
        pass
    assert [process.poll() is None for process in started] == [
        False
    ] * 4  # two to read, then offer and restore
