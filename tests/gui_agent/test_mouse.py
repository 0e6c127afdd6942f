"""A button that is held from one action to another, judged by what real windows received."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from gui_agent import ActionBlockedError, Desktop, NotFound, Safety
from molmo_act.errors import InputError
from tests.support.blob_model import BlobFinder
from tests.support.paths import ROOT
from tests.support.windows import Window, click_at

pytestmark = pytest.mark.display

HOSTILE = ROOT / "tests" / "gui_agent" / "hostile_window.py"
RED, GREEN, BLUE = "#e01020", "#10a040", "#1040e0"


def desktop_with(**rules) -> Desktop:
    return Desktop(BlobFinder(), safety=Safety(**rules), timeout=5.0, verify_seconds=0.1)


def events(window: Window) -> list[tuple[str, str]]:
    """Presses and releases; a release is told to the widget that was pressed."""
    received = window.received()
    return [(one["event"], one["name"]) for one in received if one["event"] in ("press", "release")]


@pytest.fixture
def pads(open_window) -> Window:
    options = (f"dead:From={RED}", f"dead:To={BLUE}", "--title", "Mine")
    return open_window(*options, program=HOSTILE)


def is_held(desktop: Desktop) -> bool:
    return desktop.backend.pointed().is_pressed


def test_a_button_goes_down_and_up_at_what_was_hovered(pads) -> None:
    with desktop_with() as desktop:
        desktop.locator(RED).hover()
        desktop.mouse.down()
        assert is_held(desktop)
        desktop.locator(BLUE).hover()
        assert events(pads) == [("press", "From")]
        desktop.mouse.up()
        assert not is_held(desktop)
    assert events(pads) == [("release", "From")]


def test_the_pointer_is_brought_back_before_the_press(pads) -> None:
    desktop = desktop_with(deny_windows=["Bank"])
    desktop.locator(RED).hover()
    desktop.backend.move(1000, 700)  # somebody
    desktop.mouse.down()
    desktop.backend.move(1000, 700)
    desktop.mouse.up()
    assert events(pads) == [("press", "From"), ("release", "From")]


def test_a_window_that_came_gets_neither_press_nor_release(pads, open_window) -> None:
    desktop = desktop_with()
    desktop.locator(RED).hover()
    left, top, _, _ = pads.boxes["From"]
    place = f"300x200+{left - 20}+{top - 40}"
    bank = open_window(f"dead:Pay={GREEN}", "--title", "Bank", "--geometry", place, program=HOSTILE)
    with pytest.raises(ActionBlockedError, match=r"'Bank' has come to that place\. Nothing was done"):
        desktop.mouse.down()
    desktop.locator(GREEN).hover()
    desktop.mouse.down()
    desktop.window("Mine").context.backend.close_window(desktop.window("Bank")._find())
    assert bank.next_event(5)
    desktop.context.clock.sleep(0.3)
    with pytest.raises(ActionBlockedError, match="the release of the held button where it was pressed"):
        desktop.mouse.up()
    assert not is_held(desktop)
    assert [event for event in events(pads) if event[0] == "press"] == []


def test_nothing_else_is_done_meanwhile(pads) -> None:
    desktop = desktop_with()
    desktop.locator(RED).hover()
    desktop.mouse.down()
    for act in (desktop.locator(BLUE).click, lambda: desktop.press("a"), lambda: desktop.type("a")):
        with pytest.raises(InputError, match=r"button is held down since mouse\.down"):
            act()
    with pytest.raises(InputError, match="held down already"):
        desktop.mouse.down("right")
    assert is_held(desktop)
    desktop.close()
    assert not is_held(desktop)
    assert events(pads) == [("press", "From"), ("release", "From")]


def test_a_failure_meanwhile_lets_go(pads) -> None:
    desktop = desktop_with()
    desktop.locator(RED).hover()
    desktop.mouse.down()
    with pytest.raises(NotFound, match="Before that: the release of the held button where it was pressed"):
        desktop.locator("#fefe01").hover(timeout=0)
    assert not is_held(desktop)
    assert desktop.backend.position() == desktop.find(RED).point
    with pytest.raises(InputError, match="no button is held"):
        desktop.mouse.up()
    click_at(desktop.backend, 900, 700)


HOLDING = """
import sys, time
from gui_agent import Desktop
from tests.support.blob_model import BlobFinder
desktop = Desktop(BlobFinder(), timeout=5)
desktop.locator("#e01020").hover()
desktop.mouse.down()
print("held", flush=True)
{then}
"""
ENDS = [
    ("time.sleep(30)", signal.SIGTERM),
    ("time.sleep(30)", signal.SIGINT),
    ("desktop.locator('#fefe01').hover(timeout=30)", signal.SIGHUP),
    ("raise RuntimeError", None),
    ("", None),  # forgotten
]


@pytest.mark.slow
@pytest.mark.parametrize(("then", "number"), ENDS)
def test_a_button_is_let_go_however_the_program_ends(pads, then, number) -> None:
    command = [sys.executable, "-c", HOLDING.format(then=then)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"held\n"
        if number is not None:
            process.send_signal(number)
        process.wait(60)
    assert (process.returncode == 0) == (then == "")
    assert not is_held(desktop_with())
    assert events(pads) == [("press", "From"), ("release", "From")]
