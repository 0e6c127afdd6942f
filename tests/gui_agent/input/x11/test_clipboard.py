"""The clipboard: what it holds is put back, and a failing xclip is one error."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from gui_agent import TypingError
from gui_agent.input.x11 import clipboard as x11_clipboard
from tests.support.windows import focus

pytestmark = pytest.mark.display

XCLIP = ["xclip", "-selection", "clipboard"]


def copy(content: bytes, *options: str) -> None:
    """Puts something on the clipboard, as another program would."""
    subprocess.run([*XCLIP, "-in", *options], input=content, check=True, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while subprocess.run([*XCLIP, "-out", *options], capture_output=True).stdout != content:
        assert time.monotonic() < deadline, "xclip did not take the clipboard over"
        time.sleep(0.02)


def pasted(*options: str) -> bytes:
    """What another program would get from the clipboard."""
    return subprocess.run([*XCLIP, "-out", *options], check=True, capture_output=True).stdout


def test_the_clipboard_gets_its_text_back(open_window, desktop) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    copy("from before, ä".encode())
    desktop.type("Ü")
    assert window.final_text("Ü") == "Ü"
    assert pasted() == "from before, ä".encode()


def test_the_clipboard_gets_its_image_back(open_window, desktop) -> None:
    image = bytes(range(256)) * 20  # the clipboard does not look into it
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    copy(image, "-target", "image/png")
    desktop.type("Ü")
    assert window.final_text("Ü") == "Ü"
    assert pasted("-target", "image/png") == image


def test_a_text_typed_by_keys_leaves_the_clipboard_alone(open_window, desktop) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    copy(b"untouched")
    desktop.type("plain")
    assert window.final_text("plain") == "plain"
    assert pasted() == b"untouched"


FAILING_XCLIP = """#!/bin/sh
case "$*" in
  *TARGETS*) echo UTF8_STRING;;
  *-out*) echo before;;
  *) exec sleep 60;;
esac
"""


def test_an_xclip_that_cannot_give_back_what_was_there_is_ended(display, tmp_path, monkeypatch) -> None:
    program = tmp_path / "xclip"
    program.write_text(FAILING_XCLIP)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(x11_clipboard, "RETURN_SECONDS", 0.3)
    started, real = [], subprocess.Popen

    def start(*args, **options):
        started.append(real(*args, **options))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", start)
    with x11_clipboard.lend("text"):
        pass
    assert [process.poll() is None for process in started] == [False] * 3  # two to read, one to keep


SLOW_XCLIP = """#!/bin/sh
case "$*" in
  *-in*) exec 3<&0; (sleep 0.7; exec {xclip} "$@" <&3) & ;;
  *) exec {xclip} "$@" ;;
esac
"""


def test_the_clipboard_is_never_empty_on_a_busy_machine(display, tmp_path, monkeypatch) -> None:
    """xclip leaves the taking over to a child, and returns."""
    copy(b"from before")
    program = tmp_path / "xclip"
    program.write_text(SLOW_XCLIP.format(xclip=shutil.which("xclip")))
    program.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        with x11_clipboard.lend("on loan"):
            pass
    assert pasted() == b"from before"


def test_a_text_is_on_offer_until_the_end_of_the_block(display) -> None:
    copy(b"from before")
    with x11_clipboard.lend("on loan, ä") as lent:
        assert not lent.wait_until_taken(timeout=0.1, settle=0.1)  # nobody asked
        assert pasted() == "on loan, ä".encode()
        assert lent.wait_until_taken(timeout=2, settle=0.1)
    assert pasted() == b"from before"


def test_a_window_that_takes_no_text_is_an_error(open_window, desktop) -> None:
    window = open_window("--button", "Only a button")
    copy(b"from before")
    with pytest.raises(TypingError, match="did not take 2 characters pasted"):
        desktop.type("Üß")
    assert pasted() == b"from before"
    assert window.received() == []


def test_a_large_text_arrives_whole(open_window, desktop) -> None:
    window = open_window("--area", "Notes")
    focus(desktop, window.boxes["Notes"])
    text = "Ünal " * 60_000  # several times what fits into one request of X11
    desktop.type(text)
    assert window.final_text(text, seconds=20) == text


HISTORY = [*XCLIP, "-out"]


def test_a_secret_goes_to_the_field_alone_and_not_to_clipboard_histories(open_window, desktop) -> None:
    window = open_window("--field", "Name")
    focus(desktop, window.boxes["Name"])
    copy(b"from before")
    stolen = set()
    with x11_clipboard.lend("hunter2 ü", only_for_target=True) as lent:
        assert subprocess.run(HISTORY, capture_output=True).stdout == b""
        hint = subprocess.run([*HISTORY, "-target", "x-kde-passwordManagerHint"], capture_output=True)
        assert hint.stdout == b"secret"
        assert not lent.wait_until_taken(timeout=0.1, settle=0.1)
    with subprocess.Popen(WATCHER, shell=True, stdout=subprocess.PIPE) as watcher:
        time.sleep(0.3)
        desktop.type("Ü hünter", secret=True)
        assert window.final_text("Ü hünter") == "Ü hünter"
        watcher.terminate()
        stolen.update(watcher.stdout.read().splitlines())
    assert stolen <= {b"from before", b""}
    assert pasted() == b"from before"


WATCHER = "exec 2>/dev/null; while :; do timeout 1 xclip -selection clipboard -out; echo; done"


def test_what_the_user_copies_meanwhile_stays(display) -> None:
    copy(b"from before")
    with x11_clipboard.lend("on loan"):
        copy(b"copied meanwhile")
    assert pasted() == b"copied meanwhile"


LENDING = """
import os, sys, time
from gui_agent.input.x11 import clipboard
with clipboard.lend("the secret"):
    print("lent", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
def test_a_process_that_is_ended_gives_the_clipboard_back(display, number) -> None:
    copy(b"from before")
    with subprocess.Popen([sys.executable, "-c", LENDING], stdout=subprocess.PIPE) as lender:
        assert lender.stdout.readline() == b"lent\n"
        assert pasted() == b"the secret"
        lender.send_signal(number)
    deadline = time.monotonic() + 60
    while subprocess.run(HISTORY, capture_output=True).stdout != b"from before":
        assert time.monotonic() < deadline, "the clipboard did not come back"
        time.sleep(0.05)
