"""Where text and keys go, judged by what real windows received."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gui_agent import ActionBlockedError, Area, DesktopError, TypingError
from tests.gui_agent.hostile.scene import (
    POINTER,
    RED,
    desktop_with,
    events,
    wait_for,
)
from tests.support.windows import click_at, middle

pytestmark = [pytest.mark.display, pytest.mark.slow]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("x" * 3000, False),
        ("x" * 3000, True),
        ("correct horse Ü battery " * 120, True),  # of which the Ü are pasted, where no key gives them
    ],
)
def test_a_popup_that_takes_the_keyboard_gets_no_text(open_hostile, text, secret) -> None:
    form = open_hostile("--field", "Name", "--title", "Form")
    popup = open_hostile("--field", "Chat", "--title", "Popup", "--geometry", "300x100+700+400", "--hidden")
    desktop = desktop_with()
    left, top, width, height = form.boxes["Name"]
    field = desktop.locator("#ffffff", region=Area(left - 2, top - 2, width + 4, height + 4)).first
    seen: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            event = form.next_event(0.05)
            if event and event["event"] == "text":
                seen.append(event["text"])
                if len(seen) == 5:
                    popup.tell("show")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        with pytest.raises(TypingError, match="'Popup' has the keyboard now") as raised:
            field.fill(text, secret=secret)
    finally:
        stop.set()
        watcher.join()
    seen += [one["text"] for one in events(form, "text")]
    assert events(popup, "text", "key") == []
    arrived = seen[-1]
    assert text.startswith(arrived)
    assert f"{len(arrived)} of {len(text)} characters" in str(raised.value)


@pytest.mark.parametrize(
    "chord", ["alt+tab", "Alt+Tab", "ctrl+q", "Control_L+W", "delete", "super", "alt+F4"]
)
def test_keys_that_close_delete_or_switch_need_consent(open_hostile, chord) -> None:
    mine = open_hostile("--field", "Name", "--title", "Mine")
    desktop = desktop_with()
    click_at(desktop.backend, *middle(mine, "Name"))
    for act in (lambda: desktop.press(chord), lambda: desktop.locator("#ffffff").press(chord)):
        with pytest.raises(ActionBlockedError, match="may delete, close or leave something"):
            act()
    assert events(mine, "key") == []
    with pytest.raises(ActionBlockedError, match="one of deny_keys"):
        desktop_with(deny_keys=["enter"]).press("Return")
    with pytest.raises(ActionBlockedError, match="none of allow_keys"):
        desktop_with(allow_keys=["ctrl+*"]).press("Return")
    desktop_with(allow_keys=["enter"]).press("Return")
    assert [one["key"] for one in events(mine, "key")] == ["Return"]


@contextmanager
def held(key: str) -> Iterator[None]:
    subprocess.run(["xdotool", "keydown", key], check=True)
    try:
        yield
    finally:
        subprocess.run(["xdotool", "keyup", key], check=True)


@pytest.mark.parametrize("key", ["shift", "ctrl", "alt"])
def test_a_modifier_that_somebody_holds_changes_nothing(open_hostile, key) -> None:
    mine = open_hostile("--field", "Name", f"dead:Save={RED}", "--title", "Mine")
    desktop = desktop_with()
    click_at(desktop.backend, *middle(mine, "Name"))
    with held(key):
        for act in (lambda: desktop.type("abc"), lambda: desktop.press("a"), lambda: desktop.click(RED)):
            with pytest.raises(DesktopError, match="Somebody holds"):
                act()
    assert events(mine, "text", *POINTER) == []
    release = threading.Timer(0.5, lambda: subprocess.run(["xdotool", "keyup", key], check=True))
    with held(key):
        release.start()
        desktop.type("abc")  # waits for it
    assert mine.final_text("abc") == "abc"


@pytest.mark.parametrize("layout", ["de", "fr"])
def test_a_terminal_gets_what_has_a_key_on_any_keyboard(display, tmp_path, layout) -> None:
    if shutil.which("xterm") is None:
        pytest.skip("needs xterm: apt install xterm")
    written = tmp_path / "written"
    command = ["xterm", "-geometry", "60x10+100+100", "-e", "sh", "-c", f"cat > {written}"]
    desktop = desktop_with()
    subprocess.run(["setxkbmap", layout], check=True)
    try:
        with subprocess.Popen(command) as terminal:
            try:
                wait_for(lambda: any(window.title == "sh" for window in desktop.backend.windows()))
                click_at(desktop.backend, 300, 180)
                with pytest.raises(TypingError, match=r"gives 1 of the characters.*Nothing was typed"):
                    desktop.type("no \u2260")  # Ctrl+V would make the shell take the next key literally
                desktop.type("mail me@home.de {[|]} \\~ <> 09 MN\n")
                wait_for(lambda: written.exists() and written.read_text())
            finally:
                terminal.terminate()
    finally:
        subprocess.run(["setxkbmap", "us"], check=True)
    assert written.read_text() == "mail me@home.de {[|]} \\~ <> 09 MN\n"
